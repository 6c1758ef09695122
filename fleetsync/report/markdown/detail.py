"""Say how much of a plan is shown, from all of it to little more than numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_ALL = 1 << 60


class Detail(NamedTuple):
    """The most that is shown: characters of a value, rows of a cluster, bytes of a list of ids.

    ``clusters`` are those of a section.
    """

    values: int
    rows: int
    ids: int
    clusters: int


WHOLE = Detail(_ALL, _ALL, _ALL, _ALL)
_STEPS = (
    WHOLE,
    Detail(1_000, _ALL, _ALL, _ALL),
    Detail(200, 1_000, _ALL, _ALL),
    Detail(200, 300, _ALL, 1_000),
    Detail(200, 100, _ALL, 1_000),
    Detail(120, 30, _ALL, 300),
    Detail(120, 10, 20_000, 300),
    Detail(120, 3, 8_000, 100),
    Detail(100, 3, 4_000, 100),
    Detail(100, 2, 2_000, 50),
    Detail(80, 1, 1_000, 30),
    Detail(80, 1, 500, 15),
    Detail(60, 1, 200, 8),
    Detail(60, 0, 200, 3),
    Detail(60, 0, 0, 0),
)
_LATER = 6
"""Deletes keep the details that all else has given up so many steps before."""


class Steps(NamedTuple):
    """How much is shown of what is deleted, and of the rest."""

    deletes: Detail
    others: Detail


def steps() -> Iterator[Steps]:
    """Give less and less detail; samples go first, then ids, and those of deletes last."""
    last = len(_STEPS) - 1
    for number in range(len(_STEPS) + _LATER):
        yield Steps(_STEPS[max(0, number - _LATER)], _STEPS[min(number, last)])


class Head(NamedTuple):
    """The most that the first screen shows: lines of types, messages, characters of a message."""

    types: int
    messages: int
    characters: int


HEADS = (
    Head(_ALL, _ALL, _ALL),
    Head(30, 50, 1_000),
    Head(15, 20, 400),
    Head(5, 5, 200),
    Head(3, 2, 120),
    Head(0, 0, 60),
)


@dataclass
class Folded:
    """What is not shown: changes without values or names, values cut short, messages."""

    values: int = 0
    names: int = 0
    shortened: int = 0
    messages: int = 0
    types: int = 0

    @property
    def anything(self) -> bool:
        """Tell whether anything is not shown."""
        return bool(self.values or self.names or self.shortened or self.messages or self.types)
