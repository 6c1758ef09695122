"""Weigh what a plan deletes, and refuse what nobody can have meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from fleetsync.diff.change import Action, Change
from fleetsync.diff.fleet import FleetDiff
from fleetsync.model import DesiredFleet, DeviceType, LiveDeviceType, LiveFleet
from fleetsync.model.mark import parse_mark

_NAMED = 5
"""How many names a message gives before it only counts."""


class Limits(NamedTuple):
    """A plan is refused that deletes more than both: a share of the live devices, and a number.

    ``command`` is the one that carries such a plan out, for messages.
    """

    delete_percent: float = 10
    delete_count: int = 3
    command: str = "apply"


class RefusalCode(StrEnum):
    """Why a plan is refused."""

    DELETE_LIMIT = "deleteLimit"
    WHOLE_TYPE = "wholeType"
    PROTECTED = "protected"
    CLASS_CHANGE = "classChange"
    POLICY = "policy"
    CONNECTED = "connected"


class Refusal(NamedTuple):
    """One reason not to apply a plan.

    ``deletes`` is what ``--allow-deletes`` must grant to lift it; None: nothing lifts it.
    """

    code: RefusalCode
    message: str
    deletes: int | None = None

    def stands(self, allowed_deletes: int) -> bool:
        """Tell whether the refusal stays in spite of the deletes that were granted."""
        return self.deletes is None or self.deletes > allowed_deletes


def find_refusals(
    diff: FleetDiff, *, desired: DesiredFleet, live: LiveFleet, limits: Limits
) -> tuple[Refusal, ...]:
    """List every reason not to apply these changes."""
    deletes = [change for change in diff.changes if change.action is Action.DELETE]
    devices = [change for change in deletes if change.device_id is not None]
    return (
        *_too_many(devices, live, limits),
        *_whole_types(devices, desired, live, limits),
        *_protected(deletes, live),
        *(_class_change(declared, found) for declared, found in diff.other_classes),
    )


def _too_many(devices: Sequence[Change], live: LiveFleet, limits: Limits) -> list[Refusal]:
    managed = sum(map(len, live.devices.values()))
    count = len(devices)
    if count <= limits.delete_count or count * 100 <= limits.delete_percent * managed:
        return []
    words = (
        f"the plan deletes {count} of {managed} devices ({count * 100 / managed:.3g} %), more than"
        f" the limits of {limits.delete_percent:g} % and {limits.delete_count}."
        f" If that is meant, {limits.command} with --allow-deletes {count}"
    )
    return [Refusal(RefusalCode.DELETE_LIMIT, words, count)]


def _whole_types(
    devices: Sequence[Change], desired: DesiredFleet, live: LiveFleet, limits: Limits
) -> list[Refusal]:
    per_type = Counter(change.type_id for change in devices)
    whole = [
        type_id
        for type_id, count in per_type.items()
        if type_id not in desired.removed_types and count == len(live.devices[type_id])
    ]
    return [
        Refusal(
            RefusalCode.WHOLE_TYPE,
            f"the plan deletes every live device of type {type_id} ({per_type[type_id]})."
            f" If that is meant, {limits.command} with --allow-deletes {len(devices)}",
            len(devices),
        )
        for type_id in sorted(whole)
    ]


def _protected(deletes: Sequence[Change], live: LiveFleet) -> list[Refusal]:
    marked = {name for name, found in live.types.items() if parse_mark(name, found.mark).protect}
    names = sorted(
        change.name for change in deletes if change.type_id in marked or _is_protected(change)
    )
    if not names:
        return []
    words = (
        f"protected by lifecycle.protect, so never deleted: {some_names(names)}."
        " Declare them again, or apply protect: false first"
    )
    return [Refusal(RefusalCode.PROTECTED, words)]


def _is_protected(change: Change) -> bool:
    template = change.template
    if template is not None and template.lifecycle.protect:
        return True
    return change.before is not None and parse_mark(change.name, change.before.mark).protect


def _class_change(declared: DeviceType, found: LiveDeviceType) -> Refusal:
    words = (
        f"type {declared.type_id} is a {found.class_id} in the org and a {declared.class_id} in"
        f" {declared.source.file}:{declared.source.line}; the platform cannot change classId."
        " Declare a type with a new id and move its devices there, or put the old id under"
        " removedDeviceTypes and apply (its devices and their tokens go), then declare it anew"
    )
    return Refusal(RefusalCode.CLASS_CHANGE, words)


def some_names(names: Sequence[str]) -> str:
    """Name a few, and count the rest."""
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def count_by_action(changes: Sequence[Change]) -> Mapping[tuple[str, str], int]:
    """Count changes by kind and action."""
    return Counter((change.kind.value, change.action.value) for change in changes)
