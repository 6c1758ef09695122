"""Collect what is wrong with the rows of one file: the first of it is told, the rest counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TOLD = 100
"""So many problems of one CSV file are told; the rest is counted."""


class Complaints:
    """The problems of one reading of one file, in the order in which they were met."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._told: list[Problem] = []

    @property
    def full(self) -> bool:
        """Whether the next one is only counted, so that nobody needs to look for its words."""
        return self.count >= MAX_TOLD

    def add(self, line: int, column: int, words: str) -> None:
        """Tell, or only count, one problem; line and column are 1-based."""
        self.count += 1
        if self.count <= MAX_TOLD:
            self._told.append(Problem(self.file, line, column, words))

    def problems(self) -> Iterator[Problem]:
        """Give what is told; the last one says how many more there are."""
        if not self._told:
            return
        yield from self._told[:-1]
        last, more = self._told[-1], self.count - len(self._told)
        words = f" (and {more:,} more problems in this file)" if more else ""
        yield last._replace(message=last.message + words)
