"""A process on a terminal of its own: what it shows, and what a person types."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

from tests.scenarios.conftest import TOP

_SECONDS = 20
_MAIN = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches it
from fleetsync.cli.main import main
"""


class Terminal:
    """fleetsync with stdin, stdout and stderr on one terminal; ``main`` is how Python calls it."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        env: dict[str, str] | None = None,
        columns: int = 120,
        result: int | None = None,
        main: str = "main()",
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.screen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN + main, *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(TOP), "TERM": "xterm", **(env or {})},
            stdin=theirs,
            stdout=theirs if result is None else result,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def wait_for(self, words: str) -> None:
        """Read until the screen shows it."""
        ends_at = time.monotonic() + _SECONDS
        while words not in self.screen:
            assert time.monotonic() < ends_at, self.screen
            assert self._read(), self.screen

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Read to the end, and give the exit code."""
        while self._read():
            continue
        return self.process.wait(_SECONDS)

    def _read(self) -> bool:
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the last process on the terminal has ended
            return False
        self.screen += data.decode().replace("\r\n", "\n")
        return bool(data)
