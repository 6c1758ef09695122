"""List changes of one kind and action as lines of text, folded where they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from fleetsync.diff.change import Action, Field
from fleetsync.escape import shown, shown_pair, shown_value
from fleetsync.model import JSON, Kind
from fleetsync.plan.view import PlanView, ReadChange, ShownChange, Stage, shown_fields
from fleetsync.report.ids import count_ids, fold_ids
from fleetsync.report.presence import told_reason
from fleetsync.report.terminal.cells import cells, padded
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


Walk = Callable[[], Iterable[ShownChange]]


class _Alike(NamedTuple):
    """Changes that set the same fields from the same to the same: one of them, and who they are."""

    first: ShownChange
    size: int
    names: list[str]


def list_changes(view: PlanView, stage: Stage, *, full: bool) -> Iterator[str]:
    """Give the lines for the changes of a stage; ``full`` folds nothing."""
    if stage[1] is Action.UPDATE:
        yield from _updates(lambda: view.walk(stage), full=full)
    else:
        yield from _by_type(view, stage, full=full)


def _by_type(view: PlanView, stage: Stage, *, full: bool) -> Iterator[str]:
    of_devices = stage[0] is Kind.DEVICE
    total = view.number_of(*stage)
    sizes = view.sizes[stage] if of_devices else {"": total}
    fold = total if full else max(_FEWEST, _FOLD[stage[1]] // len(sizes))
    with_fields = full or total <= _WITH_FIELDS
    groups = len(sizes) if full else _TYPES
    members = groupby(view.walk(stage), key=lambda c: c.type_id if of_devices else "")
    for type_id, changes in islice(members, groups):
        for change in islice(changes, fold):
            yield _title(change, view.created_at)
            if with_fields:
                yield from _value_lines(shown_fields(change), full=full)
        if fold < sizes[type_id]:
            yield _more(stage, type_id, sizes[type_id] - fold)
    if groups < len(sizes):
        yield _more_types(stage, list(sizes.values())[groups:])


def _updates(walk: Walk, *, full: bool) -> Iterator[str]:
    """Show those that change alike once, with their number, then the others one by one.

    The way goes through them several times, so that few have to be kept.
    """
    sizes = Counter(map(_likeness, walk()))
    fold = sizes.total() if full else _FOLD[Action.UPDATE]
    rest: Counter[tuple[str, str]] = Counter()
    for group in _groups(walk, sizes, fold, rest):
        yield from _alike(group, full=full)
    singles = (change for change in walk() if sizes[_likeness(change)] == 1)
    for change in islice(singles, fold):
        yield _title(change, "")
        yield from _field_lines(change.fields, full=full)
    rest.update(map(_family_and_paths, singles))
    yield from _more_by_fields(rest)


def _likeness(change: ShownChange) -> int:
    """Give a number that is the same for changes that are alike: shorter than what they say."""
    if isinstance(change, ReadChange):  # its fields need not be read for that
        return hash((_family(change), *change.field_texts))
    return hash((_family(change), repr(change.fields)))


def _groups(
    walk: Walk, sizes: Counter[int], fold: int, rest: Counter[tuple[str, str]]
) -> Iterable[_Alike]:
    """Collect the first groups of changes that are alike; those beyond ``fold`` count as rest."""
    groups: dict[int, _Alike] = {}
    for change in walk():
        key = _likeness(change)
        if sizes[key] == 1:
            continue
        if key not in groups and len(groups) == fold:
            rest[_family_and_paths(change)] += 1
            continue
        group = groups.setdefault(key, _Alike(change, sizes[key], []))
        group.names.append(change.device_id or change.type_id)
    return groups.values()


def _family(change: ShownChange) -> str:
    return "" if change.kind is Kind.DEVICE_TYPE else change.type_id


def _family_and_paths(change: ShownChange) -> tuple[str, str]:
    return _family(change), ", ".join(field.path for field in change.fields)


def _alike(group: _Alike, *, full: bool) -> Iterator[str]:
    first, size, _ = group
    of_type = f" of type {shown(first.type_id)}" if first.kind is Kind.DEVICE else ""
    yield f"  ~ {counted_kind(size, first.kind)}{of_type} change alike"
    yield from _field_lines(first.fields, full=full)
    yield f"      on {_ranges(group, full=full)}"


def _ranges(group: _Alike, *, full: bool) -> str:
    """Name who is in a group, as ranges where they can be."""
    patterns = fold_ids(group.names)
    told = patterns if full else patterns[:_NAMES]
    left = group.size - sum(map(count_ids, told))
    return ", ".join(told) + (f" and {left:,} more" if left else "")


def _title(change: ShownChange, made_at: str) -> str:
    """Name a change, and say where it is declared, or why something goes."""
    head = f"  {_SIGNS[change.action]} {shown(change.name)}"
    notes = [shown(told_reason(change, made_at))] if change.action is Action.DELETE else []
    if change.source is not None:
        notes.append(f"{shown(change.source.file)}:{change.source.line}")
    return f"{padded(head, _NAME_CELLS)}  {', '.join(notes)}".rstrip()


def _value_lines(fields: Sequence[Field], *, full: bool) -> Iterator[str]:
    """Show what is created, or what goes: one value for each field."""
    values = [field.after if field.before is None else field.before for field in fields]
    return _aligned(fields, [shown_value(value, full=full) for value in values])


def _field_lines(fields: Sequence[Field], *, full: bool) -> Iterator[str]:
    """Show from what to what each field changes."""
    return _aligned(fields, [" -> ".join(_sides(field, full=full)) for field in fields])


def _aligned(fields: Sequence[Field], values: Sequence[str]) -> Iterator[str]:
    paths = [shown(field.path) for field in fields]
    width = min(_NAME_CELLS, max(map(cells, paths), default=0))
    return (
        f"      {padded(path, width)}  {value}" for path, value in zip(paths, values, strict=True)
    )


def _sides(field: Field, *, full: bool) -> tuple[str, str]:
    if field.before is not None and field.after is not None:
        return shown_pair(field.before, field.after, full=full)
    return _shown(field.before, full=full), _shown(field.after, full=full)


def _shown(value: JSON, *, full: bool) -> str:
    return "(none)" if value is None else shown_value(value, full=full)


def _more(stage: Stage, type_id: str, count: int) -> str:
    of_type = f" of type {shown(type_id)}" if stage[0] is Kind.DEVICE else ""
    return f"  {_SIGNS[stage[1]]} ... and {count:,} more{of_type}"


def _more_types(stage: Stage, sizes: Sequence[int]) -> str:
    devices = counted_kind(sum(sizes), Kind.DEVICE)
    types = counted(len(sizes), "more type", "more types")
    return f"  {_SIGNS[stage[1]]} ... and {devices} of {types}"


def _more_by_fields(kinds: Counter[tuple[str, str]]) -> Iterator[str]:
    """Count the others by what changes in them."""
    for (family, paths), count in kinds.most_common(_NAMES):
        of_type = f" of type {shown(family)}" if family else ""
        yield f"  ~ ... and {count:,} more{of_type}: {shown(paths)}"
    others = sum(count for _, count in kinds.most_common()[_NAMES:])
    if others:
        yield f"  ~ ... and {counted(others, 'other', 'others')}"
