"""Write out the ids that a pattern such as ``room-{001..250}`` stands for.

A range goes from one number or ASCII letter to another, up or down, by an optional step:
``{1..9}``, ``{001..250}``, ``{100..0..5}``, ``{a..f}``. Several in one pattern are combined, the
last one changing fastest.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.manifest.words import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DIGITS = 36
"""A longer number would be longer than any id (platform page 7)."""

_BRACES = re.compile(r"(\{[^{}]*\})")
_NUMBERS = re.compile(r"\{([0-9]+)\.\.([0-9]+)(?:\.\.([0-9]+))?\}")
_LETTERS = re.compile(r"\{(?:([a-z])\.\.([a-z])|([A-Z])\.\.([A-Z]))(?:\.\.([0-9]+))?\}")


class PatternError(ValueError):
    """A pattern that cannot be read; its text says why, for a person. Never leaves the room."""


class Steps(NamedTuple):
    """One range: from, to and by; ``width`` 0 stands for letters, given by their code."""

    first: int
    last: int
    step: int
    width: int

    @property
    def length(self) -> int:
        """How many texts the range gives."""
        return abs(self.last - self.first) // self.step + 1

    def texts(self) -> Iterator[str]:
        """Give each text, in order."""
        down = self.last < self.first
        stop = self.last + (-1 if down else 1)
        numbers = range(self.first, stop, -self.step if down else self.step)
        return (f"{number:0{self.width}}" if self.width else chr(number) for number in numbers)


class Pattern:
    """A pattern that was read: its fixed texts and its ranges."""

    def __init__(self, text: str) -> None:
        """Read a pattern; raises PatternError."""
        self._parts: list[str | Steps] = [
            _steps(part) if part.startswith("{") else _fixed(part)
            for part in _BRACES.split(text)
            if part
        ]

    @property
    def count(self) -> int:
        """How many ids the pattern gives, without making them."""
        return math.prod(part.length for part in self._parts if isinstance(part, Steps))

    def ids(self) -> Iterator[str]:
        """Give each id, in order: look at ``count`` before."""
        choices = [(part,) if isinstance(part, str) else part.texts() for part in self._parts]
        return map("".join, itertools.product(*choices))


def _fixed(text: str) -> str:
    if "{" in text or "}" in text:
        raise PatternError("a { or } stands alone: write a range as {001..250}")
    return text


def _steps(text: str) -> Steps:
    numbers, letters = _NUMBERS.fullmatch(text), _LETTERS.fullmatch(text)
    if numbers is not None:
        return _number_steps(text, *numbers.groups())
    if letters is not None:
        first, last = (letter for letter in letters.groups()[:4] if letter)
        return Steps(ord(first), ord(last), _step(text, letters[5]), 0)
    raise PatternError(f"{quote(text)} is no range: write {{001..250}}, {{0..100..5}} or {{a..f}}")


def _number_steps(text: str, first: str, last: str, step: str | None) -> Steps:
    longest = max(len(first), len(last))
    if longest > MAX_DIGITS:
        raise PatternError(f"{quote(text)} has numbers longer than an id may be: shorten them")
    if len(first) != len(last) and any(end[0] == "0" and len(end) > 1 for end in (first, last)):
        ends = (end.zfill(longest) for end in (first, last))
        raise PatternError(
            f"{quote(text)} has leading zeros and ends of different lengths: write both ends with"
            f" as many digits, {{{'..'.join(ends)}}}"
        )
    # As wide as the shorter end: equal ends keep their zeros, and others have none to keep.
    return Steps(int(first), int(last), _step(text, step), min(len(first), len(last)))


def _step(text: str, step: str | None) -> int:
    if step is None:
        return 1
    if len(step) > MAX_DIGITS or int(step) == 0:
        raise PatternError(f"{quote(text)} has a step that leads nowhere: write 1 or more")
    return int(step)
