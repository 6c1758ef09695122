"""Write changes as the data block of a page: compact, exact, and nothing in it ends the block.

What many changes have in common is a shape, and every text and value stands once: a row is numbers
alone. ``[shape, device, line, value, ...]``: device and values are places in ``texts`` (-1: no
device), values are JSON texts, so that 1 and 1.0 stay apart. A shape with both sides has two values
for each path, before and after; others have one, and null on the other side.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fleetsync.diff.change import Field
from fleetsync.model import JSON
from fleetsync.plan.view import ShownChange, shown_fields

FORMAT_VERSION = 1
MAX_ROWS = 100_000
"""A browser stays quick with so many."""
MAX_CHARACTERS = 64_000_000
"""The data block ends with the change that makes it longer, however few there are."""
_HARMLESS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Row(NamedTuple):
    """A change, and what became of it where that is known; ``reason`` says more than its own."""

    change: ShownChange
    status: str | None = None
    note: str = ""
    reason: str | None = None


class Labels(NamedTuple):
    """What a page calls its parts; a plan's words, unless it shows something else."""

    status: str = "Outcome"
    statuses: str = "All outcomes"
    before: str = "Before"
    after: str = "After"
    delete: str = "delete"
    create: str = "create"
    update: str = "update"


PLAN_LABELS = Labels()


class _Table:
    """Texts in the order in which they were met, each once."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.characters = 0

    def place(self, text: str) -> int:
        size = len(self.places)
        found = self.places.setdefault(text, size)
        if found == size:
            self.characters += len(text)
        return found


class DataBlock:
    """Write rows in pieces, then tell how many there were room for."""

    def __init__(self, *, max_rows: int = MAX_ROWS, max_characters: int = MAX_CHARACTERS) -> None:
        """Take at most so many rows, and stop after so many characters."""
        self._max_rows, self._max_characters = max_rows, max_characters
        self._texts, self._shapes = _Table(), _Table()
        self._written = 0
        self.rows = 0

    def pieces(
        self, rows: Iterable[Row], total: int, labels: Labels = PLAN_LABELS
    ) -> Iterator[str]:
        """Write as many of these rows as fit; ``total`` is how many there are."""
        yield f'{{"formatVersion":{FORMAT_VERSION},"total":{total},"rows":['
        for row in rows:
            if self._full():
                break
            text = self._row(row)
            self._written += len(text)
            yield f",\n{text}" if self.rows else f"\n{text}"
            self.rows += 1
        yield f'\n],"labels":{json.dumps(labels._asdict())},"shapes":[\n'
        yield ",\n".join(shape.translate(_HARMLESS) for shape in self._shapes.places)
        yield '\n],"texts":[\n'
        for number, text in enumerate(self._texts.places):
            yield (",\n" if number else "") + quoted(text)
        yield f'\n],"shown":{self.rows}}}'

    def _full(self) -> bool:
        written = self._written + self._texts.characters + self._shapes.characters
        return self.rows >= self._max_rows or written >= self._max_characters

    def _row(self, row: Row) -> str:
        change = row.change
        fields = shown_fields(change)
        sides = _sides(fields)
        place = self._texts.place
        numbers = [
            self._shapes.place(_shape(row, sides, fields)),
            -1 if change.device_id is None else place(change.device_id),
            -1 if change.source is None else change.source.line,
            *(place(_compact(value)) for field in fields for value in _values(field, sides)),
        ]
        return f"[{','.join(map(str, numbers))}]"


def quoted(text: str) -> str:
    """Write a text as JSON that is ASCII and cannot be taken for HTML."""
    return json.dumps(text).translate(_HARMLESS)


def _shape(row: Row, sides: str, fields: tuple[Field, ...]) -> str:
    change = row.change
    file = None if change.source is None else change.source.file
    paths = [field.path for field in fields]
    reason = change.reason if row.reason is None else row.reason
    about = [change.action, change.kind, change.type_id, file, reason, sides, paths]
    return json.dumps([*about, row.status, row.note], separators=(",", ":"))


def _sides(fields: tuple[Field, ...]) -> str:
    if all(field.before is None for field in fields):
        return "after"
    return "before" if all(field.after is None for field in fields) else "both"


def _values(field: Field, sides: str) -> tuple[JSON, ...]:
    if sides == "both":
        return field.before, field.after
    return (field.after if sides == "after" else field.before,)


def _compact(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
