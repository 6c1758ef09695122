"""Refuse to delete devices that are connected, unless they are named."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from fleetsync.diff.change import Action, Change
from fleetsync.model import DeviceKey, Kind
from fleetsync.plan.limits import Refusal, RefusalCode, some_names
from fleetsync.plan.plan import Plan


class Presence(NamedTuple):
    """Which of some devices are connected; or why nobody knows (``unknown``).

    ``calls`` is what it took to find out.
    """

    connected: frozenset[DeviceKey] = frozenset()
    unknown: str = ""
    calls: int = 0


def deleted_devices(plan: Plan) -> list[Change]:
    """Give the deletes of devices that a plan holds."""
    return [c for c in plan.changes if (c.kind, c.action) == (Kind.DEVICE, Action.DELETE)]


def with_presence(plan: Plan, presence: Presence, named: Collection[DeviceKey]) -> Plan:
    """Refuse the deletes of connected devices that nobody named; unknown is not taken for offline.

    What is unknown is told as a warning: an org without this call would else never be pruned.
    """
    refusals, warnings = [*plan.refusals], [*plan.warnings]
    on = [change for change in deleted_devices(plan) if change.key in presence.connected]
    refused = [change.name for change in on if change.key not in named]
    if refused:
        refusals.append(_refusal(refused))
    if len(refused) < len(on):
        names = [change.name for change in on if change.key in named]
        warnings.append(f"connected now, and named to be deleted all the same: {some_names(names)}")
    if presence.unknown:
        warnings.append(
            "which of the devices to delete are connected now is unknown, so none of them is"
            f" spared for it: {presence.unknown}"
        )
    cost = plan.cost._replace(read=plan.cost.read + presence.calls)
    return plan._replace(refusals=tuple(refusals), warnings=tuple(warnings), cost=cost)


def _refusal(names: list[str]) -> Refusal:
    options = " ".join(f"--allow-delete-connected {name}" for name in names[:1])
    words = (
        f"connected now, so not deleted unless named: {some_names(names)}. Take them out of"
        f" service first; or, if that is meant, apply with {options}"
    )
    return Refusal(RefusalCode.CONNECTED, words)
