"""Read a secrets file once and remember where each device's token stands, not the token.

The last whole line of a client id wins. Lines that cannot be read are judged: some hold no token
or only repeat another line, the others may be the only copy of a token and are never thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.tokens.line import Entry, Retired, is_blank, parse
from fleetsync.tokens.remains import holds_no_token, torn_client_id
from fleetsync.tokens.repeats import find_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleetsync.tokens.storage import Storage


class Broken(NamedTuple):
    """An unreadable line: where it begins, its number from 1, and its bytes without line end."""

    offset: int
    number: int
    raw: bytes

    def __repr__(self) -> str:
        return f"Broken(offset={self.offset}, number={self.number}, raw=***)"


@dataclass
class Index:
    """Where the newest whole line of each client id begins, and what else was found.

    ``retired`` says by run and client id where a retired token stands: the first one, which is what
    the device had before the run. ``superseded`` counts whole lines that another one replaces,
    ``blanks`` empty ones, ``repeats`` unreadable ones that hold no token or only repeat another;
    ``broken`` are the other unreadable lines.
    """

    places: dict[str, int] = field(default_factory=dict)
    retired: dict[str, dict[str, int]] = field(default_factory=dict)
    superseded: int = 0
    blanks: int = 0
    repeats: int = 0
    broken: tuple[Broken, ...] = ()

    def put(self, client_id: str, offset: int) -> None:
        """Note that the newest line of a client id begins at ``offset``."""
        self.superseded += client_id in self.places
        self.places[client_id] = offset

    def put_retired(self, item: Retired, offset: int) -> None:
        """Note that a retired token stands at ``offset``, unless its run retired one before."""
        places = self.retired.setdefault(item.stamp.run, {})
        self.superseded += item.entry.client_id in places
        places.setdefault(item.entry.client_id, offset)

    def stands_at(self, found: Entry | Retired, offset: int) -> bool:
        """Tell whether a line that begins at ``offset`` is the one that counts."""
        if isinstance(found, Entry):
            return self.places.get(found.client_id) == offset
        return self.retired.get(found.stamp.run, {}).get(found.entry.client_id) == offset

    def precious(self) -> tuple[Broken, ...]:
        """Give the unreadable lines that may hold the only copy of a token."""
        return tuple(broken for broken in self.broken if not self._is_superseded(broken))

    def is_tidy(self) -> bool:
        """Tell whether no line could be taken out without a loss."""
        useless = self.superseded + self.blanks + self.repeats
        return not useless and len(self.precious()) == len(self.broken)

    def _is_superseded(self, broken: Broken) -> bool:
        client_id = torn_client_id(broken.raw)
        return client_id is not None and self.places.get(client_id, -1) > broken.offset


def read_index(storage: Storage, start: int, end: int) -> Index:
    """Read all lines between two places of the file."""
    index = Index()
    unreadable = list(_unreadable(storage.lines(start, end), index))
    if unreadable:
        lines = (raw for _, raw in storage.lines(start, end))
        repeats = find_repeats({item.raw for item in unreadable}, lines)
        index.broken = tuple(_without_repeats(unreadable, repeats))
        index.repeats = len(unreadable) - len(index.broken)
    return index


def _unreadable(lines: Iterable[tuple[int, bytes]], index: Index) -> Iterator[Broken]:
    """Note the whole lines in the index, and give the others."""
    for number, (offset, raw) in enumerate(lines, 1):
        found = parse(raw)
        if isinstance(found, Entry):
            index.put(found.client_id, offset)
        elif isinstance(found, Retired):
            index.put_retired(found, offset)
        elif is_blank(raw):
            index.blanks += 1
        else:
            # A power cut may have left blank bytes in front, where nothing was written.
            yield Broken(offset, number, raw.removesuffix(b"\n").lstrip(b"\0"))


def _without_repeats(broken: Iterable[Broken], repeats: set[bytes]) -> Iterator[Broken]:
    seen = set(repeats)
    for item in broken:
        if item.raw not in seen and not holds_no_token(item.raw):
            yield item
        seen.add(item.raw)
