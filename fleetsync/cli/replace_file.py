"""Write a file so that it is whole or as it was before, whatever happens meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


def replace_file(path: Path, pieces: Iterable[str]) -> None:
    """Put text in the place of a file; OSError.

    What cannot be replaced, such as a pipe, or a file in a folder that is not ours, is written to.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    if not _is_replaceable(path):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        return
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name[:60]}.", delete=False
    ) as new:
        try:
            _write(new, pieces, _mode(path))
            Path(new.name).replace(path)
        except BaseException:  # an interrupt as well: nothing stays behind
            with suppress(OSError):
                Path(new.name).unlink()
            raise


def _is_replaceable(path: Path) -> bool:
    return (path.is_file() or not path.exists()) and os.access(path.parent, os.W_OK)


def _write(new: IO[str], pieces: Iterable[str], mode: int) -> None:
    """Write to the disk itself, for a file may not be replaced by one that is still on its way."""
    new.writelines(pieces)
    new.flush()
    os.fchmod(new.fileno(), mode)
    os.fsync(new.fileno())


def _mode(path: Path) -> int:
    """Give the mode of what is there, or what a new file would get."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask
