"""Read the bytes of a CSV file (RFC 4180, UTF-8) into rows, and every problem on the way.

Lines without a quote, nearly all of them, are simply cut at their commas; only the others are read
character by character. Line ends may be LF or CRLF; inside quotes both are read as LF, so that a
checkout that changes line ends changes nothing else. Empty lines are passed over.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.batch import MAX_REQUEST_BYTES
from fleetsync.escape import shown
from fleetsync.manifest.columns import read_columns
from fleetsync.manifest.syntax import BAD_CHARACTER, encoding_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.manifest.complaint import Complaints

_SUSPECT = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]|\xef\xbb\xbf"
)
"""Bytes of characters that must not stand in a cell, or might not: the text itself is asked."""

_AFTER_QUOTE = (
    "after a closing quote comes a comma or the line's end: a quote inside quotes is written twice"
)


class Row(NamedTuple):
    """One row: the line on which it starts, its cells, and the characters that it has in all.

    ``starts`` has line and column of each cell; ``None`` where no quotes make counting hard.
    """

    line: int
    cells: list[str]
    size: int
    starts: list[tuple[int, int]] | None = None

    def place(self, index: int) -> tuple[int, int]:
        """Give line and column of a cell, or of the end of the row where the cell is missing."""
        if self.starts is not None:
            return self.starts[min(index, len(self.starts) - 1)]
        return self.line, sum(map(len, self.cells[:index])) + min(index, len(self.cells) - 1) + 1


class _BadRowError(Exception):
    """A row that cannot be read: where, and why. Never leaves the module."""

    def __init__(self, line: int, column: int, words: str) -> None:
        super().__init__(words)
        self.line, self.column, self.words = line, column, words


class Table:
    """The rows of one CSV file whose name in problems is ``file``.

    ``columns`` gives the place of each column by its name; what is wrong goes to ``complaints``.
    ``whole`` is false if the file cannot be read at all.
    """

    def __init__(self, data: bytes, file: str, complaints: Complaints) -> None:
        self._file = file
        self._complaints = complaints
        self.columns: dict[str, int] = {}
        self.whole = False
        problems = encoding_problems(data, file)
        for problem in problems:
            complaints.add(problem.line, problem.column, problem.message)
        if not problems:
            self._suspect = _SUSPECT.search(data.removeprefix(b"\xef\xbb\xbf")) is not None
            self._lines = _Lines(data)
            self._read_header()

    def rows(self) -> Iterator[Row]:
        """Give each row that can be read, once."""
        width, lines, suspect = len(self.columns), self._lines, self._suspect
        for line in lines.text:
            lines.number += 1
            text = line.rstrip("\n")
            text = text.removesuffix("\r")
            if not text:
                continue
            if '"' in text or suspect:
                row = self._careful_row(text)
                if row is None:
                    continue
            else:
                row = Row(lines.number, text.split(","), len(text))
            if len(row.cells) == width:
                yield row
            else:
                self._misshapen(row, width)

    def _read_header(self) -> None:
        text = self._lines.next()
        while text == "":
            text = self._lines.next()
        if text is None:
            self._complaints.add(1, 1, "the file is empty: its first line must name the columns")
            return
        row = self._careful_row(text)
        if row is not None:
            self.columns = read_columns(row, self._complaints)
            self.whole = not self._complaints.count

    def _careful_row(self, text: str) -> Row | None:
        """Read a row that may have quotes or characters that must not be there."""
        try:
            return _read_row(text, self._lines, suspect=self._suspect)
        except _BadRowError as error:
            self._complaints.add(error.line, error.column, error.words)
            return None

    def _misshapen(self, row: Row, width: int) -> None:
        found = len(row.cells)
        has = f"this row has {_counted(found)}, and the header {width:,}"
        if found > width:
            how = "take the rest out, or quote the cell that holds a comma"
            self._complaints.add(*row.place(width), f"{has}: {how}")
        else:
            self._complaints.add(*row.place(found), f"{has}: add the missing ones, empty or not")


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells:,} cells"


class _Lines:
    """The lines of a file, without their ends, and the number of the last one."""

    def __init__(self, data: bytes) -> None:
        self.text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="\n")
        self.number = 0

    def next(self) -> str | None:
        """Give the next line, or ``None`` at the end."""
        line = self.text.readline()
        if not line:
            return None
        self.number += 1
        return line.removesuffix("\n").removesuffix("\r")


def _read_row(text: str, lines: _Lines, *, suspect: bool) -> Row:
    """Read a row that begins with a line; quoted cells may reach over more of them."""
    begin, cells, starts, size = lines.number, [], [], 0
    at = 0
    while True:
        if suspect:
            _check_characters(text, lines.number)
        starts.append((lines.number, at + 1))
        if text.startswith('"', at):
            cell, text, at = _read_quoted(text, at, lines, suspect=suspect)
        else:
            end = text.find(",", at)
            cell, at = text[at : None if end < 0 else end], len(text) if end < 0 else end
            if '"' in cell:
                words = "a quote stands inside a cell without quotes: quote the whole cell, and"
                column = starts[-1][1] + cell.index('"')
                raise _BadRowError(lines.number, column, f"{words} write a quote in it twice")
        cells.append(cell)
        size += len(cell) + 1
        if at == len(text):
            return Row(begin, cells, size, starts)
        at += 1


def _read_quoted(text: str, at: int, lines: _Lines, *, suspect: bool) -> tuple[str, str, int]:
    """Read a quoted cell; give it, the line on which it ends, and the place after its quote."""
    line, column = lines.number, at + 1
    pieces: list[str] = []
    size = 0
    at += 1
    while True:
        end = text.find('"', at)
        if end >= 0 and text.startswith('""', end):
            piece, at = text[at : end + 1], end + 2
        elif end >= 0:
            pieces.append(text[at:end])
            break
        else:
            piece, at = text[at:] + "\n", 0
            following = lines.next()
            if following is None or size > MAX_REQUEST_BYTES:
                words = "the quote that opens here is never closed: the rest of the file is not"
                _skip(lines)
                raise _BadRowError(line, column, f"{words} read; close it")
            text = following
            if suspect:
                _check_characters(text, lines.number)
        pieces.append(piece)
        size += len(piece)
    if end + 1 < len(text) and text[end + 1] != ",":
        raise _BadRowError(lines.number, end + 2, _AFTER_QUOTE)
    return "".join(pieces), text, end + 1


def _skip(lines: _Lines) -> None:
    for _ in lines.text:
        pass


def _check_characters(text: str, line: int) -> None:
    found = BAD_CHARACTER.search(text) or re.search("\r", text)
    if found is None:
        return
    if found[0] == "\r":
        words = "a carriage return stands inside the line: save the file with LF or CRLF line ends"
    else:
        words = f"the control character {shown(found[0])} must not stand in a cell: remove it"
    raise _BadRowError(line, found.start() + 1, words)
