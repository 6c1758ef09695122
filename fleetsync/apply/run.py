"""Walk through the stages of a plan and give every change exactly one end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from fleetsync.apply.attempt import is_over, not_begun
from fleetsync.apply.create import create_devices
from fleetsync.apply.delete import delete_devices, delete_types
from fleetsync.apply.device_type import create_types, update_types
from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome
from fleetsync.apply.update import update_devices
from fleetsync.diff.change import Action, Change
from fleetsync.errors import FleetsyncError
from fleetsync.model import Kind
from fleetsync.plan import Plan

Step = Callable[[Sequence[Change], Hands], Iterator[Outcome]]

_STEPS: dict[tuple[Kind, Action], Step] = {
    (Kind.DEVICE_TYPE, Action.CREATE): create_types,
    (Kind.DEVICE_TYPE, Action.UPDATE): update_types,
    (Kind.DEVICE, Action.CREATE): create_devices,
    (Kind.DEVICE, Action.UPDATE): update_devices,
    (Kind.DEVICE, Action.DELETE): delete_devices,
    (Kind.DEVICE_TYPE, Action.DELETE): delete_types,
}


def apply_plan(plan: Plan, hands: Hands) -> Iterator[Outcome]:
    """Carry out a plan; the outcomes come as they happen, one for each change and record.

    An error that ends all work is kept in ``hands.fatal``; what was not begun is reported so.
    """
    for stage, group in groupby(plan.changes, key=lambda change: (change.kind, change.action)):
        yield from _run(_STEPS[stage], list(group), hands)
    if plan.records:
        yield from _run(update_devices, list(plan.records), hands)


def _run(step: Step, changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Take one step; changes of one stage differ in their names."""
    ended: set[str] = set()
    for outcome in _until_error(step, changes, hands):
        ended.add(outcome.change.name)
        yield outcome
    for change in changes:
        if change.name not in ended:
            yield not_begun(change, hands)


def _until_error(step: Step, changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    if is_over(hands):
        return
    try:
        yield from step(changes, hands)
    except FleetsyncError as error:
        hands.fatal = hands.fatal or error
