"""Carry MQTT inside of WebSockets (platform page 9.1: on the same ports as without)."""

from __future__ import annotations

from typing import NamedTuple

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

_PROTOCOLS = ("mqtt", "mqttv3.1")
_NORMAL, _UNSUPPORTED = 1000, 1003
_END = b"\r\n\r\n"
_LONGEST_REQUEST = 16_384


class Came(NamedTuple):
    """What came: ``data`` for MQTT, ``answer`` to send as it is, and whether that is the end."""

    data: bytes = b""
    answer: bytes = b""
    ended: bool = False


class WebSocket:
    """One connection's WebSocket, without the connection: bytes in, bytes out."""

    def __init__(self) -> None:
        self._wire = WSConnection(ConnectionType.SERVER)
        self._asked = b""
        self._is_asked = False

    def take(self, data: bytes) -> Came:
        """Unwrap what came; nonsense is the end."""
        if self._is_asked:
            return self._fed(data)
        # The library forgets what comes in one piece with the request, so that is fed by itself.
        head, end, rest = (self._asked + data).partition(_END)
        self._asked = head + end
        if not end:
            return Came(ended=len(head) > _LONGEST_REQUEST)
        self._is_asked = True
        first = self._fed(head + end)
        if first.ended or not rest:
            return first
        more = self._fed(rest)
        return more._replace(answer=first.answer + more.answer)

    def _fed(self, data: bytes) -> Came:
        came = Came()
        try:
            self._wire.receive_data(data)
            for event in self._wire.events():
                came = self._add(came, event)
        except RemoteProtocolError as error:
            hint = error.event_hint
            return Came(answer=b"" if hint is None else self._wire.send(hint), ended=True)
        except LocalProtocolError:  # it goes on after its own goodbye
            return Came(ended=True)
        return came

    def wrap(self, data: bytes) -> bytes:
        """Wrap what goes out; nothing can after a goodbye."""
        try:
            return self._wire.send(BytesMessage(data))
        except LocalProtocolError:
            return b""

    def goodbye(self) -> bytes:
        """Say that nothing more will go out."""
        try:
            return self._wire.send(CloseConnection(_NORMAL))
        except LocalProtocolError:
            return b""

    def _add(self, came: Came, event: Event) -> Came:
        if isinstance(event, BytesMessage):
            return came._replace(data=came.data + bytes(event.data))
        reply, ended = self._reply(event)
        sent = b"" if reply is None else self._wire.send(reply)
        return came._replace(answer=came.answer + sent, ended=came.ended or ended)

    def _reply(self, event: Event) -> tuple[Event | None, bool]:
        """Give what to say to an event, and whether that is the end."""
        if isinstance(event, Request):
            spoken = [each for each in event.subprotocols if each in _PROTOCOLS]
            return (AcceptConnection(spoken[0]), False) if spoken else (RejectConnection(), True)
        if isinstance(event, Ping):
            return event.response(), False
        if isinstance(event, CloseConnection):
            return event.response(), True
        if isinstance(event, TextMessage):  # MQTT is bytes (MQTT 3.1.1, 6.0)
            return CloseConnection(_UNSUPPORTED), True
        return None, False
