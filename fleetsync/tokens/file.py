"""Keep device tokens in the secrets file: promised before they are used, settled at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from fleetsync.errors import SecretsError
from fleetsync.tokens.compaction import (
    append_lines,
    content_span,
    finish_compaction,
    probe_room,
    replace_content,
)
from fleetsync.tokens.index import Index, read_index
from fleetsync.tokens.line import Entry, parse_line, render_line
from fleetsync.tokens.opening import explained, open_for_apply, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fleetsync.model.token import Token
    from fleetsync.tokens.storage import Storage

_LINE_BYTES = 256
"""What the line of one device takes, and a little more."""

_ADVICE = "no token in it was lost; free some space or mend the disk, and run again"


class TokenFile:
    """The secrets file of one apply, locked until it is closed; to be used by one thread.

    Lines of other orgs, keys that fleetsync does not know and lines that nobody can read stay as
    they are. Every method but ``close`` may raise SecretsError; none ever shows a token.
    """

    def __init__(self, storage: Storage, path: Path, *, org: str) -> None:
        self._storage = storage
        self._path = path
        self._org = org
        self._read: Index | None = None
        self._dropped: set[str] = set()

    @classmethod
    def open(cls, path: Path, *, org: str) -> Self:
        """Check, make, lock and read the file, and finish what an earlier run had begun on it."""
        opened = cls(open_for_apply(path), path, org=org)
        try:
            opened._check_it_is_ours()
        except BaseException:
            opened.close()
            raise
        return opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the lock; without ``settle`` nothing is removed."""
        self._storage.close()

    @property
    def damage(self) -> tuple[str, ...]:
        """One sentence for each line that cannot be read and may hold a token."""
        return tuple(
            f"{self._path}:{broken.number}: this line is not whole and may hold a token, so it is "
            "kept; mend it or delete it by hand"
            for broken in self._index.precious()
        )

    def known(self, client_id: str) -> Token | None:
        """Give the token that stands in the file for a device, or None."""
        offset = self._index.places.get(client_id)
        if offset is None or client_id in self._dropped:
            return None
        entry = parse_line(self._storage.line(offset))
        return entry.token if entry else None

    def check_room(self, devices: int) -> None:
        """Make sure that the tokens of so many more devices have room; nothing stays written.

        Before an apply changes anything: once it has, a full disk would stop it half-way.
        """
        with self._explained("there is no room for the tokens of the new devices"):
            probe_room(self._storage, devices * _LINE_BYTES)

    def promise(self, entries: Iterable[Entry]) -> None:
        """Write tokens down; when this returns they are on the disk.

        What already stands there is not written again; of several entries for one device the
        last counts. If it fails, no line was added.
        """
        wanted = {entry.client_id: entry for entry in entries}
        fresh = [one for name, one in wanted.items() if self.known(name) != one.token]
        if not all(entry.belongs_to(self._org) for entry in fresh):
            raise ValueError(f"an entry is not of the org {self._org}")
        if fresh:
            self._append(fresh)

    def drop(self, client_ids: Collection[str]) -> None:
        """Mark the tokens of devices that exist no longer; ``settle`` removes them."""
        self._dropped.update(client_ids)

    def settle(self) -> None:
        """Leave exactly one line for each device: take out what was dropped or superseded."""
        index = self._index
        gone = index.places.keys() & self._dropped
        if not gone and index.is_tidy():
            return
        self._read = None  # should this stop half-way, the next look finishes it first
        with self._explained("the tokens of deleted devices cannot be taken out"):
            replace_content(self._storage, self._surviving(index, self._storage.size()))
        self._dropped.clear()

    def _check_it_is_ours(self) -> None:
        index = self._index
        if index.broken and not index.places and not self._storage.read(0, 1) == b"{":
            raise SecretsError(
                f"{self._path}: this is not a secrets file of fleetsync, so it was left alone; "
                "name another file under secrets.file in fleet.yaml"
            )

    @property
    def _index(self) -> Index:
        if self._read is None:
            with self._explained("the secrets file cannot be read"):
                finish_compaction(self._storage)
                self._read = read_index(self._storage, 0, self._storage.size())
        return self._read

    def _append(self, entries: list[Entry]) -> None:
        lines = [render_line(entry) for entry in entries]
        with self._explained("the tokens cannot be written down"):
            offset = append_lines(self._storage, b"".join(lines))
            self._check_it_was_not_deleted()
        for entry, line in zip(entries, lines, strict=True):
            self._index.put(entry.client_id, offset)
            self._dropped.discard(entry.client_id)
            offset += len(line)

    def _check_it_was_not_deleted(self) -> None:
        if not self._storage.has_a_name():
            raise SecretsError(
                f"{self._path}: somebody deleted the secrets file during the run, so no token can "
                "be kept; find out who did (a 'git clean'?), and run again"
            )

    def _surviving(self, index: Index, size: int) -> Iterator[bytes]:
        for offset, raw in self._storage.lines(0, size):
            entry = parse_line(raw)
            if entry is None or entry.client_id in self._dropped:
                continue
            if index.stands_at(entry.client_id, offset):
                yield raw.removesuffix(b"\n") + b"\n"
        for broken in index.precious():
            yield broken.raw + b"\n"

    def _explained(self, what: str) -> AbstractContextManager[None]:
        return explained(self._path, what=what, advice=_ADVICE)


def read_tokens(path: Path) -> Mapping[str, Entry]:
    """Read all tokens of a secrets file by client id; a file that does not exist holds none.

    Raises SecretsError, also when an apply is at work on the file. Nothing is written.
    """
    storage = open_for_reading(path)
    if storage is None:
        return {}
    try:
        with explained(path, what="the secrets file cannot be read", advice="mend the disk"):
            span = content_span(storage)
            entries = (parse_line(raw) for _, raw in storage.lines(*span))
            return {entry.client_id: entry for entry in entries if entry}
    finally:
        storage.close()
