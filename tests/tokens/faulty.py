"""A storage that stops at a chosen step: as a killed process, a power cut or a full disk would."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleetsync.tokens.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Stopped(BaseException):
    """The process was killed here: no clean-up code may run after it."""


@dataclass
class Fault:
    """What happens at the ``step``-th write, cut or sync: ``cut`` of the write is still done.

    ``short`` is how many bytes one write call takes at most. With ``lasting`` everything after it
    fails too. ``stopped`` and ``largest`` (the size of the file) are for the test to look at.
    """

    step: int = -1
    cut: float = 0.0
    short: int = 1 << 30
    error: Callable[[], BaseException] = Stopped
    calls: list[str] = field(default_factory=list)
    stopped: bool = False
    lasting: bool = False
    largest: int = 0

    def strikes(self, call: str) -> bool:
        self.calls.append(call)
        step = len(self.calls) - 1
        return step == self.step or (self.lasting and step > self.step >= 0)


class FaultyStorage(Storage):
    """Keeps what is on the disk for sure apart from what was written after the last sync."""

    def __init__(self, path: Path, fault: Fault) -> None:
        super().__init__(os.open(path, os.O_RDWR))
        self.fault = fault
        self.synced = path.read_bytes()
        self.unsynced: list[tuple[int, bytes | None]] = []  # no bytes: cut off here

    def _pwrite(self, content: memoryview, offset: int) -> int:
        strikes = self.fault.strikes("write")
        size = int(len(content) * self.fault.cut) if strikes else self.fault.short
        part = bytes(content[:size])
        self.unsynced.append((offset, part))
        written = os.pwrite(self._descriptor, part, offset)
        self.fault.largest = max(self.fault.largest, offset + written)
        if strikes:
            raise self.fault.error()
        return written

    def truncate(self, size: int) -> None:
        if self.fault.strikes("truncate"):
            raise self.fault.error()
        self.unsynced.append((size, None))
        super().truncate(size)

    def sync(self) -> None:
        if self.fault.strikes("sync"):
            raise self.fault.error()
        self.synced = self.read(0, self.size())
        self.unsynced.clear()

    def after_power_cut(self, arrives: Callable[[], bool], sector: int = 32) -> bytes:
        """Give a content that the disk may have: of what was not synced, any parts arrived."""
        image = bytearray(self.synced)
        for offset, part in self.unsynced:
            if part is None and arrives():
                del image[offset:]
            for start in range(0, len(part or b""), sector):
                if arrives():
                    _put(image, offset + start, (part or b"")[start : start + sector])
        return bytes(image)


def _put(image: bytearray, offset: int, piece: bytes) -> None:
    """Write into the image; what nobody wrote before it reads as NUL bytes."""
    image.extend(bytes(max(0, offset + len(piece) - len(image))))
    image[offset : offset + len(piece)] = piece
