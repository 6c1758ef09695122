"""Keep device tokens in the secrets file: promised before they are used, settled at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from fleetsync.errors import SecretsError
from fleetsync.tokens.compaction import content_span
from fleetsync.tokens.content import Content
from fleetsync.tokens.leaving import Leaving
from fleetsync.tokens.line import Entry, Stamp, parse_line
from fleetsync.tokens.opening import (
    check_it_is_ours,
    explained,
    open_for_apply,
    open_for_reading,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fleetsync.model.token import Token
    from fleetsync.tokens.rescue import Loss
    from fleetsync.tokens.storage import Storage

_LINE_BYTES = 256
"""What the line of one device takes, and a little more."""

_DAMAGES = 20
"""How many broken lines are named one by one."""

_ADVICE = "no token in it was lost; free some space or mend the disk, and run again"


class TokenFile:
    """The secrets file of one apply, locked until it is closed; to be used by one thread.

    Lines of other orgs, keys that fleetsync does not know and lines that nobody can read stay as
    they are. Every method but ``close`` may raise SecretsError; none ever shows a token.
    """

    def __init__(self, storage: Storage, path: Path, *, org: str) -> None:
        self._content = Content(storage, path)
        self._path = path
        self._org = org
        self._leaving = Leaving(org)

    @classmethod
    def open(cls, path: Path, *, org: str) -> Self:
        """Check, make, lock and read the file, and finish what an earlier run had begun on it."""
        storage = open_for_apply(path)
        opened = cls(storage, path, org=org)
        try:
            with opened._explained("the secrets file cannot be read"):
                # A run that was killed before its sync may have left lines that no disk has yet.
                storage.sync()
                check_it_is_ours(storage, opened._content.index, path)
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
        self._content.close()

    @property
    def damage(self) -> tuple[str, ...]:
        """One sentence for each line that cannot be read and may hold a token; few if many."""
        with self._explained("the secrets file cannot be read"):
            broken = self._content.index.precious()
        named = [
            f"{self._path}:{each.number}: this line is not whole and may hold a token, so it is "
            "kept; mend it or delete it by hand"
            for each in broken[:_DAMAGES]
        ]
        if more := len(broken) - len(named):
            named.append(f"{self._path}: {more} more lines like these are not whole and are kept")
        return tuple(named)

    def known(self, client_id: str) -> Token | None:
        """Give the valid token that stands in the file for a device, or None."""
        with self._explained("the secrets file cannot be read"):
            found = self._content.line_of(client_id)
        return found[1].token if found and client_id not in self._leaving.gone else None

    def retired(self, client_id: str, run: str) -> Token | None:
        """Give the token that a run retired for a device, or None; it is not valid."""
        with self._explained("the secrets file cannot be read"):
            offset = self._content.index.retired.get(run, {}).get(client_id)
            if offset is None:
                return self._leaving.retiring(client_id, run)
            return self._content.token_at(offset, client_id)

    def last_retired(self, client_id: str) -> Token | None:
        """Give the token that the newest run retired for a device, or None; it is not valid."""
        with self._explained("the secrets file cannot be read"):
            retired = self._content.index.retired
        runs = [run for run, places in retired.items() if client_id in places]
        return self.retired(client_id, max(runs)) if runs else None

    def check_room(self, devices: int) -> None:
        """Make sure that the tokens of so many more devices have room; nothing stays written.

        Before an apply changes anything: once it has, a full disk would stop it half-way.
        """
        with self._explained("there is no room for the tokens of the new devices"):
            self._content.probe_room(devices * _LINE_BYTES)

    def promise(self, entries: Iterable[Entry]) -> None:
        """Write tokens down; when this returns they are on the disk.

        What already stands there is not written again; of several entries for one device the
        last counts. If it fails, no line was added. It also fails if somebody touched the file so
        that tokens were missing; then what could be saved of them has been.
        """
        wanted = {entry.client_id: entry for entry in entries}
        self._check_nobody_touched_it()
        fresh = [
            one
            for name, one in wanted.items()
            if self.known(name) != one.token or not self._content.is_sure(name)
        ]
        if not all(entry.belongs_to(self._org) for entry in fresh):
            raise ValueError(f"an entry is not of the org {self._org}")
        if fresh:
            with self._explained("the tokens cannot be written down"):
                self._content.append(fresh)
            for entry in fresh:
                self._leaving.return_of(entry)
            self._check_nobody_touched_it()

    def drop(self, client_ids: Collection[str]) -> None:
        """Mark tokens that never became valid; ``settle`` removes them."""
        self._leaving.drop(client_ids)

    def retire(self, client_ids: Iterable[str], *, run: str, at: str) -> None:
        """Mark the tokens of devices that a run deleted; ``settle`` keeps them as retired ones.

        What the file does not know is passed over. ``at`` is when, as a date of the platform. Of
        several tokens of one device and run, the first is kept. A token that is promised again is
        no longer retired.
        """
        with self._explained("the secrets file cannot be read"):
            for client_id in client_ids:
                self._retire(client_id, Stamp(run, at))

    def _retire(self, client_id: str, stamp: Stamp) -> None:
        if self.retired(client_id, stamp.run) is not None:
            self._leaving.drop([client_id])
        elif client_id not in self._leaving.gone and (found := self._content.line_of(client_id)):
            self._leaving.retire(*found, stamp)

    def keep_old(self, client_ids: Iterable[str], *, run: str, at: str) -> None:
        """Write retired copies of the valid tokens of devices that a run is about to delete.

        When this returns they are on the disk: whatever is promised in their place, they can be
        read. One whose device stays is tidied up by ``settle``.
        """
        self._check_nobody_touched_it()
        with self._explained("the old tokens cannot be kept"):
            known = (self._content.line_of(client_id) for client_id in client_ids)
            found = [
                line for line in known if line and self.retired(line[1].client_id, run) is None
            ]
            if found:
                self._content.append_retired(found, Stamp(run, at))

    def forget_retired(self, keep_runs: Collection[str]) -> None:
        """Mark what other runs than these retired in this org; ``settle`` removes it."""
        self._leaving.keep_runs(keep_runs)

    def settle(self) -> None:
        """Leave exactly one line for each device, and the retired ones that are still wanted."""
        loss = self._find_loss()
        with self._explained("the tokens of deleted devices cannot be taken out"):
            self._content.settle(self._leaving)
        self._leaving.settled()
        loss = loss or self._find_loss()
        if loss is not None:
            raise SecretsError(f"{self._path}: {loss}")

    def _check_nobody_touched_it(self) -> None:
        loss = self._find_loss()
        if loss is not None:
            raise SecretsError(f"{self._path}: {loss}")

    def _find_loss(self) -> Loss | None:
        what = "somebody touched the secrets file during the run, and it cannot be mended"
        advice = "tokens may be lost; mend the disk or restore a backup, and run again"
        with explained(self._path, what=what, advice=advice):
            return self._content.find_loss()

    def _explained(self, what: str) -> AbstractContextManager[None]:
        return explained(self._path, what=what, advice=_ADVICE)


def read_tokens(path: Path) -> Mapping[str, Entry]:
    """Read all valid tokens of a secrets file by client id; one that does not exist holds none.

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
