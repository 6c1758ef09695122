"""Hold the open secrets file: where each token stands in it, and whether somebody else touches it.

The lock keeps other applies away, nobody keeps an editor, a backup or a ``git clean`` away. What
this run wrote is therefore kept in memory too, masked, and written again if it is found missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.tokens.compaction import (
    append_lines,
    finish_compaction,
    probe_room,
    replace_content,
)
from fleetsync.tokens.index import Index, read_index
from fleetsync.tokens.line import Retired, parse_line, render_line, render_retired
from fleetsync.tokens.rescue import Loss, Place, find_place, move_into_place
from fleetsync.tokens.settling import plan_settling, token_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleetsync.model.token import Token
    from fleetsync.tokens.leaving import Leaving
    from fleetsync.tokens.line import Entry, Stamp
    from fleetsync.tokens.storage import Storage


class Content:
    """What stands in the file; every method but ``close`` may raise OSError."""

    def __init__(self, storage: Storage, path: Path) -> None:
        self._storage = storage
        self._path = path
        self._read: Index | None = None
        self._version: tuple[int, ...] = ()
        self._written: dict[str, Entry] = {}
        self._unsure: set[str] = set()

    @property
    def index(self) -> Index:
        """Where the tokens stand; the first look finishes what an earlier run had begun."""
        if self._read is None:
            finish_compaction(self._storage)
            self._version = self._storage.version()
            self._read = read_index(self._storage, 0, self._storage.size())
        return self._read

    def line_of(self, client_id: str) -> tuple[bytes, Entry] | None:
        """Give the line that counts for a device, and what it says; None if there is none."""
        offset = self.index.places.get(client_id)
        raw = b"" if offset is None else self._storage.line(offset)
        entry = parse_line(raw)
        # Somebody may have changed the file: then any line may stand there.
        return (raw, entry) if entry and entry.client_id == client_id else None

    def token_at(self, offset: int, client_id: str) -> Token | None:
        """Give the token of the line that begins there, if it is of that device."""
        return token_at(self._storage, offset, client_id)

    def is_sure(self, client_id: str) -> bool:
        """Tell whether what the file shows of a device is on the disk.

        A line whose writing failed may show all the same, and syncing once more proves nothing.
        """
        return client_id not in self._unsure

    def probe_room(self, size: int) -> None:
        """Find out whether so many bytes can be appended."""
        probe_room(self._storage, size)
        self._version = self._storage.version()

    def append(self, entries: Sequence[Entry]) -> None:
        """Write a line for each; when this returns they are on the disk."""
        index, self._read = self.index, None  # should this fail, the next look reads it anew
        self._unsure.update(entry.client_id for entry in entries)
        lines = [render_line(entry) for entry in entries]
        offset = append_lines(self._storage, b"".join(lines))
        self._version = self._storage.version()
        self._unsure.difference_update(entry.client_id for entry in entries)
        for entry, line in zip(entries, lines, strict=True):
            index.put(entry.client_id, offset)
            self._written[entry.client_id] = entry
            offset += len(line)
        self._read = index

    def append_retired(self, kept: Sequence[tuple[bytes, Entry]], stamp: Stamp) -> None:
        """Write a retired copy of whole lines; when this returns they are on the disk."""
        index, self._read = self.index, None
        lines = [render_retired(raw, entry, stamp) for raw, entry in kept]
        offset = append_lines(self._storage, b"".join(lines))
        self._version = self._storage.version()
        for (_, entry), line in zip(kept, lines, strict=True):
            index.put_retired(Retired(entry, stamp), offset)
            offset += len(line)
        self._read = index

    def settle(self, leaving: Leaving) -> None:
        """Take out what leaves the file; does nothing if nothing does."""
        settling = plan_settling(self._storage, self.index, leaving)
        if not settling.has_work():
            return
        self._read = None  # should this stop half-way, the next look finishes it first
        lines = settling.surviving(self._storage, self._storage.size())
        replace_content(self._storage, lines, growth=leaving.growth)
        self._version = self._storage.version()
        for client_id in self._written.keys() & leaving.gone:
            del self._written[client_id]

    def find_loss(self) -> Loss | None:
        """Look whether somebody touched the file, and save what can be saved.

        Raises SecretsError if another file stands at its place that nothing can be written to.
        """
        place = find_place(self._storage, self._path)
        if place is Place.HERE and self._version == self._storage.version():
            return None
        if place is Place.HERE:
            return self._look_again()
        moved, lacking = move_into_place(self._storage, self._path, self._written)
        self._storage.close()
        self._storage, self._read = moved, None
        return Loss(place, rewritten=lacking)

    def _look_again(self) -> Loss | None:
        """Read a file that somebody changed where it stands."""
        before, self._read = self._read, None
        index = self.index
        missing = before.places.keys() - index.places.keys() if before else set()
        lacking = [
            entry
            for client_id, entry in self._written.items()
            if client_id not in index.places
            or self.token_at(index.places[client_id], client_id) != entry.token
        ]
        if lacking:
            self.append(lacking)
        lost = len(missing - self._written.keys())
        return Loss(Place.HERE, rewritten=len(lacking), lost=lost) if lacking or lost else None

    def close(self) -> None:
        """Give up the lock."""
        self._storage.close()
