"""Count each way out of a process, and kill it with SIGKILL before, within or after one of them.

It wraps the doors of the operating system that fleetsync goes through: whatever it writes to a
file, syncs, renames, locks, sends or receives. fleetsync itself knows nothing of it.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

SIDES = ("before", "within", "after")
"""Where a kill can strike; within: half of the bytes have gone."""

DIVISIBLE = frozenset({"write", "pwrite", "file.write", "socket.sendall"})

_OS_DOORS = (
    "fsync", "fdatasync", "ftruncate", "truncate", "replace", "rename", "unlink", "remove",
    "rmdir", "mkdir", "link", "symlink", "chmod", "fchmod",
)  # fmt: skip
_SOCKET_DOORS = ("connect", "send", "recv", "recv_into")
_MAKES = os.O_CREAT | os.O_TRUNC


class Fate(NamedTuple):
    """The door to die at, counted from 1, and on which side of it; 0 lets the process live."""

    at: int = 0
    side: str = "before"


LIVE = Fate()


class Doors:
    """Counts what passes, in all threads together; ``passed`` holds the names in their order."""

    def __init__(self, fate: Fate) -> None:
        self.passed: list[str] = []
        self._fate = fate
        self._lock = threading.Lock()

    def go(
        self, name: str, act: Callable[[], Any], half: Callable[[], object] | None = None
    ) -> Any:
        """Go through a door, if it is not the one to die at; ``half`` does half of it."""
        with self._lock:
            self.passed.append(name)
            struck = len(self.passed) == self._fate.at
        if struck and self._fate.side == "before":
            die()
        if struck and self._fate.side == "within" and half is not None:
            half()
            die()
        try:
            return act()
        finally:  # also when the system refuses: a file that is there already, for one
            if struck:
                die()

    def install(self) -> None:
        """Put the doors into this process; there is no way back."""
        for name in _OS_DOORS:
            _wrap(self, os, name, name)
        for name in _SOCKET_DOORS:
            _wrap(self, socket.socket, name, f"socket.{name}")
        _wrap(self, fcntl, "flock", "flock")
        _install_writes(self)
        _install_files(self)


def die() -> NoReturn:
    """End here and now, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # the signal may take a moment
        signal.pause()


def _wrap(doors: Doors, owner: Any, name: str, shown: str) -> None:
    real = getattr(owner, name)

    def door(*args: Any, **kwargs: Any) -> Any:
        return doors.go(shown, lambda: real(*args, **kwargs))

    setattr(owner, name, door)


def _install_writes(doors: Doors) -> None:
    real_write, real_pwrite, real_open = os.write, os.pwrite, os.open
    real_send = socket.socket.sendall

    def write(fd: int, data: bytes) -> Any:
        half = memoryview(data)[: len(data) // 2]
        return doors.go("write", lambda: real_write(fd, data), lambda: real_write(fd, half))

    def pwrite(fd: int, data: bytes, offset: int) -> Any:
        half = memoryview(data)[: len(data) // 2]
        return doors.go(
            "pwrite", lambda: real_pwrite(fd, data, offset), lambda: real_pwrite(fd, half, offset)
        )

    def sendall(own: socket.socket, data: bytes, *flags: int) -> Any:
        half = memoryview(data)[: len(data) // 2]
        return doors.go(
            "socket.sendall",
            lambda: real_send(own, data, *flags),
            lambda: real_send(own, half, *flags),
        )

    def open_(path: Any, flags: int, *args: Any, **kwargs: Any) -> Any:
        if not flags & _MAKES:
            return real_open(path, flags, *args, **kwargs)
        return doors.go("open", lambda: real_open(path, flags, *args, **kwargs))

    new: dict[str, Any] = {"write": write, "pwrite": pwrite, "open": open_}
    for name, door in new.items():
        setattr(os, name, door)
    setattr(socket.socket, "sendall", sendall)  # noqa: B010 - mypy refuses the assignment


def _install_files(doors: Doors) -> None:
    """Let what Python buffers pass the doors too: ``Path.write_text``, ``os.fdopen``, ``open``."""
    real_open = io.open

    class CountedFile(io.FileIO):
        def write(self, data: Any, /) -> Any:
            half = memoryview(data)[: len(data) // 2]
            whole = super().write
            return doors.go("file.write", lambda: whole(data), lambda: whole(half))

        def truncate(self, size: int | None = None, /) -> Any:
            real = super().truncate
            return doors.go("ftruncate", lambda: real(size))

    def open_(  # noqa: PLR0917 - it stands for the real one
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wax+"):
            return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        plain = mode.replace("b", "").replace("t", "")
        made: Any = doors.go(
            "file.open", lambda: CountedFile(file, plain, closefd=closefd, opener=opener)
        )
        if buffering == 0:
            return made
        buffer = io.BufferedRandom(made) if "+" in mode else io.BufferedWriter(made)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

    for owner in (io, builtins):
        owner.open = open_  # type: ignore[attr-defined]  # replaced on purpose
