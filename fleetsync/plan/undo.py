"""Make the plan that takes a run back: like every plan, but from the run's journal."""

from __future__ import annotations

from hashlib import sha256

from fleetsync.diff.change import Action
from fleetsync.diff.fleet import FleetDiff
from fleetsync.diff.revert import FROM_JOURNAL
from fleetsync.diff.undo import diff_undo
from fleetsync.diff.undo_case import NOTHING_SINCE, Since
from fleetsync.journal.run import Run
from fleetsync.model import DesiredFleet, Kind, LiveFleet, Source
from fleetsync.model.value import EMPTY
from fleetsync.plan.plan import Plan, PlanRules, plan_of


def make_undo_plan(
    run: Run, live: LiveFleet, *, rules: PlanRules, created_at: str, since: Since = NOTHING_SINCE
) -> Plan:
    """Say what takes ``run`` back, weighed by the same limits as every plan.

    No manifest has a say in it: where other
    plans hold the manifests' digest, this one holds a digest that names the run. It knows but some
    of the org, so it counts nothing as unmanaged.
    """
    undo = diff_undo(run, live, since)
    part = live._replace(unmanaged_types=0, unmanaged_devices=0)
    plan = plan_of(
        undo.diff,
        desired=DesiredFleet(EMPTY, EMPTY, _whole_types(undo.diff), _digest(run)),
        live=part,
        rules=rules._replace(limits=rules.limits._replace(command="undo")),
        created_at=created_at,
    )
    sizes = None if live.sizes is None else live.sizes._replace(at=created_at)
    warnings = (*plan.warnings, *undo.warnings)
    return plan._replace(warnings=warnings, sizes=sizes, undoes=run.head.run)


def _whole_types(diff: FleetDiff) -> dict[str, Source]:
    """Name the types that go themselves, so that it is no wonder that all their devices do."""
    gone = [c for c in diff.changes if c.kind is Kind.DEVICE_TYPE and c.action is Action.DELETE]
    return {change.type_id: FROM_JOURNAL for change in gone}


def _digest(run: Run) -> str:
    return f"sha256:{sha256(f'undo {run.head.run}'.encode()).hexdigest()}"
