"""Keep what is remembered of the org's lists in step with what apply does to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fleetsync.apply.outcome import Outcome, Status, failed
from fleetsync.cli.progress import warn
from fleetsync.diff.change import Action
from fleetsync.listing import NAME, remember
from fleetsync.model import Kind, Sizes
from fleetsync.plan import Plan
from fleetsync.workdir import WORKDIR

_THERE = (Status.DONE, Status.ALREADY)


def remember_before(folder: Path, made: Plan) -> None:
    """Note what the planned deletes may leave over, in case that nobody can note it afterwards."""
    deletes = [failed(each, "") for each in made.changes if each.action is Action.DELETE]
    if deletes:
        remember_after(folder, made, deletes)


def remember_after(folder: Path, made: Plan, outcomes: Sequence[Outcome]) -> None:
    """Note how large the lists of the org are now, if they were whole when the plan was made.

    That it cannot be written is said, and no reason to fail.
    """
    if made.sizes is None:
        return
    try:
        remember(folder, made.org, sizes_after(made.sizes, outcomes))
    except OSError as error:
        path = folder / WORKDIR / NAME
        warn(f"{path}: {error.strerror}; the next run cannot tell whether the org's lists shrank")


def sizes_after(before: Sizes, outcomes: Sequence[Outcome]) -> Sizes:
    """Add what is there now and take off what is, or may be, gone: never more than there is."""
    moved = Counter[tuple[Kind, str]]()
    for change, status, _ in outcomes:
        if change.action is Action.CREATE and status in _THERE:
            moved[change.kind, change.type_id] += 1
        elif change.action is Action.DELETE and status is not Status.NOT_TRIED:
            moved[change.kind, change.type_id] -= 1
    devices = {
        type_id: max(0, before.devices.get(type_id, 0) + moved[Kind.DEVICE, type_id])
        for type_id in {*before.devices, *(type_id for _, type_id in moved)}
        if moved[Kind.DEVICE_TYPE, type_id] >= 0
    }
    types = sum(count for (kind, _), count in moved.items() if kind is Kind.DEVICE_TYPE)
    return Sizes(before.types + types, devices, before.at)
