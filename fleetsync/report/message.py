"""Show messages of devices: one line each for a person, facts of an event for a machine."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from fleetsync.escape import shown, shown_value
from fleetsync.messaging.message import Command, Event, Message, Status, Unreadable
from fleetsync.report.event import Facts

_CELLS = 32
_SHOWN_BYTES = 40


def message_line(message: Message, now: datetime, *, full: bool = False) -> str:
    """Write a message on one line; ``now`` stands in for a time that it does not tell.

    Long data is shortened, unless ``full``.
    """
    match message:
        case Event():
            what, words = "event", f"{message.event}  {_data_words(message, full=full)}"
        case Command():
            what, words = "command", f"{message.command}  {_data_words(message, full=full)}"
        case Status():
            what, words = "status", _status_words(message)
        case Unreadable():
            what, words = "unreadable", f"{shown(message.why)}  {_bytes(message.payload)}"
    head = f"{_clock(_time(message) or now)}  {what:<10}  {shown(_name(message)):<{_CELLS}}"
    return f"{head}  {words}".rstrip() + "\n"


def message_facts(message: Message) -> Facts:
    """Tell a message whole; data that is no JSON goes as Base64."""
    match message:
        case Event():
            return {"kind": "event", **_device(message), "name": message.event, **_data(message)}
        case Command():
            named = {"name": message.command, **_data(message)}
            return {"kind": "command", **_device(message), **named}
        case Status():
            return _status_facts(message)
        case Unreadable():
            told = {"topic": message.topic, "reason": message.why}
            return {"kind": "unreadable", **told, "base64": _base64(message.payload)}


def _name(message: Message) -> str:
    if isinstance(message, Unreadable):
        return message.topic
    if isinstance(message, Status) and not message.device_id:
        return f"application {message.app_id}"
    return f"{message.device_type}/{message.device_id}"


def _time(message: Message) -> datetime | None:
    return message.time if isinstance(message, Status) else message.timestamp


def _clock(time: datetime) -> str:
    return time.strftime("%H:%M:%S")


def _data_words(message: Event | Command, *, full: bool) -> str:
    if isinstance(message.data, bytes):
        return f"{shown(message.format)}: {_bytes(message.payload)}"
    return shown_value(message.data, full=full)


def _bytes(payload: bytes) -> str:
    head = payload[:_SHOWN_BYTES].hex(" ")
    more = "..." if len(payload) > _SHOWN_BYTES else ""
    return f"{head}{more} ({len(payload):,} bytes)"


def _status_words(status: Status) -> str:
    parts = [shown(status.action)]
    if status.client_addr:
        parts.append(f"from {shown(status.client_addr)}")
    if status.close_code is not None:
        parts.append(f"code {status.close_code}")
    if status.reason:
        parts.append(shown(status.reason)[:200])
    if status.retained:
        parts.append("(as it was before)")
    return "  ".join(parts)


def _device(message: Event | Command) -> dict[str, Any]:
    return {"typeId": message.device_type, "deviceId": message.device_id}


def _data(message: Event | Command) -> dict[str, Any]:
    told: dict[str, Any] = {"format": message.format}
    if isinstance(message.data, bytes):
        return {**told, "base64": _base64(message.payload)}
    return {**told, "data": message.data}


def _base64(payload: bytes) -> str:
    return b64encode(payload).decode("ascii")


def _status_facts(status: Status) -> Facts:
    about: dict[str, Any] = {"typeId": status.device_type, "deviceId": status.device_id}
    if not status.device_id:
        about = {"appId": status.app_id}
    told = {
        "action": status.action,
        "clientId": status.client_id,
        "retained": status.retained,
        "at": status.time and status.time.isoformat(),
        "clientAddr": status.client_addr,
        "closeCode": status.close_code,
        "reason": status.reason,
        "protocol": status.protocol,
        "secure": status.secure,
        "readMsg": status.read_msg,
        "readBytes": status.read_bytes,
        "writeMsg": status.write_msg,
        "writeBytes": status.write_bytes,
    }
    known = {name: value for name, value in told.items() if value is not None}
    return {"kind": "status", **about, **known}
