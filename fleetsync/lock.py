"""Let one apply at a time work on a fleet's folder; the lock goes with its process."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fleetsync.errors import FileError, LockedError
from fleetsync.workdir import WORKDIR, make_workdir

_LOOK_SECONDS = 0.1
_SHOWN_BYTES = 1000


@contextmanager
def lock_fleet(
    folder: Path, *, now: str, wait: float, notify: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock of a fleet's folder while the block runs.

    It is the system's own lock on the folder itself, so a killed process leaves none behind. Who
    holds it stands in ``.fleetsync/lock`` meanwhile, for others to read. ``wait`` is how many
    seconds to wait for another apply to end; ``now`` is what others are told. Raises LockedError.
    """
    descriptor = _open(folder)
    try:
        _take(descriptor, folder, wait, notify)
        with _named_holder(folder, now):
            yield
    finally:
        os.close(descriptor)


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
def _named_holder(folder: Path, now: str) -> Iterator[None]:
    """Write down who holds the lock, and leave the folder as it was; a courtesy that may fail."""
    text = json.dumps({"process": os.getpid(), "since": now}) + "\n"
    place, made = folder / WORKDIR, False
    with suppress(OSError):
        place, made = make_workdir(folder)
        _write(place / "lock", text)
    try:
        yield
    finally:
        with suppress(OSError):
            (place / "lock").unlink(missing_ok=True)
        if made:
            _unmake(place)


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
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            holder = json.loads(file.read(_SHOWN_BYTES))
        return f" (process {int(holder['process'])}, since {str(holder['since'])[:30]})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
