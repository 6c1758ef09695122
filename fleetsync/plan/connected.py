"""Refuse to delete devices that are connected, unless they are named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from fleetsync.diff.change import Action, Change
from fleetsync.model import DeviceKey, Kind
from fleetsync.model.presence import UNKNOWN, Presence, PresenceState
from fleetsync.plan.limits import Refusal, RefusalCode, some_names
from fleetsync.plan.plan import Plan

_TOLD = 3
"""So many options are written out."""


class Sightings(NamedTuple):
    """What was found of the devices that a plan deletes; one that is missing is UNKNOWN.

    ``untold`` says why the org does not tell at all. ``calls`` is what it took to find out,
    ``again`` what it takes apply to look once more.
    """

    of: Mapping[DeviceKey, Presence]
    untold: str = ""
    calls: int = 0
    again: int = 0


def deleted_devices(plan: Plan) -> list[Change]:
    """Give the deletes of devices that a plan holds."""
    return [change for change in plan.changes if _deletes_device(change)]


def with_sightings(plan: Plan, found: Sightings, named: Collection[DeviceKey]) -> Plan:
    """Say of each delete whether the device is connected; refuse those that are and nobody named.

    What is unknown is not taken for offline, and told as a warning: an org without this call would
    else never be pruned.
    """
    changes = tuple(
        change._replace(presence=found.of.get(change.key, UNKNOWN))
        if _deletes_device(change)
        else change
        for change in plan.changes
    )
    plan = plan._replace(changes=changes)
    by_state: dict[PresenceState, list[Change]] = {}
    for change in deleted_devices(plan):
        if change.presence is not None:
            by_state.setdefault(change.presence.state, []).append(change)
    connected = by_state.get(PresenceState.CONNECTED, [])
    refused = [change.name for change in connected if change.key not in named]
    return plan._replace(
        refusals=(*plan.refusals, *([_refusal(refused, plan)] if refused else [])),
        warnings=(*plan.warnings, *_warnings(by_state, found.untold, named)),
        cost=plan.cost._replace(
            read=plan.cost.read + found.calls, look=plan.cost.look + found.again
        ),
    )


def _deletes_device(change: Change) -> bool:
    return (change.kind, change.action) == (Kind.DEVICE, Action.DELETE)


def _warnings(
    by_state: Mapping[PresenceState, list[Change]], untold: str, named: Collection[DeviceKey]
) -> list[str]:
    warnings = []
    meant = [each.name for each in by_state.get(PresenceState.CONNECTED, ()) if each.key in named]
    if meant:
        warnings.append(f"connected now, and named to be deleted all the same: {some_names(meant)}")
    unknown = [change.name for change in by_state.get(PresenceState.UNKNOWN, ())]
    if untold:
        warnings.append(
            "which of the devices to delete are connected now is unknown, so none of them is"
            f" spared for it: {untold}"
        )
    elif unknown:
        warnings.append(
            "the org does not tell of all devices to delete whether they are connected: apply asks"
            f" again, and leaves alone whom it cannot be sure of: {some_names(unknown)}"
        )
    return warnings


def _refusal(names: list[str], plan: Plan) -> Refusal:
    command = "apply" if plan.undoes is None else "undo"
    options = " ".join(f"--allow-delete-connected {name}" for name in names[:_TOLD])
    words = (
        f"connected now, so not deleted unless named: {some_names(names)}. Take them out of service"
        f" first; or, if that is meant, {command} with {options}"
    )
    if len(names) > _TOLD:
        words += " and so on"
    return Refusal(RefusalCode.CONNECTED, words)
