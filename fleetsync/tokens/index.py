"""Read a secrets file once and remember where each device's token stands, not the token.

The last whole line of a client id wins. Lines that cannot be read are judged: some hold no token
or only repeat another line, the others may be the only copy of a token and are never thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.tokens.line import broken_client_id, holds_no_token, is_blank, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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

    ``superseded`` counts whole lines that a later one replaces, ``repeats`` unreadable lines that
    hold no token or only repeat another; ``broken`` are the other unreadable lines.
    """

    places: dict[str, int] = field(default_factory=dict)
    superseded: int = 0
    repeats: int = 0
    broken: tuple[Broken, ...] = ()

    def put(self, client_id: str, offset: int) -> None:
        """Note that the newest line of a client id begins at ``offset``."""
        self.superseded += client_id in self.places
        self.places[client_id] = offset

    def stands_at(self, client_id: str, offset: int) -> bool:
        """Tell whether the newest line of a client id is the one at ``offset``."""
        return self.places.get(client_id) == offset

    def precious(self) -> tuple[Broken, ...]:
        """Give the unreadable lines that may hold the only copy of a token."""
        return tuple(broken for broken in self.broken if not self._is_superseded(broken))

    def is_tidy(self) -> bool:
        """Tell whether no line could be taken out without a loss."""
        return not (self.superseded or self.repeats or len(self.precious()) < len(self.broken))

    def _is_superseded(self, broken: Broken) -> bool:
        client_id = broken_client_id(broken.raw)
        return client_id is not None and self.places.get(client_id, -1) > broken.offset


def read_index(storage: Storage, start: int, end: int) -> Index:
    """Read all lines between two places of the file."""
    index = Index()
    unreadable = list(_unreadable(storage.lines(start, end), index))
    lines = (raw for _, raw in storage.lines(start, end))
    copies = _copies(unreadable, lines) if unreadable else set()
    index.broken = tuple(_without_repeats(unreadable, copies))
    index.repeats = len(unreadable) - len(index.broken)
    return index


def _unreadable(lines: Iterable[tuple[int, bytes]], index: Index) -> Iterator[Broken]:
    """Note the whole lines in the index, and give the others."""
    for number, (offset, raw) in enumerate(lines, 1):
        entry = parse_line(raw)
        if entry is not None:
            index.put(entry.client_id, offset)
        elif not is_blank(raw):
            yield Broken(offset, number, raw.removesuffix(b"\n"))


def _copies(broken: Sequence[Broken], lines: Iterable[bytes]) -> set[bytes]:
    """Give those broken lines that are but the beginning of a longer line."""
    wanted = {item.raw for item in broken}
    sizes = sorted({len(raw) for raw in wanted})
    found: set[bytes] = set()
    for raw in lines:
        line = raw.removesuffix(b"\n")
        found.update(line[:size] for size in sizes if size < len(line))
        found &= wanted
    return found


def _without_repeats(broken: Iterable[Broken], copies: set[bytes]) -> Iterator[Broken]:
    seen = set(copies)
    for item in broken:
        if item.raw not in seen and not holds_no_token(item.raw):
            yield item
        seen.add(item.raw)
