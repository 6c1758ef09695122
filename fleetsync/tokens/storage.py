"""Write to one open file at exact places, completely, and down to the disk.

Every change of the secrets file goes through the three methods ``_pwrite``, ``truncate`` and
``sync``, so that a test can stop the world at each of them.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_BYTES = 1 << 20
"""How much is copied at a time."""

LINE_BYTES = 512
"""Enough for nearly every line, so that one read gets it."""


class Storage:
    """An open file descriptor; closing it also gives up the lock on the file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def size(self) -> int:
        """Give the length in bytes."""
        return os.fstat(self._descriptor).st_size

    def version(self) -> tuple[int, ...]:
        """Give numbers that change with every change of the file, whoever makes it."""
        found = os.fstat(self._descriptor)
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def stands_at(self, path: Path) -> bool:
        """Tell whether the path still leads to this file. Raises FileNotFoundError, OSError."""
        return os.path.samestat(path.lstat(), os.fstat(self._descriptor))

    def read(self, offset: int, size: int) -> bytes:
        """Read so many bytes, fewer only at the end."""
        parts: list[bytes] = []
        while size > 0 and (part := os.pread(self._descriptor, size, offset)):
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)

    def lines(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Give each line between two places with its offset; the last may lack its line end."""
        begun: list[bytes] = []
        offset = position = start
        while position < end and (chunk := self.read(position, min(CHUNK_BYTES, end - position))):
            position += len(chunk)
            # Unlike bytes.splitlines, this takes a carriage return for a part of the line.
            for piece in BytesIO(chunk):
                begun.append(piece)
                if piece.endswith(b"\n"):
                    line = b"".join(begun)
                    begun.clear()
                    yield offset, line
                    offset += len(line)
        if begun:
            yield offset, b"".join(begun)

    def line(self, offset: int) -> bytes:
        """Read the one line that begins there."""
        head = self.read(offset, LINE_BYTES)
        if b"\n" in head:
            return head.partition(b"\n")[0]
        return next((raw for _, raw in self.lines(offset, self.size())), b"")

    def write(self, offset: int, content: bytes) -> None:
        """Write all of it, however many calls the system needs."""
        rest = memoryview(content)
        while rest:
            written = self._pwrite(rest, offset)
            rest = rest[written:]
            offset += written

    def _pwrite(self, content: memoryview, offset: int) -> int:
        return os.pwrite(self._descriptor, content, offset)

    def truncate(self, size: int) -> None:
        """Cut the file off after so many bytes."""
        os.ftruncate(self._descriptor, size)

    def sync(self) -> None:
        """Wait until everything is on the disk."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
