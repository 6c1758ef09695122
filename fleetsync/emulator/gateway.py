"""Let a cut connection happen on the socket: reset it, close it early, or keep it waiting."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from cheroot import server, wsgi

from fleetsync.emulator.wire import WAIT, CutError

if TYPE_CHECKING:
    import threading

_GLANCE_SECONDS = 0.05
"""How soon a waiting request sees that its client is gone, or that the server is to stop."""

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER for a close that throws away what is unsent, and so resets the connection."""

# What poll tells of a client that is gone; only Linux has the first.
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class CuttableConnection(server.HTTPConnection):
    """A connection that can be reset instead of closed."""

    is_reset = False

    def close(self) -> None:
        """Close the connection, with a reset if there is to be one."""
        if not self.is_reset:
            super().close()
            return
        self.rfile.close()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.socket.close()


class CuttableGateway(wsgi.Gateway_10):
    """Calls the application and does to the connection what its CutError says.

    Its server has an event ``stopping``, which is set when it is to stop.
    """

    def __init__(self, request: Any) -> None:  # noqa: ANN401 - cheroot has no types
        super().__init__(request)
        self.env[WAIT] = self._wait

    def respond(self) -> None:
        """Answer; a CutError ends the connection without another word."""
        try:
            super().respond()
        except CutError as cut:
            self.req.conn.is_reset = cut.reset
            # cheroot closes a connection on this error and says nothing, neither here nor there.
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from cut

    def _wait(self, seconds: float) -> None:
        stopping: threading.Event = self.req.server.stopping
        poll = select.poll()
        poll.register(self.req.conn.socket.fileno(), _GONE)
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if stopping.is_set() or poll.poll(min(left, _GLANCE_SECONDS) * 1000):
                raise CutError(reset=False)
