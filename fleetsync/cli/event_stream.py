"""Write events to a pipe or a file as they happen; a reader that is gone or stuck stops nothing."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from errno import EINTR, ETIMEDOUT
from functools import partial
from os import write
from pathlib import Path

from fleetsync.errors import FileError
from fleetsync.escape import shown
from fleetsync.report.event import Facts, event_line

PATIENCE_SECONDS = 30.0
"""A reader who takes nothing for so long is given up."""


class EventStream:
    """One place that events are written to, each at once.

    What cannot be written is given up for good, and ``fault`` says why: a stream without the event
    ``end`` is not whole. No failure comes out.
    """

    def __init__(
        self, name: str, put: Callable[[bytes], None], close: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.fault: OSError | None = None
        self._put = put
        self._close = close
        self._sequence = 0

    def hear(self, name: str, facts: Facts) -> None:
        """Write one event."""
        if self.fault is not None:
            return
        self._sequence += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = event_line(name, facts, sequence=self._sequence, time=now)
        try:
            self._put(line.encode("ascii"))
        except OSError as error:
            self.fault = error
            self.close()
        except KeyboardInterrupt:  # half a line may be out: nothing may stand behind it
            self.fault = InterruptedError(EINTR, "interrupted")
            raise

    def close(self) -> None:
        """Let go of the file; nothing more is written."""
        with suppress(OSError):
            self._close()


def stdout_stream(patience: float = PATIENCE_SECONDS) -> EventStream:
    """Give the stream on stdout, which may be a pipe that nobody empties."""
    try:
        return EventStream("stdout", partial(_put_patiently, sys.stdout.fileno(), patience))
    except OSError:  # something of Python's own, without a descriptor
        return EventStream("stdout", _put_text)


def file_stream(path: Path) -> EventStream:
    """Give a stream into a file, which is emptied now; FileError."""
    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise FileError(
            f"{shown(str(path))}: cannot be written: {error.strerror}; choose another place"
        ) from error
    return EventStream(
        shown(str(path)), partial(_put_patiently, file.fileno(), PATIENCE_SECONDS), file.close
    )


def _put_patiently(descriptor: int, patience: float, data: bytes) -> None:
    """Write in pieces that a pipe takes whole, each when there is room for it; OSError."""
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    while data:
        if not room.poll(patience * 1000):
            raise OSError(ETIMEDOUT, f"nobody has read for {patience:g} s")
        data = data[write(descriptor, data[: select.PIPE_BUF]) :]


def _put_text(data: bytes) -> None:
    sys.stdout.write(data.decode("ascii"))
    sys.stdout.flush()
