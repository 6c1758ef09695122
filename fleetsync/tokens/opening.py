"""Open the secrets file: privately made, never through a link, and by one apply at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleetsync.errors import SecretsError
from fleetsync.tokens.guard import check_file, check_secrets_path
from fleetsync.tokens.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleetsync.tokens.index import Index

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def explained(path: Path, *, what: str, advice: str) -> Iterator[None]:
    """Turn an error of the system into a SecretsError that says what failed and what to do."""
    try:
        yield
    except OSError as error:
        why = "no space is left for it" if error.errno in _NO_SPACE else error.strerror
        raise SecretsError(f"{path}: {what}: {why}; {advice}") from error


def open_for_apply(path: Path) -> Storage:
    """Check the path, make folder (0700) and file (0600) if need be, and lock the file.

    Raises SecretsError, also when another apply holds it.
    """
    check_secrets_path(path)
    advice = "choose another place under secrets.file in fleet.yaml, or mend this one"
    with explained(path, what="the secrets file cannot be opened", advice=advice):
        _make_folder(path.parent)
        return _locked(_open_or_make(path), path, fcntl.LOCK_EX)


def check_it_is_ours(storage: Storage, index: Index, path: Path) -> None:
    """Raise SecretsError if a file holds something else than tokens. Raises OSError."""
    if not index.broken or index.places or index.retired or storage.read(0, 1) == b"{":
        return
    if not any(b"authToken" in broken.raw for broken in index.broken):
        raise SecretsError(
            f"{path}: this is not a secrets file of fleetsync, so it was left alone; "
            "name another file under secrets.file in fleet.yaml"
        )


def open_for_reading(path: Path) -> Storage | None:
    """Open an existing secrets file that no apply holds; None if there is none.

    Raises SecretsError.
    """
    advice = "make it readable for the user who runs fleetsync, and for nobody else"
    with explained(path, what="the secrets file cannot be read", advice=advice):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        return _locked(descriptor, path, fcntl.LOCK_SH)


def _make_folder(folder: Path) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in missing:
        _sync_folder(place.parent)


def _open_or_make(path: Path) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    try:
        os.fchmod(descriptor, 0o600)  # an odd umask could have taken away the owner's rights
        _sync_folder(path.parent)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, path: Path, kind: int) -> Storage:
    storage = Storage(descriptor)
    try:
        _lock(descriptor, path, kind)
    except BaseException:
        storage.close()
        raise
    return storage


def _lock(descriptor: int, path: Path, kind: int) -> None:
    found = os.fstat(descriptor)
    if kind == fcntl.LOCK_EX:
        check_file(path, found)  # once more: by now it may be another one than was looked at
    elif not stat.S_ISREG(found.st_mode):
        raise SecretsError(f"{path}: the secrets file is not a regular file; name another one")
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SecretsError(
            f"{path}: another apply holds it; try again when that has ended"
        ) from None
