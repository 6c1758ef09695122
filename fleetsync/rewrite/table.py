"""Edit the cells and rows of a CSV file that a device set is made from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fleetsync.manifest.placeholder import PlaceholderError, Reference, read_text
from fleetsync.model import JSON
from fleetsync.model.path import parse_path, value_at
from fleetsync.rewrite.scalar import scalar
from fleetsync.rewrite.splice import CannotEditError, Splice, line_end, line_start, spliced

_CELL = re.compile(r'("(?:[^"\r\n]|"")*"|[^,"\r\n]*)(,|$)')
_QUOTED = re.compile(r'[",\r\n]')


class TableText:
    """One CSV file, and the edits that are collected for it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._splices: list[Splice] = []

    def set_cells(self, line: int, values: Mapping[str, JSON]) -> None:
        """Write values into the cells of a row by their columns, all or none; CannotEditError."""
        self._splices += [self._set_cell(line, *each) for each in values.items()]

    def _set_cell(self, line: int, column: str, value: JSON) -> Splice:
        header = next((at for at in self._starts if self._cells(at)), 0)
        names = [self._text[start:end].strip('"') for start, end in self._cells(header)]
        cells = self._cells(self._starts[line - 1])
        if names.count(column) != 1 or len(cells) != len(names):
            raise CannotEditError(f"its row has no cell {column} that stands on one line")
        start, end = cells[names.index(column)]
        return Splice(start, end, _cell(value))

    def remove_row(self, line: int) -> None:
        """Take out the row that begins on this line; CannotEditError."""
        start = self._starts[line - 1]
        self._cells(start)
        self._splices.append(Splice(start, line_end(self._text, start), ""))

    def text(self) -> str:
        """Give the text with all edits."""
        return spliced(self._text, self._splices)

    def _cells(self, start: int) -> list[tuple[int, int]]:
        """Give where the cells of a line begin and end."""
        end = line_end(self._text, start)
        line = self._text[line_start(self._text, start) : end].rstrip("\r\n")
        if not line:
            return []
        cells, at = [], 0
        while True:
            match = _CELL.match(line, at)
            if match is None:
                raise CannotEditError("its row goes over several lines")
            cells.append((start + match.start(1), start + match.end(1)))
            if not match[2]:
                return cells
            at = match.end()


class Template(NamedTuple):
    """A device set of a CSV file, as its manifest writes it."""

    item: dict[str, JSON]

    def column(self, path: str) -> str:
        """Name the column that alone makes a value, and nothing but it; CannotEditError."""
        text = value_at(self.item, parse_path(path))
        pieces = _pieces(text) if isinstance(text, str) else []
        if len(pieces) != 1 or not isinstance(pieces[0], Reference):
            raise CannotEditError(f"{path} is not one cell of its CSV file alone")
        name = pieces[0].name
        if sum(each == Reference(name) for each in _references(self.item)) != 1:
            raise CannotEditError(f"the column {name} makes other values as well")
        return name


def _cell(value: JSON) -> str:
    if value is None or value == "" or isinstance(value, dict | list):
        raise CannotEditError("a cell of a CSV file cannot say that")
    text = value if isinstance(value, str) else scalar(value)
    if not _QUOTED.search(text) and text == text.strip():
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _references(value: JSON) -> Iterator[str | Reference]:
    if isinstance(value, str):
        yield from _pieces(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _pieces(text: str) -> list[str | Reference]:
    try:
        return read_text(text)
    except PlaceholderError:
        return []
