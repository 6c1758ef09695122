"""Read the bytes of regular files, and hold the tables of device sets inside the fleet's folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PurePosixPath

from fleetsync.manifest.words import quote


class OutsideError(ValueError):
    """A path that leads out of the fleet's folder; its text says why. Never leaves the room."""


def read_file(path: Path) -> bytes:
    """Read a regular file; anything else, which might block for ever, is an OSError."""
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file")
        return file.read()


def _open_at_once(name: str, flags: int) -> int:
    # Opening a pipe would else wait for somebody to write into it.
    return os.open(name, flags | os.O_NONBLOCK)


def inner_path(folder: Path, text: str) -> Path:
    """Give the path that a manifest names; raises OutsideError unless it stays in ``folder``."""
    named = PurePosixPath(text)
    if named.is_absolute() or ".." in named.parts or "\0" in text:
        raise OutsideError(
            f"{quote(text)} must be a path inside the folder of fleet.yaml, relative to it: take"
            " out what leads elsewhere"
        )
    path, top = folder / named, os.path.realpath(folder)
    if os.path.commonpath((top, os.path.realpath(path))) != top:
        raise OutsideError(
            f"{quote(text)} is a link that leads out of the folder of fleet.yaml: put the file"
            " itself there"
        )
    return path


def nearby(folder: Path, path: Path, manifest: Path) -> str:
    """Say where a file that is missing stands instead: beside the manifest; else nothing."""
    other = os.path.relpath(manifest.parent / path.relative_to(folder), folder)
    if other.startswith("..") or not os.path.isfile(folder / other):  # noqa: PTH113 - never raises
        return ""
    return f"; paths are relative to fleet.yaml: did you mean {quote(Path(other).as_posix())}?"
