"""Say where in a file each key and value of a YAML document stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from fleetsync.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from fleetsync.model import JSON

Path: TypeAlias = "Sequence[str | int]"


class Place(NamedTuple):
    """A position, 1-based, columns in characters; ``text`` is the raw text of a scalar."""

    line: int
    column: int
    text: str = ""


class Mark(NamedTuple):
    """Where an entry of a mapping or list stands: its key (for a list: itself) and its value."""

    key: Place
    value: Place


Marks: TypeAlias = "Mapping[str | int, Mark]"


class Places:
    """The places of one document.

    ``marks`` holds the entries of each mapping and list by its ``id``: the containers live as long
    as ``root`` does, and one that several aliases share is found on every way to it.
    """

    def __init__(self, root: JSON, start: Place, marks: Mapping[int, Marks]) -> None:
        self._root = root
        self._start = start
        self._marks = marks

    def value(self, path: Path) -> Place:
        """Give the place of the value at ``path``, or of the nearest value around it."""
        return self._find(path)[1].value

    def key(self, path: Path) -> Place:
        """Give the place of the key that ``path`` ends with, or of the nearest value around."""
        found, mark = self._find(path)
        return mark.key if found == len(path) else mark.value

    def _find(self, path: Path) -> tuple[int, Mark]:
        """Walk down ``path``; give the number of steps that were found, and the last mark."""
        mark = Mark(self._start, self._start)
        value = self._root
        for depth, step in enumerate(path):
            below = self._marks.get(id(value), {}).get(step)
            if below is None:
                return depth, mark
            mark = below
            value = _child(value, step)
        return len(path), mark


def _child(value: JSON, step: str | int) -> JSON:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


class Subject(NamedTuple):
    """What is being checked: the value at ``path`` of a document of ``file``.

    ``spots`` are the places (file, line, column) that have a problem already and get no second.
    """

    file: str
    places: Places
    path: tuple[str | int, ...] = ()
    spots: AbstractSet[tuple[str, int, int]] = frozenset()

    def problem(self, place: Place, message: str) -> Problem:
        """Make a problem of this file."""
        return Problem(self.file, place.line, place.column, message)
