"""Hold the bytes of one connection: packets in, bytes out, patience, and the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.packet import Frame, read_frame
from fleetsync.emulator.mqtt.status import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fleetsync.emulator.mqtt.websocket import WebSocket

LOGIN_SECONDS = 30.0
"""How long a client may take until it logs in."""

_CLOSING_SECONDS = 5.0
_ASKS_FOR_WEBSOCKET = b"G"
"""How an HTTP request for a WebSocket begins, and no client of MQTT does."""


class Talker(Protocol):
    """Who deals with the packets of a connection."""

    def take(self, frame: Frame) -> None:
        """Deal with a packet; EndError ends the connection."""

    def ended(self, ending: Ending) -> None:
        """Hear that the connection has ended; called once."""


class Wire(asyncio.Protocol):
    """A connection; packets are taken in order, none before the one before it is dealt with.

    ``patience`` is how many seconds nothing may come, 0 for ever. ``connections`` are all that are
    there.
    """

    def __init__(self, connections: set[Wire], begin: Callable[[Wire], Talker]) -> None:
        self.patience = LOGIN_SECONDS
        self.is_open = True
        self.messages_read = 0
        self.messages_written = 0
        self._connections = connections
        self._talker = begin(self)
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._rest = b""
        self._task: asyncio.Future[None] | None = None
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._bytes_read = 0
        self._bytes_written = 0
        self._websocket: WebSocket | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._heard_at = self._loop.time()
        if not self._bytes_read and data[:1] == _ASKS_FOR_WEBSOCKET:
            self._websocket = _make_websocket()
        self._bytes_read += len(data)
        ended = False
        if self._websocket is not None:
            data, answer, ended = self._websocket.take(data)
            if answer:
                self._transport.write(answer)
        self._rest = self._rest + data if self._rest else data
        self._work()
        if ended:
            self.end(Ending.BY_CLIENT)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: by the client, if it was not by us."""
        del exc
        self.end(Ending.BY_CLIENT)
        self._connections.discard(self)

    @property
    def address(self) -> str:
        """Return the client's IP address."""
        return str(self._transport.get_extra_info("peername")[0])

    @property
    def traffic(self) -> Traffic:
        """Return what went over the connection."""
        return Traffic(
            self._bytes_read, self.messages_read, self._bytes_written, self.messages_written
        )

    @property
    def unsent(self) -> int:
        """Return how many bytes wait for the client."""
        return self._unsent_bytes + self._transport.get_write_buffer_size()

    def is_impatient(self, now: float) -> bool:
        """Tell whether nothing came for too long."""
        is_waiting = self.patience and self._task is None
        return bool(is_waiting and now - self._heard_at > self.patience)

    def send(self, data: bytes) -> None:
        """Send data, together with all else that is sent before the loop turns to other things."""
        if not self.is_open:
            return
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(data)
        self._unsent_bytes += len(data)
        self._bytes_written += len(data)

    def wait_for(self, waiting: Coroutine[None, None, None]) -> None:
        """Take no further packet before something is done; if it fails, the connection ends."""
        self._task = asyncio.ensure_future(waiting)
        self._task.add_done_callback(self._go_on)
        self._transport.pause_reading()

    def end(self, ending: Ending) -> None:
        """End the connection, once; what was sent before still goes out."""
        if not self.is_open:
            return
        self.is_open = False
        self._flush()
        if self._websocket is not None and not self._transport.is_closing():
            self._transport.write(self._websocket.goodbye())
        self._transport.close()
        self._loop.call_later(_CLOSING_SECONDS, self._transport.abort)
        self._talker.ended(ending)

    def abort(self) -> None:
        """Close the connection without waiting for the client."""
        self._transport.abort()

    def _work(self) -> None:
        """Deal with whole packets, until there are none or one has to be waited for."""
        data, at = self._rest, 0
        try:
            while self._task is None and self.is_open:
                frame = read_frame(data, at)
                if frame is None:
                    break
                at += frame.length
                self._talker.take(frame)
        except EndError as error:
            self.end(error.ending)
        self._rest = data[at:]

    def _go_on(self, task: asyncio.Future[None]) -> None:
        self._task = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.end(error.ending if isinstance(error, EndError) else Ending.UNAVAILABLE)
        if self.is_open:
            self._transport.resume_reading()
            self._work()

    def _flush(self) -> None:
        if self._unsent and not self._transport.is_closing():
            data = b"".join(self._unsent)
            self._transport.write(data if self._websocket is None else self._websocket.wrap(data))
        self._unsent.clear()
        self._unsent_bytes = 0


def _make_websocket() -> WebSocket:
    # Imported here: it comes with the extra, and few ask for it.
    from fleetsync.emulator.mqtt.websocket import WebSocket  # noqa: PLC0415 - see above

    return WebSocket()
