"""Cut and paste in a text, at places that are all given before anything moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class CannotEditError(ValueError):
    """What no small edit can express; its text says why, for a person. Never leaves the room."""


class Splice(NamedTuple):
    """Put ``text`` in the place of what stands between two places."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Carry out splices; those at one place in their order. CannotEditError if two overlap."""
    pieces: list[str] = []
    at = 0
    for splice in sorted(splices, key=lambda each: (each.start, each.end)):
        if splice.start < at:
            raise CannotEditError("two edits of it get into each other's way")
        pieces += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*pieces, text[at:]])


def line_start(text: str, at: int) -> int:
    """Give where the line of a place begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Give where the line after the one of a place begins, or the end of the text."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def line_break(text: str) -> str:
    """Give what ends a line in this text."""
    return "\r\n" if "\r\n" in text else "\n"


def whole_lines(text: str, at: int, lines: Iterable[str]) -> Splice:
    """Add lines where a line begins, in the manner of the text."""
    end = line_break(text)
    added = "".join(f"{line}{end}" for line in lines)
    if at and text[at - 1] != "\n":
        added = end + added.removesuffix(end)
    return Splice(at, at, added)
