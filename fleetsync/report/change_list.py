"""List changes of one kind and action as lines of text, folded where they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from fleetsync.diff.change import Action, Change, Field, change_fields
from fleetsync.escape import shown, shown_pair, shown_value
from fleetsync.model import JSON, Kind
from fleetsync.report.words import counted, counted_kind

_SIGNS = {Action.DELETE: "-", Action.CREATE: "+", Action.UPDATE: "~"}
_WITH_FIELDS = 10
"""Up to so many created or deleted are shown with all their values."""
_FOLD = {Action.DELETE: 30, Action.CREATE: 30, Action.UPDATE: 30}
"""How many are named, all types together, before the rest is only counted."""
_FEWEST = 3
"""So many of each type are named, even where the types are many."""
_TYPES = 20
"""Devices of so many types are named before the other types are only counted."""
_NAMES = 10
"""So many are named on one line."""
_NAME_CELLS = 40


def list_changes(changes: Sequence[Change], *, full: bool) -> Iterator[str]:
    """Give the lines for changes that share kind and action; ``full`` folds nothing."""
    if changes[0].action is Action.UPDATE:
        yield from _updates(changes, full=full)
    else:
        yield from _by_type(changes, full=full)


def _by_type(changes: Sequence[Change], *, full: bool) -> Iterator[str]:
    whole = [changes] if changes[0].kind is Kind.DEVICE_TYPE else _types_of(changes)
    fold = len(changes) if full else max(_FEWEST, _FOLD[changes[0].action] // len(whole))
    with_fields = full or len(changes) <= _WITH_FIELDS
    groups = len(whole) if full else _TYPES
    for members in whole[:groups]:
        for change in members[:fold]:
            yield _title(change)
            if with_fields:
                yield from _value_lines(list(change_fields(change)), full=full)
        if fold < len(members):
            yield _more(members[fold:])
    if groups < len(whole):
        yield _more_types(whole[groups:])


def _types_of(changes: Sequence[Change]) -> list[list[Change]]:
    return [list(group) for _, group in groupby(changes, key=lambda change: change.type_id)]


def _updates(changes: Sequence[Change], *, full: bool) -> Iterator[str]:
    """Show those that change alike once, with their number, then the others one by one."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((_family(change), repr(change.fields)), []).append(change)
    singles: list[Change] = []
    for group in groups.values():
        if len(group) > 1:
            yield from _alike(group, full=full)
        else:
            singles += group
    fold = len(singles) if full else _FOLD[Action.UPDATE]
    for change in singles[:fold]:
        yield _title(change)
        yield from _field_lines(change.fields, full=full)
    if fold < len(singles):
        yield from _more_by_fields(singles[fold:])


def _family(change: Change) -> str:
    return "" if change.kind is Kind.DEVICE_TYPE else change.type_id


def _alike(group: Sequence[Change], *, full: bool) -> Iterator[str]:
    of_type = f" of type {shown(group[0].type_id)}" if group[0].kind is Kind.DEVICE else ""
    yield f"  ~ {counted_kind(len(group), group[0].kind)}{of_type} change alike"
    yield from _field_lines(group[0].fields, full=full)
    fold = len(group) if full else _NAMES
    names = ", ".join(shown(change.device_id or change.type_id) for change in group[:fold])
    more = f" and {len(group) - fold:,} more" if fold < len(group) else ""
    yield f"      on {names}{more}"


def _title(change: Change) -> str:
    """Name a change, and say where it is declared, or why something goes."""
    head = f"  {_SIGNS[change.action]} {shown(change.name)}"
    notes = [shown(change.reason)] if change.action is Action.DELETE else []
    if change.source is not None:
        notes.append(f"{shown(change.source.file)}:{change.source.line}")
    return f"{head:<{_NAME_CELLS}}  {', '.join(notes)}"


def _value_lines(fields: Sequence[Field], *, full: bool) -> Iterator[str]:
    """Show what is created, or what goes: one value for each field."""
    values = [field.after if field.before is None else field.before for field in fields]
    return _aligned(fields, [shown_value(value, full=full) for value in values])


def _field_lines(fields: Sequence[Field], *, full: bool) -> Iterator[str]:
    """Show from what to what each field changes."""
    return _aligned(fields, [" -> ".join(_sides(field, full=full)) for field in fields])


def _aligned(fields: Sequence[Field], values: Sequence[str]) -> Iterator[str]:
    paths = [shown(field.path) for field in fields]
    cells = min(_NAME_CELLS, max(map(len, paths), default=0))
    return (f"      {path:<{cells}}  {value}" for path, value in zip(paths, values, strict=True))


def _sides(field: Field, *, full: bool) -> tuple[str, str]:
    if field.before is not None and field.after is not None:
        return shown_pair(field.before, field.after, full=full)
    return _shown(field.before, full=full), _shown(field.after, full=full)


def _shown(value: JSON, *, full: bool) -> str:
    return "(none)" if value is None else shown_value(value, full=full)


def _more(rest: Sequence[Change]) -> str:
    of_type = f" of type {shown(rest[0].type_id)}" if rest[0].kind is Kind.DEVICE else ""
    return f"  {_SIGNS[rest[0].action]} ... and {len(rest):,} more{of_type}"


def _more_types(rest: Sequence[Sequence[Change]]) -> str:
    devices = counted_kind(sum(map(len, rest)), Kind.DEVICE)
    types = counted(len(rest), "more type", "more types")
    return f"  {_SIGNS[rest[0][0].action]} ... and {devices} of {types}"


def _more_by_fields(rest: Sequence[Change]) -> Iterator[str]:
    """Count the others by what changes in them."""
    kinds = Counter((_family(c), ", ".join(field.path for field in c.fields)) for c in rest)
    for (family, paths), count in kinds.most_common(_NAMES):
        of_type = f" of type {shown(family)}" if family else ""
        yield f"  ~ ... and {count:,} more{of_type}: {shown(paths)}"
    others = sum(count for _, count in kinds.most_common()[_NAMES:])
    if others:
        yield f"  ~ ... and {counted(others, 'other', 'others')}"
