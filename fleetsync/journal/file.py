"""Write the journal of one run: append only, and on the disk before a request goes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Self

from fleetsync.errors import JournalError
from fleetsync.journal.entry import (
    Aim,
    Answer,
    Before,
    Deed,
    End,
    Entry,
    Name,
    Request,
    Seen,
    Sight,
    entry_object,
)
from fleetsync.journal.line import FIRST, DamagedJournalError, write_line
from fleetsync.journal.run import Run, read_run

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1000
"""So many entries are written at once, so that a million of them need little memory."""


class Journal:
    """The journal of a run at work; safe to use from many threads at once.

    Once it could not be written, every further ``begin`` and ``keep`` raises JournalError, so that
    nothing is done without being noted; what is noted afterwards (``end``, ``see``) never raises,
    for what has happened has happened.
    """

    def __init__(
        self, path: Path, descriptor: int, *, check: str, now: Callable[[], str], number: int = 0
    ) -> None:
        self.path = path
        self.fault: JournalError | None = None
        self._descriptor = descriptor
        self._check = check
        self._now = now
        self._number = number
        self._lock = Lock()

    @classmethod
    def create(cls, path: Path, first: Entry, *, now: Callable[[], str]) -> Self:
        """Make the file of a new run; raises JournalError, and leaves no file then."""
        try:
            descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _explained(path, error) from error
        journal = cls(path, descriptor, check=FIRST, now=now)
        try:
            journal._note([first], sync=True)
            sync_folder(path.parent)
        except BaseException as error:
            journal.close()
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _explained(path, error) from error
            raise
        return journal

    @classmethod
    def reopen(cls, path: Path, run: Run, *, now: Callable[[], str]) -> Self:
        """Go on with the file of an earlier run; a last line that was cut in two is taken out."""
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError as error:
            raise _explained(path, error) from error
        number = max((request.number for request in run.requests), default=0)
        journal = cls(path, descriptor, check=run.check, now=now, number=number)
        try:
            os.ftruncate(descriptor, run.length)
            if os.pread(descriptor, 1, run.length - 1) != b"\n":
                os.write(descriptor, b"\n")
        except OSError as error:
            journal.close()
            raise _explained(path, error) from error
        return journal

    def aim(self, aim: Aim) -> None:
        """Note which devices a rotation is about; it is on the disk when this returns."""
        self._note([aim], sync=True)

    def keep(self, befores: Iterable[Before]) -> None:
        """Note what is live, before it is changed; it is on the disk when this returns."""
        self._note(befores, sync=True)

    def begin(self, deed: Deed, names: Sequence[Name], known: Sequence[Name] = ()) -> int:
        """Note a request before it is sent; when this returns it is on the disk."""
        with self._lock:
            self._number += 1
            number = self._number
        self._note([Request(number, deed, tuple(names), tuple(known))], sync=True)
        return number

    def end(self, answer: Answer) -> None:
        """Note how a request ended; it need not be on the disk, for the org can be asked again."""
        self._note_if_possible(answer)

    def see(self, sight: Sight, names: Sequence[Name]) -> None:
        """Note what was seen of items whose fate was unknown."""
        if names:
            self._note_if_possible(Seen(sight, tuple(names)))

    def finish(self, end: End) -> None:
        """Note how the run ended, and whether all is settled, and put all on the disk."""
        self._note_if_possible(end._replace(settled=self._leaves_nothing_open()), sync=True)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _leaves_nothing_open(self) -> bool:
        """Read back what is on the disk: what cannot be read now is read again by the next run."""
        try:
            with self.path.open("rb") as file:
                run = read_run(file, befores=False)
        except (OSError, DamagedJournalError):
            return False
        return run is not None and not run.leaves_open

    def _note_if_possible(self, entry: Entry, *, sync: bool = False) -> None:
        try:
            self._note([entry], sync=sync)
        except JournalError:
            return  # it is kept in ``fault``, and nothing further is begun

    def _note(self, entries: Iterable[Entry], *, sync: bool) -> None:
        at = self._now()
        with self._lock:
            if self.fault is not None:
                raise self.fault
            try:
                left = iter(entries)
                while chunk := list(islice(left, _CHUNK)):
                    self._append(at, chunk)
                if sync:
                    self._sync()
            except OSError as error:
                self.fault = _explained(self.path, error)
                raise self.fault from error

    def _append(self, at: str, entries: Iterable[Entry]) -> None:
        lines = []
        for entry in entries:
            raw, self._check = write_line({"at": at, **entry_object(entry)}, self._check)
            lines.append(raw)
        rest = memoryview(b"".join(lines))
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _sync(self) -> None:
        os.fsync(self._descriptor)
        if os.fstat(self._descriptor).st_nlink == 0:
            raise FileNotFoundError(2, "somebody deleted it during the run")


def _explained(path: Path, error: OSError) -> JournalError:
    words = f"{path}: the journal cannot be written: {error.strerror}"
    return JournalError(f"{words}; nothing is done that is not noted there: mend it, and run again")


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
