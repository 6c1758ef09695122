"""Tell of plans and of what becomes of their changes, as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from fleetsync.apply.outcome import Outcome
from fleetsync.cli.events import is_heard, tell_event
from fleetsync.plan import Plan
from fleetsync.plan.document import change_document
from fleetsync.report.event import Facts
from fleetsync.report.event_facts import (
    Stage,
    outcome_facts,
    plan_facts,
    report_facts,
    stages_of,
)
from fleetsync.report.outcome import Report


def tell_plan(made: Plan, *, changes: bool = False) -> None:
    """Tell a plan, and each of its changes where it is all that comes of the command."""
    if not is_heard():
        return
    tell_event("plan", plan_facts(made))
    if changes:
        for change in made.changes:
            tell_event("change", {"change": change_document(change)})


def tell_report(report: Report) -> None:
    """Tell what became of a plan."""
    if is_heard():
        tell_event("report", report_facts(report))


def telling(outcomes: Iterator[Outcome], made: Plan, calls: Callable[[], int]) -> Iterator[Outcome]:
    """Hand outcomes on; tell of each as it comes, and of a stage before anything in it is done.

    ``calls`` gives how many requests were sent so far.
    """
    done, total = 0, len(made.changes) + len(made.records)
    for stage in stages_of(made):
        tell_event("stage", stage._asdict())
        for outcome in islice(outcomes, stage.total):
            done += 1
            if is_heard():
                tell_event("outcome", _outcome(outcome, stage, done, total, calls()))
            yield outcome


def _outcome(outcome: Outcome, stage: Stage, done: int, total: int, calls: int) -> Facts:
    so_far = {"record": stage.records, "done": done, "total": total, "calls": calls}
    return {**outcome_facts(outcome), **so_far}
