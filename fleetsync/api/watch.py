"""End an answer that never ends, though each piece of it comes in time."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Watch:
    """Breaks off the calling thread's request when its answer is not whole after so many seconds.

    A time limit for each piece alone would let a server that drips its answer hold a run for ever.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._thread = threading.local()

    def begin(self, sock: socket.socket | None) -> None:
        """Start to count: a request leaves through this socket."""
        alarm = threading.Timer(self.seconds, _break_off, (sock, struck := threading.Event()))
        alarm.daemon = True
        self._thread.alarm, self._thread.struck = alarm, struck
        alarm.start()

    def end(self) -> bool:
        """Stop counting, and tell whether the request was broken off; there may be none."""
        alarm: threading.Timer | None = getattr(self._thread, "alarm", None)
        if alarm is None:
            return False
        alarm.cancel()
        self._thread.alarm = None
        return bool(self._thread.struck.is_set())


def _break_off(sock: socket.socket | None, struck: threading.Event) -> None:
    struck.set()
    if sock is not None:
        with suppress(OSError):
            # Past TLS, whose own shutdown is not made for another thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
