"""Decide which lines of a secrets file stay when a run has ended, and which become retired ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetsync.tokens.line import Entry, Retired, parse, render_retired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.model.token import Token
    from fleetsync.tokens.index import Index
    from fleetsync.tokens.leaving import Leaving
    from fleetsync.tokens.storage import Storage


@dataclass(frozen=True)
class Settling:
    """What a file holds, what leaves it, and where retired tokens stand that are valid again."""

    index: Index
    leaving: Leaving
    restored: frozenset[int]

    def has_work(self) -> bool:
        """Tell whether any line would change."""
        gone = any(map(self.leaving.is_gone, self.index.places))
        return gone or bool(self.restored) or not self.index.is_tidy() or self._forgets_any()

    def _forgets_any(self) -> bool:
        return any(
            self.leaving.forgets(run, client_id)
            for run, places in self.index.retired.items()
            for client_id in places
        )

    def surviving(self, storage: Storage, end: int) -> Iterator[bytes]:
        """Give the lines before ``end`` that stay, as they are or retired; unreadable ones last."""
        retired: set[str] = set()
        for offset, raw in storage.lines(0, end):
            found = parse(raw)
            stamp = self.leaving.stamp_for(found) if isinstance(found, Entry) else None
            if isinstance(found, Entry) and stamp is not None:
                if found.client_id not in retired:
                    yield render_retired(raw, found, stamp)
                retired.add(found.client_id)
            elif found is not None and self._stays(found, offset):
                yield raw.removesuffix(b"\n") + b"\n"
        for broken in self.index.precious():
            yield broken.raw + b"\n"

    def _stays(self, found: Entry | Retired, offset: int) -> bool:
        if not self.index.stands_at(found, offset):
            return False
        if isinstance(found, Entry):
            return not self.leaving.is_gone(found.client_id)
        run, client_id = found.stamp.run, found.entry.client_id
        return offset not in self.restored and not self.leaving.forgets(run, client_id)


def plan_settling(storage: Storage, index: Index, leaving: Leaving) -> Settling:
    """Look what settling has to do. Raises OSError."""
    restored = {
        places[client_id]
        for places in index.retired.values()
        for client_id in places.keys() & index.places.keys()
        if not leaving.is_gone(client_id)
        and token_at(storage, places[client_id]) == token_at(storage, index.places[client_id])
    }
    return Settling(index, leaving, frozenset(restored))


def token_at(storage: Storage, offset: int, client_id: str | None = None) -> Token | None:
    """Give the token of the line that begins there, valid or retired; None if it is not whole.

    With ``client_id`` the line must be of that device: somebody may have changed the file.
    """
    found = parse(storage.line(offset))
    entry = found.entry if isinstance(found, Retired) else found
    if entry is None or client_id not in (None, entry.client_id):
        return None
    return entry.token
