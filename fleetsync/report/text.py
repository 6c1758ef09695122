"""Show a plan to the person who reviews it: what changes, from what to what."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.diff.change import Action
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.plan import Refusal
from fleetsync.plan.view import PlanView
from fleetsync.report.change_list import list_changes
from fleetsync.report.policies import policy_lines
from fleetsync.report.words import counted_kind, duration, listed

READING_ORDER = (
    (Action.DELETE, Kind.DEVICE_TYPE),
    (Action.DELETE, Kind.DEVICE),
    (Action.CREATE, Kind.DEVICE_TYPE),
    (Action.CREATE, Kind.DEVICE),
    (Action.UPDATE, Kind.DEVICE_TYPE),
    (Action.UPDATE, Kind.DEVICE),
)
"""The order of reading: what goes comes first."""


def render_plan(view: PlanView, *, full: bool = False, next_step: str = "") -> Iterator[str]:
    """Write a plan as text, in pieces, so that a large one needs little memory.

    ``full`` folds nothing, ``next_step`` is the command to run next.
    """
    return (f"{line}\n" for line in _lines(view, full=full, next_step=next_step))


def _lines(view: PlanView, *, full: bool, next_step: str) -> Iterator[str]:
    yield _headline(view)
    yield ""
    for action, kind in READING_ORDER:
        yield from _section(view, action, kind, full=full)
    yield from policy_lines(view.policies, full=full)
    yield from _footnotes(view)
    yield from (refusal_line(refusal) for refusal in view.refusals)
    if next_step:
        yield next_step


def refusal_line(refusal: Refusal) -> str:
    """Say in one line why a plan is refused."""
    return f"Refused: {shown(refusal.message)}."


def _headline(view: PlanView) -> str:
    target = f"{shown(view.fleet)} in org {shown(view.org)}"
    if view.undoes is not None:
        found = counts_in_words(view) or "nothing is left to take back"
        return f"Undo of run {shown(view.undoes)} for {target}: {found}."
    if view.empty:
        return f"No changes: {target} is as the manifests say."
    return f"Plan for {target}: {counts_in_words(view) or 'nothing that can be done'}."


def counts_in_words(view: PlanView) -> str:
    """Say how many are deleted, created and updated."""
    parts = []
    for action in (Action.DELETE, Action.CREATE, Action.UPDATE):
        counts = ((view.number_of(kind, action), kind) for kind in Kind)
        kinds = [counted_kind(count, kind) for count, kind in counts if count]
        if kinds:
            parts.append(f"{action.value} {listed(kinds)}")
    return ", ".join(parts)


def _section(view: PlanView, action: Action, kind: Kind, *, full: bool) -> Iterator[str]:
    count = view.number_of(kind, action)
    if count:
        title = f"{action.value} {counted_kind(count, kind)}"
        yield title.upper() if action is Action.DELETE else title.capitalize()
        yield from list_changes(view, (kind, action), full=full)
        yield ""


def _footnotes(view: PlanView) -> Iterator[str]:
    yield from (f"Warning: {shown(warning)}." for warning in view.warnings)
    yield from notes(view)


def notes(view: PlanView) -> Iterator[str]:
    """Say what stays as it is, what is only noted, and what it costs; nothing in it is quoted."""
    types, devices = view.unmanaged
    if types or devices:
        yield (
            f"Unmanaged: {counted_kind(types, Kind.DEVICE_TYPE)} and"
            f" {counted_kind(devices, Kind.DEVICE)} that no manifest speaks of stay as they are."
        )
    if view.records:
        count = counted_kind(view.records, Kind.DEVICE)
        yield f"Apply will also note on {count} that its location is the declared one."
    cost = view.cost
    looks = f" {cost.look:,} to look before writing," if cost.look else ""
    yield (
        f"API calls: {cost.read:,} to read,{looks} {cost.write:,} to write;"
        f" {duration(cost.seconds(view.calls_per_second))}"
        f" at {view.calls_per_second} calls a second."
    )
