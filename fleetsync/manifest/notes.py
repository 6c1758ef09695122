"""Collect, while a YAML file is walked, what is wrong with it and where things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yaml.events import ScalarEvent

from fleetsync.errors import Problem
from fleetsync.manifest.places import Mark, Place, Places

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from fleetsync.manifest.events import Event
    from fleetsync.model import JSON

LIST_DEPTH = 2
"""The depth of the top-level lists: the document's own mapping is 1."""


class TooMuchError(Exception):
    """The file cannot be read on safely: nested too deep, or a YAML bomb. Never leaves the room."""


def place_of(event: Event) -> Place:
    """Give the place where an event starts, with the raw text of a scalar."""
    mark = event.start_mark
    text = event.value if event.__class__ is ScalarEvent else ""
    return Place(mark.line + 1, mark.column + 1, text)


def first_of_each_spot(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Drop problems at a place that has one already: the first says it best."""
    first: dict[tuple[str, int, int], Problem] = {}
    for problem in problems:
        first.setdefault(problem[:3], problem)
    return tuple(first.values())


class Notes:
    """The problems of one file and, in the slow mode, the places of its entries.

    ``focus`` holds the first lines of the top-level list items whose places are wanted; ``None``
    means all of them. In the fast mode (``noting`` false) no places are kept at all. ``lost`` says
    that a key stood twice, so that one value is lost; only the slow mode can put that into words.
    """

    def __init__(self, file: str, *, noting: bool, focus: Container[int] | None = None) -> None:
        self.problems: list[Problem] = []
        self.lost = False
        self.noting = noting
        self.file = file
        self._focus = focus
        self.anchored = 0  # anchors around: what they name may be in focus through an alias
        self._keep = True
        self._marks: dict[int, dict[str | int, Mark]] = {}

    def complain(self, event: Event, message: str) -> None:
        """Record a problem at the start of an event."""
        place = place_of(event)
        self.problems.append(Problem(self.file, place.line, place.column, message))

    def open(self, container: object, depth: int) -> dict[str | int, Mark] | None:
        """Begin a mapping or list; give the dict that takes its marks, ``None`` in fast mode."""
        if not self.noting:
            return None
        marks: dict[str | int, Mark] = {}
        if self._keep or self.anchored or depth <= LIST_DEPTH:
            self._marks[id(container)] = marks
        else:
            self._marks.pop(id(container), None)  # left by a value that was dropped since
        return marks

    def look_at(self, line: int | None) -> None:
        """Begin the top-level list item of this line; ``None``: the list is at its end."""
        self._keep = line is None or self._focus is None or line in self._focus

    def marks_of(self, container: object) -> dict[str | int, Mark]:
        """Give the marks of a container that was kept."""
        return self._marks.get(id(container), {})

    def places(self, root: JSON, event: Event) -> Places | None:
        """Give the places of the document that just ended, and forget them."""
        if not self.noting:
            return None
        marks, self._marks = self._marks, {}
        return Places(root, place_of(event), marks)
