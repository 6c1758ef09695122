"""Make the plan: a value that is shown, saved or applied, and never looks anything up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fleetsync.diff.change import Action, Change
from fleetsync.diff.fleet import FleetDiff, diff_fleets
from fleetsync.diff.prune import Spared
from fleetsync.model import DesiredFleet, Device, Kind, LiveFleet, Sizes
from fleetsync.plan.cost import Cost, apply_cost
from fleetsync.plan.digest import plan_digest
from fleetsync.plan.limits import Limits, Refusal, count_by_action, find_refusals
from fleetsync.plan.policy import PolicyOutcome, policy_refusals

STAGES = (
    (Kind.DEVICE_TYPE, Action.CREATE),
    (Kind.DEVICE_TYPE, Action.UPDATE),
    (Kind.DEVICE, Action.CREATE),
    (Kind.DEVICE, Action.UPDATE),
    (Kind.DEVICE, Action.DELETE),
    (Kind.DEVICE_TYPE, Action.DELETE),
)
"""The order of work: types before their devices, devices gone before their type (page 11.2)."""


class PlanRules(NamedTuple):
    """What of fleet.yaml steers planning."""

    fleet: str
    prune: bool = True
    limits: Limits = Limits()
    calls_per_second: int = 8


class Unmanaged(NamedTuple):
    """Types and devices that no manifest speaks of: counted, never touched."""

    types: int
    devices: int


class Plan(NamedTuple):
    """All that an apply would do, and what speaks against it.

    ``changes`` stand in the order of work. ``records`` are devices on which apply will only note
    that their location is the declared one. ``withheld`` counts the deletes that wait for a listing
    that is provably whole. ``created_at`` is a UTC time stamp, ISO 8601. ``sizes`` says how large
    the lists were, None if that is not proven; no form of the plan shows it. ``undoes`` names the
    run that the plan takes back, if it does. ``policies`` is what those of fleet.yaml say to it, as
    soon as they were asked.
    """

    fleet: str
    org: str
    created_at: str
    manifest_digest: str
    digest: str
    changes: tuple[Change, ...]
    records: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    warnings: tuple[str, ...]
    unmanaged: Unmanaged
    withheld: int
    cost: Cost
    calls_per_second: int
    sizes: Sizes | None = None
    undoes: str | None = None
    policies: tuple[PolicyOutcome, ...] = ()

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """Count the changes by (kind, action)."""
        return count_by_action(self.changes)

    @property
    def empty(self) -> bool:
        """Tell whether the org is as the manifests say."""
        return not (self.changes or self.refusals or self.withheld)

    @property
    def idle(self) -> bool:
        """Tell whether an apply has nothing to do, be it that nothing may be done."""
        return not (self.changes or self.refusals or self.records)


def make_plan(*, desired: DesiredFleet, live: LiveFleet, rules: PlanRules, created_at: str) -> Plan:
    """Compare, order, weigh and cost; pure: the same values give the same plan."""
    diff = diff_fleets(desired=desired, live=live, prune=rules.prune)
    return plan_of(diff, desired=desired, live=live, rules=rules, created_at=created_at)


def plan_of(
    diff: FleetDiff, *, desired: DesiredFleet, live: LiveFleet, rules: PlanRules, created_at: str
) -> Plan:
    """Order, weigh and cost what was found, however it was."""
    changes = tuple(sorted(diff.changes, key=_work_order))
    return Plan(
        fleet=rules.fleet,
        org=live.org,
        created_at=created_at,
        manifest_digest=desired.digest,
        digest=plan_digest(changes),
        changes=changes,
        records=tuple(diff.records),
        refusals=find_refusals(diff, desired=desired, live=live, limits=rules.limits),
        warnings=tuple(_warnings(diff, desired, live)),
        unmanaged=_count_unmanaged(diff, live),
        withheld=diff.withheld,
        cost=apply_cost(live.reads, changes, diff.records),
        calls_per_second=rules.calls_per_second,
        sizes=None if live.sizes is None else live.sizes._replace(at=created_at),
    )


def with_policies(plan: Plan, outcomes: Sequence[PolicyOutcome]) -> Plan:
    """Add what the policies say, and refuse the plan where one of severity error is not kept."""
    refusals = (*plan.refusals, *policy_refusals(outcomes))
    return plan._replace(policies=tuple(outcomes), refusals=refusals)


def _work_order(change: Change) -> tuple[int, bool, str, str]:
    """Sort by stage; gateways before the devices behind them, and after them when they go."""
    stage = STAGES.index((change.kind, change.action))
    last = change.gateway == (change.action is Action.DELETE)
    return stage, last, change.type_id, change.device_id or ""


def _count_unmanaged(diff: FleetDiff, live: LiveFleet) -> Unmanaged:
    spared = sum(diff.spared.values())
    return Unmanaged(live.unmanaged_types, live.unmanaged_devices + spared)


def _warnings(diff: FleetDiff, desired: DesiredFleet, live: LiveFleet) -> list[str]:
    warnings = [f"nothing is deleted: {doubt}" for doubt in live.doubts]
    if diff.withheld:
        warnings.append(
            f"{diff.withheld} {'delete is' if diff.withheld == 1 else 'deletes are'} withheld until"
            " a listing is provably whole; run again"
        )
    for spared, count in diff.spared.items():
        if spared is not Spared.PRUNE_OFF:
            warnings.append(f"{count} undeclared {_devices(count)} kept: {spared.value}")
    warnings += [_kept_words(name, field.path) for name, field in diff.kept[:10]]
    if len(diff.kept) > 10:
        warnings.append(f"{len(diff.kept) - 10} more fields that the platform did not change")
    warnings += _template_warnings(diff, desired, live)
    return warnings


def _kept_words(name: str, path: str) -> str:
    return f"{name}: the platform did not honour the change of {path} when it was applied; left so"


def _template_warnings(diff: FleetDiff, desired: DesiredFleet, live: LiveFleet) -> list[str]:
    """Say that a changed template does not reach devices that exist (platform page 3.6)."""
    return [
        f"type {change.type_id}: {count} existing {_devices(count)}"
        f" {'keeps' if count == 1 else 'keep'} the old values;"
        " lifecycle.propagate: true would change them as well"
        for change in diff.changes
        if (count := _count_left(change, desired, live))
    ]


def _count_left(change: Change, desired: DesiredFleet, live: LiveFleet) -> int:
    """Count the declared devices that exist and take what changes from their type alone."""
    template = change.after
    if change.kind is not Kind.DEVICE_TYPE or change.action is not Action.UPDATE:
        return 0
    if template is None or template.lifecycle.propagate:
        return 0
    listed = live.devices.get(change.type_id, {})
    devices = desired.devices.get(change.type_id, {}).items()
    return sum(name in listed and _leaves_open(device, change) for name, device in devices)


def _leaves_open(device: Device, change: Change) -> bool:
    for field in change.fields:
        section, _, name = field.path.partition(".")
        if section.startswith("metadata") and device.metadata is None:
            return True
        if section == "deviceInfo" and name not in device.device_info:
            return True
    return False


def _devices(count: int) -> str:
    return "device" if count == 1 else "devices"
