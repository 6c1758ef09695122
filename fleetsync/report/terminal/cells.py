"""Count the cells that text takes on a terminal: letters of East Asia take two, marks none."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import category, east_asian_width

_NO_CELL = {"Mn", "Me", "Cf"}
"""Marks on the letter before, and signs that only steer; ``escape.shown`` leaves none of these."""
_JAMO = range(0x1160, 0x1200)
"""Vowels and last consonants that join the letter before."""


def cells(text: str) -> int:
    """Count the cells that a line of text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def padded(text: str, width: int) -> str:
    """Add spaces until the text is so many cells wide."""
    return text + " " * (width - cells(text))


def cut(text: str, width: int) -> tuple[str, str]:
    """Part text behind the last letter that fits into so many cells; at least one letter is."""
    if text.isascii():
        end = max(1, width)
        return text[:end], text[end:]
    taken = 0
    for at, letter in enumerate(text):
        taken += _cells_of(letter)
        if at and taken > width:
            return text[:at], text[at:]
    return text, ""


def clipped(text: str, width: int) -> str:
    """Keep what fits into so many cells; three dots stand for the rest."""
    if cells(text) <= width:
        return text
    dots = "..."[: max(0, width)]
    head, _ = cut(text, width - len(dots))
    return (head if cells(head) + len(dots) <= width else "") + dots


def _cells_of(letter: str) -> int:
    if letter.isascii():
        return 1
    if category(letter) in _NO_CELL or ord(letter) in _JAMO:
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def words_of(text: str) -> Iterator[str]:
    """Give the words of a line, each with the spaces behind it."""
    start, in_space = 0, False
    for at, letter in enumerate(text):
        if in_space and letter != " ":
            yield text[start:at]
            start = at
        in_space = letter == " "
    if text[start:]:
        yield text[start:]
