"""Read the packets of MQTT 3.1.1 that a server meets; everything else is bad data.

The libraries that have a codec for both sides keep it private or are no longer kept up, and of the
protocol a server needs no more than this.
"""

from __future__ import annotations

from typing import NamedTuple

from fleetsync.emulator.mqtt.ending import EndError, Ending

MAX_PAYLOAD = 131_072
"""The largest payload in bytes (platform page 9.2)."""

_MAX_REMAINING = MAX_PAYLOAD + 4 + 65_535  # beside the payload: a topic and a packet id
_MAX_LENGTH_BYTES = 4

CONNECT, PUBLISH, PUBACK, PUBREL = 1, 3, 4, 6
SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 8, 10, 12, 14

_LEVELS = {b"MQTT": 4, b"MQIsdp": 3}
_RESERVED_FLAGS = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}


class Frame(NamedTuple):
    """A whole packet: its type, its flags, what follows the fixed header, and its length."""

    type: int
    flags: int
    body: bytes
    length: int


class Publish(NamedTuple):
    """A message as it came; ``packet_id`` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int


class Connect(NamedTuple):
    """A login; ``level`` is 3 for MQTT 3.1 and 4 for 3.1.1, 0 for what is neither."""

    level: int
    client_id: str
    is_clean: bool
    keep_alive: int
    user: str
    password: str
    will: Publish | None


def read_frame(data: bytes, start: int) -> Frame | None:
    """Return the packet that begins at ``start``, None while it has not come whole."""
    if start == len(data):
        return None
    kind, flags = data[start] >> 4, data[start] & 0x0F
    if kind != PUBLISH and flags != _RESERVED_FLAGS.get(kind, 0):
        raise EndError(Ending.BAD_DATA)
    remaining, shift = 0, 0
    position = start + 1
    while True:
        if position >= len(data):
            return None
        byte = data[position]
        position += 1
        remaining |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift == 7 * _MAX_LENGTH_BYTES:
            raise EndError(Ending.BAD_DATA)
    if remaining > _MAX_REMAINING:
        raise EndError(Ending.TOO_LARGE)
    end = position + remaining
    if end > len(data):
        return None
    return Frame(kind, flags, data[position:end], end - start)


def read_publish(frame: Frame) -> Publish:
    """Read a message; one over the limit ends the connection."""
    reader = _Reader(frame.body)
    topic = reader.text()
    qos = frame.flags >> 1 & 3
    packet_id = reader.packet_id() if qos else 0
    payload = reader.rest()
    if qos == 3:
        raise EndError(Ending.BAD_DATA)
    if len(payload) > MAX_PAYLOAD:
        raise EndError(Ending.TOO_LARGE)
    return Publish(topic, payload, qos, packet_id)


def read_connect(frame: Frame) -> Connect:
    """Read a login."""
    reader = _Reader(frame.body)
    name, level = reader.binary(), reader.byte()
    if _LEVELS.get(name) != level:
        return Connect(0, "", True, 0, "", "", None)
    flags, keep_alive = reader.byte(), reader.number()
    if flags & 1:
        raise EndError(Ending.BAD_DATA)
    client_id = reader.text()
    will = None
    if flags & 4:
        will = Publish(reader.text(), reader.binary(), flags >> 3 & 3, 0)
    user = reader.text() if flags & 0x80 else ""
    password = reader.text() if flags & 0x40 else ""
    reader.end()
    return Connect(level, client_id, bool(flags & 2), keep_alive, user, password, will)


def read_packet_id(frame: Frame) -> int:
    """Read an acknowledgement."""
    reader = _Reader(frame.body)
    packet_id = reader.packet_id()
    reader.end()
    return packet_id


def read_subscribe(frame: Frame) -> tuple[int, list[tuple[str, int]]]:
    """Read the packet id and the filters, each with the QoS that is asked for."""
    reader = _Reader(frame.body)
    packet_id = reader.packet_id()
    filters = []
    while reader.has_more:
        filters.append((reader.text(), reader.byte()))
    if not filters or any(qos > 2 for _, qos in filters):
        raise EndError(Ending.BAD_DATA)
    return packet_id, filters


def read_unsubscribe(frame: Frame) -> tuple[int, list[str]]:
    """Read the packet id and the filters."""
    reader = _Reader(frame.body)
    packet_id = reader.packet_id()
    filters = []
    while reader.has_more:
        filters.append(reader.text())
    if not filters:
        raise EndError(Ending.BAD_DATA)
    return packet_id, filters


class _Reader:
    """Takes the fields of a packet one by one; what is not there is bad data."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def has_more(self) -> bool:
        return self._at < len(self._body)

    def rest(self) -> bytes:
        return self._body[self._at :]

    def end(self) -> None:
        if self.has_more:
            raise EndError(Ending.BAD_DATA)

    def byte(self) -> int:
        return self._take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self._take(2), "big")

    def packet_id(self) -> int:
        number = self.number()
        if not number:
            raise EndError(Ending.BAD_DATA)
        return number

    def binary(self) -> bytes:
        return self._take(self.number())

    def text(self) -> str:
        try:
            text = self.binary().decode("utf-8")
        except UnicodeDecodeError as error:
            raise EndError(Ending.BAD_DATA) from error
        if "\0" in text:
            raise EndError(Ending.BAD_DATA)
        return text

    def _take(self, count: int) -> bytes:
        part = self._body[self._at : self._at + count]
        if len(part) < count:
            raise EndError(Ending.BAD_DATA)
        self._at += count
        return part
