"""Write the journal of one run: append only, and on the disk before a request goes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Self

from fleetsync.errors import JournalError
from fleetsync.journal.entry import (
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
from fleetsync.journal.line import FIRST, write_line

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Journal:
    """The journal of a run at work; safe to use from many threads at once.

    Once it could not be written, every further ``begin`` and ``keep`` raises JournalError, so that
    nothing is done without being noted; what is noted afterwards (``end``, ``see``) never raises,
    for what has happened has happened.
    """

    def __init__(self, path: Path, descriptor: int, *, check: str, now: Callable[[], str]) -> None:
        self.path = path
        self.fault: JournalError | None = None
        self._descriptor = descriptor
        self._check = check
        self._now = now
        self._number = 0
        self._lock = Lock()

    @classmethod
    def create(cls, path: Path, first: Entry, *, now: Callable[[], str]) -> Self:
        """Make the file of a new run; raises JournalError."""
        try:
            descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _explained(path, error) from error
        journal = cls(path, descriptor, check=FIRST, now=now)
        try:
            journal._note([first], sync=True)
            _sync_folder(path.parent)
        except BaseException as error:
            journal.close()
            if isinstance(error, OSError):
                raise _explained(path, error) from error
            raise
        return journal

    @classmethod
    def reopen(cls, path: Path, *, length: int, check: str, now: Callable[[], str]) -> Self:
        """Go on with the file of an earlier run; a last line that was cut in two is taken out."""
        try:
            descriptor = os.open(path, _FLAGS)
            os.ftruncate(descriptor, length)
        except OSError as error:
            raise _explained(path, error) from error
        return cls(path, descriptor, check=check, now=now)

    def keep(self, befores: Iterable[Before]) -> None:
        """Note what is live, before it is changed; it is on the disk when this returns."""
        self._note(list(befores), sync=True)

    def begin(self, deed: Deed, names: Sequence[Name]) -> int:
        """Note a request before it is sent; when this returns it is on the disk."""
        with self._lock:
            self._number += 1
            number = self._number
        self._note([Request(number, deed, tuple(names))], sync=True)
        return number

    def end(self, answer: Answer) -> None:
        """Note how a request ended; it need not be on the disk, for the org can be asked again."""
        self._note_if_possible(answer)

    def see(self, sight: Sight, names: Sequence[Name]) -> None:
        """Note what was seen of items whose fate was unknown."""
        if names:
            self._note_if_possible(Seen(sight, tuple(names)))

    def finish(self, end: End) -> None:
        """Note how the run ended, and put all on the disk."""
        self._note_if_possible(end, sync=True)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _note_if_possible(self, entry: Entry, *, sync: bool = False) -> None:
        try:
            self._note([entry], sync=sync)
        except JournalError:
            return  # it is kept in ``fault``, and nothing further is begun

    def _note(self, entries: Sequence[Entry], *, sync: bool) -> None:
        at = self._now()
        with self._lock:
            if self.fault is not None:
                raise self.fault
            try:
                self._append(at, entries)
                if sync:
                    os.fsync(self._descriptor)
            except OSError as error:
                self.fault = _explained(self.path, error)
                raise self.fault from error

    def _append(self, at: str, entries: Sequence[Entry]) -> None:
        lines = []
        for entry in entries:
            raw, self._check = write_line({"at": at, **entry_object(entry)}, self._check)
            lines.append(raw)
        rest = memoryview(b"".join(lines))
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def _explained(path: Path, error: OSError) -> JournalError:
    words = f"{path}: the journal cannot be written: {error.strerror}"
    return JournalError(f"{words}; nothing is done that is not noted there: mend it, and run again")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
