"""Hold what comes in: events, commands, status messages, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar

from fleetsync.messaging.codec import MAX_PAYLOAD, Codec, codec_for
from fleetsync.messaging.topic import Matter, Topic, read_topic
from fleetsync.model import JSON

Told = TypeVar("Told")


class Event(NamedTuple):
    """What a device published; ``timestamp`` is when it came in here (platform page 9.4).

    ``data`` is what the codec of ``format`` made of ``payload``.
    """

    device_type: str
    device_id: str
    event: str
    format: str
    data: Any
    payload: bytes
    timestamp: datetime

    @property
    def device(self) -> str:
        """The device among those of all types: ``type:id``."""
        return f"{self.device_type}:{self.device_id}"


class Command(NamedTuple):
    """What an application asks a device to do; a device's own commands name no device."""

    device_type: str
    device_id: str
    command: str
    format: str
    data: Any
    payload: bytes
    timestamp: datetime

    @property
    def device(self) -> str:
        """The device among those of all types: ``type:id``."""
        return f"{self.device_type}:{self.device_id}"


class Status(NamedTuple):
    """That a device or application connected or went (platform page 9.3).

    All but ``action`` and ``client_id`` may be missing, and then is None. ``retained`` says that it
    tells how things stood before, not what happens now.
    """

    action: str
    client_id: str
    device_type: str = ""
    device_id: str = ""
    app_id: str = ""
    time: datetime | None = None
    connect_time: datetime | None = None
    client_addr: str | None = None
    protocol: str | None = None
    port: int | None = None
    secure: bool | None = None
    user: str | None = None
    reason: str | None = None
    close_code: int | None = None
    read_msg: int | None = None
    read_bytes: int | None = None
    write_msg: int | None = None
    write_bytes: int | None = None
    retained: bool = False

    @property
    def device(self) -> str:
        """The device among those of all types: ``type:id``; empty for an application."""
        return f"{self.device_type}:{self.device_id}" if self.device_id else ""


class Unreadable(NamedTuple):
    """A message that is not what its topic says: the stream goes on after it."""

    topic: str
    payload: bytes
    why: str
    timestamp: datetime


Message: TypeAlias = Event | Command | Status | Unreadable


def read_message(
    topic: str, payload: bytes, codecs: Mapping[str, Codec], *, retained: bool = False
) -> Message:
    """Make of a message what it is; never raises, whatever a device sent."""
    now = datetime.now(UTC)
    found = read_topic(topic)
    if found is None:
        return Unreadable(topic, payload, "no topic of the platform", now)
    if len(payload) > MAX_PAYLOAD:
        return Unreadable(topic, payload, f"more than {MAX_PAYLOAD:,} bytes", now)
    try:
        if found.matter in (Matter.DEVICE_STATUS, Matter.APP_STATUS):
            return _status(found, payload, retained=retained)
        data = codec_for(codecs, found.format).decode(payload)
    except Exception as error:  # noqa: BLE001 - a codec of one's own may raise anything
        words = f"cannot be read as {found.format or 'a status'}: {_words(error)}"
        return Unreadable(topic, payload, words, now)
    make: Callable[..., Event | Command] = Event if found.matter is Matter.EVENT else Command
    return make(found.type_id, found.device_id, found.name, found.format, data, payload, now)


def _words(error: Exception) -> str:
    """Say why, without the payload that some errors carry along."""
    if isinstance(error, UnicodeDecodeError):
        return "no UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return str(error)[:200] or type(error).__name__


def _status(topic: Topic, payload: bytes, *, retained: bool) -> Status:
    """Read a status message; what has a wrong type counts as missing (platform page 9.3)."""
    value = json.loads(payload.decode("utf-8"))
    if not isinstance(value, dict):
        raise TypeError("no JSON object")
    action, client_id = value.get("Action"), value.get("ClientID")
    if not isinstance(action, str) or not isinstance(client_id, str):
        raise TypeError("Action and ClientID are missing")
    return Status(
        action,
        client_id,
        topic.type_id,
        topic.device_id,
        topic.app_id,
        time=_time(value.get("Time")),
        connect_time=_time(value.get("ConnectTime")),
        client_addr=_of(str, value.get("ClientAddr")),
        protocol=_of(str, value.get("Protocol")),
        port=_of(int, value.get("Port")),
        secure=_of(bool, value.get("Secure")),
        user=_of(str, value.get("User")),
        reason=_of(str, value.get("Reason")),
        close_code=_of(int, value.get("CloseCode")),
        read_msg=_of(int, value.get("ReadMsg")),
        read_bytes=_of(int, value.get("ReadBytes")),
        write_msg=_of(int, value.get("WriteMsg")),
        write_bytes=_of(int, value.get("WriteBytes")),
        retained=retained,
    )


def _of(kind: type[Told], value: JSON) -> Told | None:
    return value if type(value) is kind else None  # exact: true is no number here


def _time(value: JSON) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
