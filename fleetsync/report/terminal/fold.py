"""Fold lines that are wider than the terminal, so that what belongs together stays in its column.

Commands and paths at the end of a line are left alone: they are there to be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetsync.report.terminal.cells import cells, cut, words_of

FEWEST_COLUMNS = 40
"""In less, text is a ladder of single words; what is wider is left to the terminal."""
_FIELD = re.compile(r"( {6}\S.*? {2,})\S")
_SIGN = re.compile(r"  [-+~!] ")
_TITLE = re.compile(r"(?:Error|Warning|Refused|Granted): ")
_COMMAND = re.compile(r": fleetsync ")
_ARROW = " -> "
_FEWEST_CELLS = 8
"""A word that is broken begins at the end of a line only if so many cells are left there."""
_VALUE_SHARE = 2
"""A value begins in the first half of a line, or below its name."""


def folded(line: str, columns: int) -> Iterator[str]:
    """Give a line in pieces of at most so many cells; nothing but spaces is lost."""
    if cells(line) <= columns:
        yield line
        return
    columns = max(columns, FEWEST_COLUMNS)
    if not line.startswith(" ") and (_COMMAND.search(line) or not _TITLE.match(line)):
        yield from _wrapped(line, columns, 2, hard=False)
        return
    hang = _hang(line, columns)
    before, arrow, after = line.partition(_ARROW)
    if arrow and line.startswith(" " * 6) and _ARROW not in after:
        yield from _wrapped(before, columns, hang)
        yield from _wrapped(" " * hang + (arrow + after).lstrip(), columns, hang + 3)
    else:
        yield from _wrapped(line, columns, hang)


def _hang(line: str, columns: int) -> int:
    """Say in which column a line goes on: below its value, its name, or its first word."""
    title = _TITLE.match(line)
    if title:
        return title.end()
    if _SIGN.match(line):
        return 6
    field = _FIELD.match(line)
    if field:
        column = cells(field[1])
        return column if column <= columns // _VALUE_SHARE else 8
    return len(line) - len(line.lstrip(" ")) + (3 if line.startswith(" " * 6) else 2)


def _wrapped(line: str, columns: int, hang: int, *, hard: bool = True) -> Iterator[str]:
    """Break at spaces; a word that fits into no line is broken where the line ends, if ``hard``."""
    if _COMMAND.search(line) and not hard:
        yield line
        return
    indent = len(line) - len(line.lstrip(" "))
    row, room = " " * indent, columns - indent
    for word in words_of(line[indent:]):
        size = cells(word.rstrip(" "))
        fits_nowhere = hard and size > columns - hang and room >= _FEWEST_CELLS
        if size > room and row.strip() and not fits_nowhere:
            yield row.rstrip(" ")
            row, room = " " * hang, columns - hang
        while hard and cells(word.rstrip(" ")) > room:
            head, word = cut(word, room)  # noqa: PLW2901 - what is left of it
            yield row + head
            row, room = " " * hang, columns - hang
        row, room = row + word, room - cells(word)
    if row.strip():
        yield row.rstrip(" ")
