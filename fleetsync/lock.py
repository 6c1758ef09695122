"""Let one apply at a time work on a fleet's folder; the lock goes with its process."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fleetsync.errors import FileError, LockedError

_LOOK_SECONDS = 0.1
_SHOWN_BYTES = 1000


@contextmanager
def lock_fleet(
    folder: Path, *, now: str, wait: float, notify: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock of a fleet's folder while the block runs.

    The lock is the system's own, so nothing is left behind when a process is killed. ``wait`` is
    how many seconds to wait for another apply to end; ``now`` is what others are told. Raises
    LockedError, and FileError where ``.fleetsync`` cannot be made.
    """
    descriptor = _open(folder / ".fleetsync" / "lock")
    try:
        _take(descriptor, folder, wait, notify)
        _write_holder(descriptor, now)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ignore = path.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        words = f"{path}: the lock cannot be made: {error.strerror}; make the folder writable"
        raise FileError(words) from error


def _take(descriptor: int, folder: Path, wait: float, notify: Callable[[str], None]) -> None:
    ends_at = time.monotonic() + wait
    told = False
    while not _try(descriptor):
        holder = _read_holder(descriptor)
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


def _write_holder(descriptor: int, now: str) -> None:
    text = json.dumps({"process": os.getpid(), "since": now}) + "\n"
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _read_holder(descriptor: int) -> str:
    """Say who holds the lock; a holder that has not written it down yet stays unnamed."""
    try:
        holder = json.loads(os.pread(descriptor, _SHOWN_BYTES, 0))
        return f" (process {int(holder['process'])}, since {str(holder['since'])[:30]})"
    except (ValueError, KeyError, TypeError):
        return ""
