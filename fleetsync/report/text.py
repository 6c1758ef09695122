"""Show a plan to the person who reviews it: what changes, from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from fleetsync.diff.change import Action, Change, Field, change_fields
from fleetsync.escape import shown, shown_value
from fleetsync.model import Kind
from fleetsync.plan import Plan, Refusal
from fleetsync.report.words import counted, counted_kind, duration

_SIGNS = {Action.DELETE: "-", Action.CREATE: "+", Action.UPDATE: "~"}
_ORDER = (
    (Action.DELETE, Kind.DEVICE_TYPE),
    (Action.DELETE, Kind.DEVICE),
    (Action.CREATE, Kind.DEVICE_TYPE),
    (Action.CREATE, Kind.DEVICE),
    (Action.UPDATE, Kind.DEVICE_TYPE),
    (Action.UPDATE, Kind.DEVICE),
)
_FOLD = 10
"""How many of a list are shown before the rest is only counted."""
_FOLD_DELETES = 30


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
    return f"Plan for {target}: {summary_words(plan) or 'nothing that can be done'}."


def summary_words(plan: Plan) -> str:
    """Say how many are deleted, created and updated, deletes first."""
    parts = []
    for action, kind in _ORDER:
        count = plan.counts.get((kind.value, action.value), 0)
        if count:
            parts.append(f"{action.value} {counted_kind(count, kind)}")
    return ", ".join(parts)


def _section(plan: Plan, action: Action, kind: Kind, *, full: bool) -> Iterator[str]:
    changes = [c for c in plan.changes if c.action is action and c.kind is kind]
    if not changes:
        return
    title = f"{action.value} {counted_kind(len(changes), kind)}"
    yield title.upper() if action is Action.DELETE else title.capitalize()
    if action is Action.UPDATE:
        yield from _updates(changes, full=full)
    elif action is Action.CREATE and kind is Kind.DEVICE_TYPE:
        yield from _with_fields(changes, full=full)
    else:
        yield from _names(changes, full=full)
    yield ""


def _names(changes: Sequence[Change], *, full: bool) -> Iterator[str]:
    """List devices by type, with what each carries where they are few."""
    for type_id, group in groupby(changes, key=lambda change: change.type_id):
        members = list(group)
        fold = _FOLD_DELETES if members[0].action is Action.DELETE else _FOLD
        limit = len(members) if full or len(members) <= fold else fold
        for change in members[:limit]:
            yield f"  {_SIGNS[change.action]} {_title(change)}"
            if len(changes) <= _FOLD:
                yield f"      {_inline_fields(change)}".rstrip()
        if limit < len(members):
            rest = counted(len(members) - limit, "device", "devices")
            yield f"  {_SIGNS[members[0].action]} ... and {rest} more of type {shown(type_id)}"


def _title(change: Change) -> str:
    where = f" ({shown(change.source.file)}:{change.source.line})" if change.source else ""
    why = f": {shown(change.reason)}" if change.action is Action.DELETE else ""
    return f"{shown(change.name)}{why}{where}"


def _inline_fields(change: Change) -> str:
    fields = list(change_fields(change))
    values = [
        f"{shown(field.path)}: {shown_value(field.after if field.before is None else field.before)}"
        for field in fields
    ]
    return "; ".join(values)


def _with_fields(changes: Sequence[Change], *, full: bool) -> Iterator[str]:
    limit = len(changes) if full else 2 * _FOLD
    for change in changes[:limit]:
        yield f"  {_SIGNS[change.action]} {_title(change)}"
        text = _inline_fields(change)
        if text:
            yield f"      {text}"
    if limit < len(changes):
        rest = counted_kind(len(changes) - limit, changes[0].kind)
        yield f"  {_SIGNS[changes[0].action]} ... and {rest} more"


def _updates(changes: Sequence[Change], *, full: bool) -> Iterator[str]:
    """Show devices that change alike once, with their number."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.type_id, repr(change.fields)), []).append(change)
    singles = [group[0] for group in groups.values() if len(group) == 1]
    for group in groups.values():
        if len(group) > 1:
            yield from _alike(group, full=full)
    limit = len(singles) if full else 3 * _FOLD
    for change in singles[:limit]:
        yield f"  ~ {_title(change)}"
        yield from _field_lines(change.fields)
    if limit < len(singles):
        yield from _folded(singles[limit:])


def _alike(group: Sequence[Change], *, full: bool) -> Iterator[str]:
    kind = group[0].kind
    yield f"  ~ {shown(group[0].type_id)}: {counted_kind(len(group), kind)} change alike"
    yield from _field_lines(group[0].fields)
    limit = len(group) if full else _FOLD
    names = ", ".join(shown(change.device_id or change.type_id) for change in group[:limit])
    more = f" and {len(group) - limit:,} more" if limit < len(group) else ""
    yield f"      on {names}{more}"


def _folded(changes: Sequence[Change]) -> Iterator[str]:
    counts: dict[tuple[str, str], int] = {}
    for change in changes:
        paths = ", ".join(field.path for field in change.fields)
        key = (change.type_id, paths)
        counts[key] = counts.get(key, 0) + 1
    for (type_id, paths), count in counts.items():
        devices = counted(count, "device", "devices")
        yield f"  ~ ... and {devices} more of type {shown(type_id)}: {shown(paths)}"


def _field_lines(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        yield f"      {shown(field.path)}: {_from_to(field)}"


def _from_to(field: Field) -> str:
    before = "(none)" if field.before is None else shown_value(field.before)
    after = "(none)" if field.after is None else shown_value(field.after)
    return f"{before} -> {after}"


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
