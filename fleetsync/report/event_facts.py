"""Say of plans, stages and outcomes what events tell of them."""

from __future__ import annotations

from typing import NamedTuple

from fleetsync.apply.outcome import Outcome
from fleetsync.model import Kind
from fleetsync.plan import STAGES, Plan
from fleetsync.plan.document import plan_head
from fleetsync.plan.policy import policy_document
from fleetsync.report.event import Facts
from fleetsync.report.outcome import Report, outcome_document, report_head

_NOT_TOLD = ("formatVersion", "createdAt", "manifestDigest")


class Stage(NamedTuple):
    """So many changes of one kind and action; ``records`` are locations that are only noted."""

    kind: str
    action: str
    total: int
    records: bool = False


def stages_of(plan: Plan) -> list[Stage]:
    """Give what an apply does, in its order."""
    counts = plan.counts
    stages = [Stage(k.value, a.value, counts.get((k.value, a.value), 0)) for k, a in STAGES]
    records = Stage(Kind.DEVICE.value, "update", len(plan.records), records=True)
    return [stage for stage in (*stages, records) if stage.total]


def plan_facts(plan: Plan) -> Facts:
    """Tell of a plan all but its changes."""
    head = {name: value for name, value in plan_head(plan).items() if name not in _NOT_TOLD}
    policies: Facts = (
        {"policies": list(map(policy_document, plan.policies))} if plan.policies else {}
    )
    return {
        **head,
        "records": len(plan.records),
        "withheld": plan.withheld,
        "refusals": [refusal._asdict() for refusal in plan.refusals],
        "warnings": list(plan.warnings),
        **policies,
    }


def outcome_facts(outcome: Outcome) -> Facts:
    """Tell what became of a change."""
    return outcome_document(outcome)


def report_facts(report: Report) -> Facts:
    """Tell what became of a plan, in numbers."""
    head = {name: value for name, value in report_head(report).items() if name not in _NOT_TOLD}
    return {**head, "incomplete": report.incomplete}
