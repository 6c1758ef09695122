"""Say where in the text of a YAML file each value stands, down to its first and last character."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from fleetsync.manifest.events import Event, event_source
from fleetsync.manifest.scalar import Doubt, plain_value
from fleetsync.model import JSON

MERGE = "<<"
_BLOCK = ("|", ">")
_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


@dataclass(slots=True, eq=False)
class Node:
    """A value: where it begins and ends, without what only spaces it out; its anchor, if any.

    ``value`` is what it stands for, aliases and merges followed. ``shared`` tells that an alias
    stands for it elsewhere, so that an edit of it would change more than it should.
    """

    start: int
    end: int
    line: int
    column: int
    value: JSON
    anchor: str | None = None
    shared: bool = False


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A text, number, truth value or null; ``style`` is its quote, ``|``, ``>`` or None."""

    style: str | None = None


@dataclass(slots=True, eq=False)
class Alias(Node):
    """What stands for an anchored value elsewhere."""


@dataclass(slots=True, eq=False)
class Mapping(Node):
    """Keys and values, as they are written; merged ones are in ``value`` alone."""

    flow: bool = False
    entries: list[tuple[Node, Node]] = field(default_factory=list)

    def own(self, key: str) -> tuple[Node, Node] | None:
        """Give the entry that is written here under a key."""
        return next((each for each in self.entries if each[0].value == key), None)


@dataclass(slots=True, eq=False)
class Sequence(Node):
    """Items in their order."""

    flow: bool = False
    items: list[Node] = field(default_factory=list)


LONG = "devices"
"""The list at the top of a document that may be very long."""


def parse_tree(text: str, focus: Container[int] | None = None) -> list[Node]:
    """Give the root of each document; the text has been read without a problem before.

    Of the devices, those that begin on the lines of ``focus`` are read in full (None: all); of the
    others it is known where they stand.
    """
    return list(_Reader(event_source(text.encode("utf-8")), text, focus).roots())


class _Reader:
    """Builds nodes from events."""

    def __init__(
        self, next_event: Callable[[], Event], text: str, focus: Container[int] | None
    ) -> None:
        self._next = next_event
        self._text = text
        self._focus = focus
        self._anchors: dict[str, Node] = {}

    def roots(self) -> Iterator[Node]:
        while (event := self._next()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                self._anchors = {}
                yield self._node(self._next(), top=True)

    def _node(self, event: Event, *, top: bool = False) -> Node:
        place = _place(event)
        if event.__class__ is AliasEvent:
            target = self._anchors[str(event.anchor)]
            target.shared = True
            return Alias(*place, target.value)
        node: Node
        if event.__class__ is ScalarEvent:
            node = Scalar(*place, _scalar_value(event), style=event.style or None)
            if event.style in _BLOCK:  # its end counts the line ends behind it
                node.end = node.start + len(self._text[node.start : node.end].rstrip())
        elif event.__class__ is MappingStartEvent:
            node = self._mapping(event, place, top=top)
        else:
            node = self._sequence(event, place)
        if event.anchor is not None:
            node.anchor = event.anchor
            self._anchors[event.anchor] = node
        return node

    def _mapping(self, event: Event, place: tuple[int, int, int, int], *, top: bool) -> Mapping:
        node = Mapping(*place, None, flow=bool(event.flow_style))
        own: dict[str, JSON] = {}
        merged: list[JSON] = []
        while (inner := self._next()).__class__ is not MappingEndEvent:
            key = self._node(inner)
            value = self._value(self._next(), is_long=top and key.value == LONG)
            node.entries.append((key, value))
            if isinstance(key, Scalar) and key.value == MERGE and key.style is None:
                merged += value.value if isinstance(value.value, list) else [value.value]
            else:
                own[str(key.value)] = value.value
        node.value = own
        for source in merged:
            if isinstance(source, dict):
                node.value = {**source, **node.value}
        node.end = _end(node.flow, inner, [value for _, value in node.entries], place)
        return node

    def _value(self, event: Event, *, is_long: bool) -> Node:
        if is_long and event.__class__ is SequenceStartEvent and event.anchor is None:
            return self._sequence(event, _place(event), self._item)
        return self._node(event)

    def _item(self, event: Event) -> Node:
        """Read a device in full, or see where it ends."""
        start, _, line, column = _place(event)
        is_wanted = self._focus is None or line in self._focus or event.anchor is not None
        if is_wanted or event.__class__ is not MappingStartEvent:
            return self._node(event)
        flow = bool(event.flow_style)
        end, last = self._skip()
        return Mapping(start, last if flow else end, line, column, None, flow=flow)

    def _skip(self) -> tuple[int, int]:
        """Pass by the rest of a collection; give where its last value ends, and where it does."""
        end, depth = 0, 1
        while True:
            event: Event = self._next()
            kind = event.__class__
            if kind is ScalarEvent and event.anchor is None and event.style not in _BLOCK:
                end = event.end_mark.index
            elif kind in _STARTS and event.anchor is None:
                depth += 1
            elif kind in _ENDS:
                depth -= 1
                if (
                    event.end_mark.index > event.start_mark.index
                ):  # a bracket, which a block has not
                    end = event.end_mark.index
            else:  # what has an anchor is read: an alias elsewhere may stand for it
                end = self._node(event).end
            if not depth:
                return end, int(event.end_mark.index)

    def _sequence(
        self,
        event: Event,
        place: tuple[int, int, int, int],
        read: Callable[[Event], Node] | None = None,
    ) -> Sequence:
        node = Sequence(*place, None, flow=bool(event.flow_style))
        read = read or self._node
        while (inner := self._next()).__class__ is not SequenceEndEvent:
            node.items.append(read(inner))
        node.value = [item.value for item in node.items]
        node.end = _end(node.flow, inner, node.items, place)
        return node


def _place(event: Event) -> tuple[int, int, int, int]:
    mark = event.start_mark
    return mark.index, event.end_mark.index, mark.line + 1, mark.column


def _end(flow: bool, last: Event, inner: list[Node], place: tuple[int, int, int, int]) -> int:
    """Give where a collection ends: libyaml counts what follows a block, comments included."""
    if flow or not inner:
        return int(last.end_mark.index)
    return max(place[0], inner[-1].end)


def _scalar_value(event: Event) -> JSON:
    if not event.implicit[0]:
        return str(event.value)
    value = plain_value(event.value)
    return value.text if isinstance(value, Doubt) else value
