"""Show a plan to the person who reviews it: what changes, from what to what."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.diff.change import Action
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.plan import Plan, Refusal
from fleetsync.report.change_list import list_changes
from fleetsync.report.words import counted_kind, duration, listed

_ORDER = (
    (Action.DELETE, Kind.DEVICE_TYPE),
    (Action.DELETE, Kind.DEVICE),
    (Action.CREATE, Kind.DEVICE_TYPE),
    (Action.CREATE, Kind.DEVICE),
    (Action.UPDATE, Kind.DEVICE_TYPE),
    (Action.UPDATE, Kind.DEVICE),
)
"""The order of reading: what goes comes first."""


def render_plan(plan: Plan, *, full: bool = False, next_step: str = "") -> str:
    """Write a plan as text; ``full`` folds nothing, ``next_step`` is the command to run next."""
    lines = [_headline(plan), ""]
    for action, kind in _ORDER:
        lines += _section(plan, action, kind, full=full)
    lines += _footnotes(plan)
    lines += [refusal_line(refusal) for refusal in plan.refusals]
    if next_step:
        lines.append(next_step)
    return "\n".join(lines) + "\n"


def refusal_line(refusal: Refusal) -> str:
    """Say in one line why a plan is refused."""
    return f"Refused: {shown(refusal.message)}."


def _headline(plan: Plan) -> str:
    target = f"{shown(plan.fleet)} in org {shown(plan.org)}"
    if plan.empty:
        return f"No changes: {target} is as the manifests say."
    return f"Plan for {target}: {_counts(plan) or 'nothing that can be done'}."


def _counts(plan: Plan) -> str:
    """Say how many are deleted, created and updated."""
    parts = []
    for action in (Action.DELETE, Action.CREATE, Action.UPDATE):
        kinds = [
            counted_kind(count, kind)
            for kind in Kind
            if (count := plan.counts.get((kind.value, action.value), 0))
        ]
        if kinds:
            parts.append(f"{action.value} {listed(kinds)}")
    return ", ".join(parts)


def _section(plan: Plan, action: Action, kind: Kind, *, full: bool) -> Iterator[str]:
    changes = [c for c in plan.changes if c.action is action and c.kind is kind]
    if changes:
        title = f"{action.value} {counted_kind(len(changes), kind)}"
        yield title.upper() if action is Action.DELETE else title.capitalize()
        yield from list_changes(changes, full=full)
        yield ""


def _footnotes(plan: Plan) -> Iterator[str]:
    for warning in plan.warnings:
        yield f"Warning: {shown(warning)}."
    types, devices = plan.unmanaged
    if types or devices:
        yield (
            f"Unmanaged: {counted_kind(types, Kind.DEVICE_TYPE)} and"
            f" {counted_kind(devices, Kind.DEVICE)} that no manifest speaks of stay as they are."
        )
    if plan.records:
        count = counted_kind(len(plan.records), Kind.DEVICE)
        yield f"Apply will also note on {count} that its location is the declared one."
    yield _cost_line(plan)


def _cost_line(plan: Plan) -> str:
    seconds = duration(plan.cost.seconds(plan.calls_per_second))
    return (
        f"API calls: {plan.cost.read:,} to read, {plan.cost.write:,} to write;"
        f" {seconds} at {plan.calls_per_second} calls a second."
    )
