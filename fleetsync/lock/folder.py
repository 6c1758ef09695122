"""Let one apply at a time work on a fleet's folder; the lock goes with its process."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fleetsync.errors import FileError, LockedError
from fleetsync.workdir import WORKDIR, make_workdir

_LOOK_SECONDS = 0.1
_SHOWN_BYTES = 4000
_MOST_RUNS = 20


class FolderLock:
    """The lock of a folder while it is held.

    ``earlier`` are runs that its last holder wrote down and did not live to strike out: with the
    lock held, none of them is alive. A copy of the folder says nothing of the runs of the original.
    """

    def __init__(self, file: Path, place: str, now: str) -> None:
        self._file = file
        self._place = place
        self._now = now
        self.earlier = self._read_earlier()
        self._write(self.earlier)

    def note_run(self, run: str) -> None:
        """Write down which run is at work, so that the next one knows if this one was killed."""
        self._write((run, *self.earlier)[:_MOST_RUNS])

    def _read_earlier(self) -> tuple[str, ...]:
        holder = _read(self._file)
        runs = holder.get("runs") if holder.get("place") == self._place else None
        return tuple(run for run in runs if isinstance(run, str)) if isinstance(runs, list) else ()

    def _write(self, runs: tuple[str, ...]) -> None:
        holder = {"process": os.getpid(), "since": self._now, "place": self._place, "runs": runs}
        with suppress(OSError):  # a courtesy that may fail
            _write(self._file, json.dumps(holder) + "\n")


@contextmanager
def lock_fleet(
    folder: Path, *, now: str, wait: float, notify: Callable[[str], None]
) -> Iterator[FolderLock]:
    """Hold the lock of a fleet's folder while the block runs.

    It is the system's own lock on the folder itself, so a killed process leaves none behind. Who
    holds it stands in ``.fleetsync/lock`` meanwhile, for others to read. ``wait`` is how many
    seconds to wait for another apply to end; ``now`` is what others are told. Raises LockedError.
    """
    descriptor = _open(folder)
    try:
        _take(descriptor, folder, wait, notify)
        with _named_holder(folder, _place(descriptor), now) as lock:
            yield lock
    finally:
        os.close(descriptor)


def held_since(folder: Path) -> str | None:
    """Tell since when a living process holds the lock, as far as it has written that down.

    Takes no lock, for an apply that begins just then would be refused.
    """
    holder = _read(folder / WORKDIR / "lock")
    since, process = holder.get("since"), holder.get("process")
    if isinstance(since, str) and isinstance(process, int) and _lives(process):
        return since
    return None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return process > 0


def _open(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        words = f"{folder}: the folder cannot be locked: {error.strerror}; make it readable"
        raise FileError(words) from error


def _take(descriptor: int, folder: Path, wait: float, notify: Callable[[str], None]) -> None:
    ends_at = time.monotonic() + wait
    told = False
    while not _try(descriptor):
        holder = _read_holder(folder / WORKDIR / "lock")
        if time.monotonic() >= ends_at:
            raise LockedError(
                f"{folder}: another apply is at work on this fleet{holder};"
                " try again when it has ended, or wait for it with --wait SECONDS"
            )
        if not told:
            notify(f"waiting up to {wait:g} s for another apply to end{holder}")
            told = True
        time.sleep(_LOOK_SECONDS)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _named_holder(folder: Path, place: str, now: str) -> Iterator[FolderLock]:
    """Write down who holds the lock, and leave the folder as it was."""
    workdir, made = folder / WORKDIR, False
    with suppress(OSError):
        workdir, made = make_workdir(folder)
    file = workdir / "lock"
    try:
        yield FolderLock(file, place, now)
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        if made:
            _unmake(workdir)


def _place(descriptor: int) -> str:
    """Name this very folder on this machine; a copy of it elsewhere has another name."""
    found = os.fstat(descriptor)
    return f"{platform.node()[:60]}:{found.st_dev}:{found.st_ino}"


def _unmake(place: Path) -> None:
    """Take the folder away again, unless something was put there meanwhile."""
    with suppress(OSError):
        if [path.name for path in place.iterdir()] == [".gitignore"]:
            (place / ".gitignore").unlink()
            place.rmdir()


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _read_holder(path: Path) -> str:
    """Say who holds the lock; a holder that has not written it down stays unnamed."""
    holder = _read(path)
    try:
        return f" (process {int(holder['process'])}, since {str(holder['since'])[:30]})"
    except (ValueError, KeyError, TypeError):
        return ""


def _read(path: Path) -> dict[str, Any]:  # Any: whatever somebody wrote there
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            value = json.loads(file.read(_SHOWN_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
