"""Walk through the stages of a plan and give every change exactly one end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from fleetsync.apply.create import create_devices
from fleetsync.apply.delete import delete_devices, delete_types
from fleetsync.apply.device_type import create_types, update_types
from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, not_tried
from fleetsync.apply.update import update_devices
from fleetsync.diff.change import Action, Change
from fleetsync.errors import (
    CredentialsError,
    FleetsyncError,
    InterruptedRunError,
    SecretsError,
    UnreachableError,
)
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

_ENDS_ALL = (CredentialsError, UnreachableError, SecretsError, InterruptedRunError)
"""Errors after which no further request can succeed."""


def apply_plan(plan: Plan, hands: Hands) -> Iterator[Outcome]:
    """Carry out a plan; the outcomes come as they happen, one for each change and record.

    An error that ends all work is kept in ``hands.fatal``; what was not begun is reported so.
    """
    for stage, group in groupby(plan.changes, key=lambda change: (change.kind, change.action)):
        yield from _run(_STEPS[stage], list(group), hands)
    if plan.records:
        yield from _run(update_devices, list(plan.records), hands)


def _run(step: Step, changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    ended: set[str] = set()
    for outcome in _until_fatal(step, changes, hands):
        ended.add(outcome.change.name)
        yield outcome
    yield from _rest(changes, ended, hands)


def _until_fatal(step: Step, changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    if hands.fatal is not None:
        return
    try:
        yield from step(changes, hands)
    except _ENDS_ALL as error:
        hands.fatal = error


def _rest(changes: Iterable[Change], ended: set[str], hands: Hands) -> Iterator[Outcome]:
    for change in changes:
        if change.name not in ended:
            yield not_tried(change, _why(hands.fatal))


def _why(fatal: FleetsyncError | None) -> str:
    if isinstance(fatal, InterruptedRunError):
        return "interrupted before it was begun"
    return "the run ended before it was begun"
