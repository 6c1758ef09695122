"""Translate topics between a client and the org, and say who may use which (platform page 9.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.identity import Device, Identity, Role

_ID = r"[A-Za-z0-9._-]{1,36}"
_ANY = rf"(?:\+|{_ID})"

_SHORT_EVENT = re.compile(rf"iot-2/evt/{_ID}/fmt/{_ID}")
_LONG = re.compile(rf"iot-2/type/({_ID})/id/({_ID})/(evt|cmd)/{_ID}/fmt/{_ID}")
_SHORT_COMMANDS = re.compile(rf"iot-2/cmd/{_ANY}/fmt/{_ANY}")
_DEVICE_COMMANDS = re.compile(rf"iot-2/type/({_ANY})/id/({_ANY})/cmd/{_ANY}/fmt/{_ANY}")
_NOTICES = re.compile(rf"iot-2/type/({_ID})/id/({_ID})/notify")
_MANAGED = re.compile(r"iotdm-1/(?:[\w-]+/)*(?:[\w-]+|#)", re.ASCII)
_MANAGING = re.compile(r"iotdevice-1/(?:[\w-]+/)*[\w-]+", re.ASCII)
_APP_FILTERS = re.compile(
    rf"iot-2/(?:app/{_ANY}/mon|type/{_ANY}/id/{_ANY}/(?:mon|err/data|(?:evt|cmd)/{_ANY}/fmt/{_ANY}"
    rf"|intf/{_ANY}/evt/state)|thing/type/{_ANY}/id/{_ANY}/(?:err/data|intf/{_ANY}/evt/state))"
)


class Target(NamedTuple):
    """Where a message goes: the topic that applications see, and the device in it."""

    topic: str
    device: Device


def event_topic(device: Device, event: str, format_: str) -> str:
    """Return the topic of a device's event."""
    return f"{_prefix(device)}evt/{event}/fmt/{format_}"


def command_topic(device: Device, command: str, format_: str) -> str:
    """Return the topic of a command to a device."""
    return f"{_prefix(device)}cmd/{command}/fmt/{format_}"


def status_topic(identity: Identity) -> str:
    """Return the topic of a client's status messages."""
    if identity.role is Role.APPLICATION:
        return f"iot-2/app/{identity.app}/mon"
    return device_status_topic(identity.device)


def management_topic(device: Device, topic: str) -> str:
    """Return the topic, which no application hears, of what device management tells a device."""
    return _prefix(device) + topic


def is_management(identity: Identity, topic: str) -> bool:
    """Tell whether a client publishes to device management."""
    return identity.role is Role.DEVICE and bool(_MANAGING.fullmatch(topic))


def device_status_topic(device: Device) -> str:
    """Return the topic of a device's status messages."""
    return f"{_prefix(device)}mon"


def read_target(identity: Identity, topic: str) -> Target:
    """Return where a client's message goes; EndError for a topic that it may not publish to.

    Whether the device is registered, and a gateway's own, is another question.
    """
    if "+" in topic:
        raise EndError(Ending.BAD_TOPIC)
    if identity.role is Role.DEVICE:
        if _SHORT_EVENT.fullmatch(topic):
            return Target(_prefix(identity.device) + topic[len("iot-2/") :], identity.device)
        raise _wrong(topic)
    match = _LONG.fullmatch(topic)
    if match is None or (identity.role is Role.GATEWAY and match[3] == "cmd"):
        raise _wrong(topic)
    return Target(topic, (match[1], match[2]))


def read_filter(identity: Identity, text: str) -> str | None:
    """Return a client's filter as one of topics that applications see; None: it is refused.

    EndError for one that no client of its kind has.
    """
    if identity.role is Role.DEVICE:
        if _SHORT_COMMANDS.fullmatch(text):
            return _prefix(identity.device) + text[len("iot-2/") :]
        if _MANAGED.fullmatch(text):
            return _prefix(identity.device) + text
        raise _wrong(text)
    if identity.role is Role.GATEWAY:
        return _gateway_filter(identity, text)
    if "#" in text:
        return None
    if _APP_FILTERS.fullmatch(text):
        return text
    raise EndError(Ending.BAD_TOPIC)


def seen_topic(identity: Identity, topic: str) -> str:
    """Return a topic as a client sees it."""
    if identity.role is not Role.DEVICE:
        return topic
    own = topic.removeprefix(_prefix(identity.device))
    return own if own.startswith("iotdm-1/") else f"iot-2/{own}"


def _gateway_filter(identity: Identity, text: str) -> str:
    """Return the filter; whose commands a gateway is sent is judged message by message."""
    if _DEVICE_COMMANDS.fullmatch(text):
        return text
    match = _NOTICES.fullmatch(text)
    if match is None or (match[1], match[2]) != identity.device:
        raise _wrong(text)
    return text


def _prefix(device: Device) -> str:
    return f"iot-2/type/{device[0]}/id/{device[1]}/"


def _wrong(topic: str) -> EndError:
    """Return the end of who uses a topic of others, or one that is none at all."""
    is_known = (
        _LONG.fullmatch(topic) or _APP_FILTERS.fullmatch(topic) or _SHORT_EVENT.fullmatch(topic)
    )
    return EndError(Ending.NOT_AUTHORIZED if is_known else Ending.BAD_TOPIC)
