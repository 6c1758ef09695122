"""Walk the events of a YAML file and build its values, refusing what is not plain and safe.

Building from events takes a fraction of the time and memory of yaml.load, and sees what that
hides: duplicate keys, aliases, and the text of each scalar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from fleetsync.escape import shown
from fleetsync.manifest.anchors import Anchors
from fleetsync.manifest.notes import LIST_DEPTH, Notes, TooMuchError, place_of
from fleetsync.manifest.places import Mark, Places
from fleetsync.manifest.scalars import Scalars, refuse_tag
from fleetsync.manifest.words import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fleetsync.manifest.events import Event
    from fleetsync.model import JSON

MAX_DEPTH = 64
"""Deepest nesting of lists and mappings."""

_MAPPING_TAGS = {None, "!", "tag:yaml.org,2002:map"}
_LIST_TAGS = {None, "!", "tag:yaml.org,2002:seq"}


class _MergeKey(str):
    """The plain key ``<<``, told apart from the text "<<" by identity."""

    __slots__ = ()


_MERGE = _MergeKey("<<")


class Document(NamedTuple):
    """One YAML document: its value and where it stands.

    ``line`` is where its content starts, ``item_lines`` holds for each top-level key with a list
    the line of each item; ``places`` knows the rest, where it was asked for.
    """

    value: JSON
    line: int
    item_lines: Mapping[str, Sequence[int]]
    places: Places | None

    def line_of(self, key: str, index: int) -> int:
        """Give the line of an item of a top-level list, or of the document."""
        lines = self.item_lines.get(key, ())
        return lines[index] if index < len(lines) else self.line


class Walker:
    """Builds the documents of one file from its events."""

    def __init__(self, next_event: Callable[[], Event], notes: Notes) -> None:
        self._next = next_event
        self._notes = notes
        self._scalars = Scalars(notes)
        self._anchors = Anchors(notes)
        self._keys: dict[str, str] = {}
        self._lines: dict[int, list[int]] = {}
        self._written = 0
        self._size = 0  # as _written, aliases counted as what they stand for

    def documents(self) -> Iterator[Document]:
        """Give each document when it is read."""
        while (event := self._next()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                yield self._document()

    def _document(self) -> Document:
        self._anchors = Anchors(self._notes)
        self._lines = {}
        self._written = self._size = 0
        event = self._next()
        value = self._node(event, 0, "")
        top = value.items() if isinstance(value, dict) else ()
        lines = {key: self._lines[id(item)] for key, item in top if id(item) in self._lines}
        return Document(value, place_of(event).line, lines, self._notes.places(value, event))

    def _node(self, event: Event, depth: int, key: str) -> JSON:
        """Read any value; ``depth`` counts what it stands in, ``key`` is the key it belongs to."""
        kind = event.__class__
        if kind is AliasEvent:
            value, size = self._anchors.follow(event, key, self._written)
            self._size += size
            return value
        if event.anchor is not None:
            return self._anchored(event, depth, key)
        if kind is ScalarEvent:
            return self._scalars.read(event, key)
        return self._collection(event, depth, key)

    def _anchored(self, event: Event, depth: int, key: str) -> JSON:
        self._anchors.open(event)
        self._notes.anchored += 1
        before = self._size
        value: JSON
        if event.__class__ is ScalarEvent:
            value = self._scalars.read(event, key)
        else:
            value = self._collection(event, depth, key)
        self._notes.anchored -= 1
        self._anchors.close(event, value, self._size - before + 1)
        return value

    def _collection(self, event: Event, depth: int, key: str) -> JSON:
        if depth >= MAX_DEPTH:
            self._notes.complain(
                event,
                f"nested deeper than {MAX_DEPTH} levels: the rest of the file is not read;"
                " flatten it",
            )
            raise TooMuchError
        is_mapping = event.__class__ is MappingStartEvent
        if event.tag not in (_MAPPING_TAGS if is_mapping else _LIST_TAGS):
            refuse_tag(self._notes, event, key)
        return self._mapping(depth + 1) if is_mapping else self._list(depth + 1, key)

    def _list(self, depth: int, key: str) -> list[JSON]:
        result: list[JSON] = []
        lines: list[int] = []
        notes, marks = self._notes, self._notes.open(result, depth)
        while (event := self._next()).__class__ is not SequenceEndEvent:
            lines.append(event.start_mark.line + 1)
            if marks is not None:
                if depth == LIST_DEPTH:
                    notes.look_at(lines[-1])
                place = place_of(event)
                marks[len(result)] = Mark(place, place)
            result.append(self._node(event, depth, key))
        if depth <= LIST_DEPTH + 1:  # one deeper: a top-level list may be merged in
            self._lines[id(result)] = lines
        if depth == LIST_DEPTH:
            notes.look_at(None)
        self._count(len(result))
        return result

    def _mapping(self, depth: int) -> dict[str, JSON]:
        result: dict[str, JSON] = {}
        merge: tuple[Event, JSON] | None = None
        next_event, keys, read = self._next, self._keys, self._scalars.read
        marks = self._notes.open(result, depth)
        while (event := next_event()).__class__ is not MappingEndEvent:
            key = None
            if event.__class__ is ScalarEvent and event.implicit[0] and event.anchor is None:
                key = keys.get(event.value)
            if key is None:
                key = self._new_key(event, depth)
            start = next_event()
            if start.__class__ is ScalarEvent and start.anchor is None:
                value = read(start, key)
            else:
                value = self._node(start, depth, key)
            if key is _MERGE and merge is None:
                merge = start, value
                continue
            if key in result or key is _MERGE:
                self._duplicate(event, key, marks)
            result[key] = value
            if marks is not None:
                marks[key] = Mark(place_of(event), place_of(start))
        if merge is not None:
            self._merge(result, *merge)
        self._count(2 * len(result))
        return result

    def _new_key(self, event: Event, depth: int) -> str:
        """Read a key that is not known yet; one that is no text is a problem and gets a name."""
        if event.__class__ is ScalarEvent and event.implicit[0] and event.value == "<<":
            return _MERGE
        value = self._node(event, depth, "")
        if isinstance(value, str):
            if event.__class__ is ScalarEvent and self._scalars.is_sure(event.value):
                self._keys[event.value] = value
            return value
        self._notes.complain(event, _no_text(event, value))
        place = place_of(event)
        return place.text or f"?{place.line}:{place.column}"

    def _duplicate(self, event: Event, key: str, marks: dict[str | int, Mark] | None) -> None:
        self._notes.lost = True
        if marks is None:
            return
        first = marks[key].key.line if key in marks else place_of(event).line
        self._notes.complain(
            event, f"the key {quote(key)} stands here again, first on line {first}: keep one"
        )

    def _merge(self, result: dict[str, JSON], start: Event, value: JSON) -> None:
        """Add what a merge key brings; the mapping's own keys win, then the earlier source."""
        sources = value if isinstance(value, list) else [value]
        marks = self._notes.marks_of(result)
        for source in sources:
            if not isinstance(source, dict):
                self._notes.complain(
                    start, "<< merges mappings: give it an alias, or a list of them"
                )
                return
            origin = self._notes.marks_of(source)
            for key in source.keys() - result.keys():
                result[key] = source[key]
                marks[key] = origin.get(key, Mark(place_of(start), place_of(start)))

    def _count(self, values: int) -> None:
        self._written += values
        self._size += values


def _no_text(event: Event, value: JSON) -> str:
    if event.__class__ is not ScalarEvent or not event.value:
        return "a key must be text: not empty, a list or a mapping"
    kind = "a truth value" if isinstance(value, bool) else "null" if value is None else "a number"
    text = event.value
    return f'a key must be text; YAML reads {shown(text)} as {kind}: quote it: "{shown(text)}"'
