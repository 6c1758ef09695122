"""Write the topics of the platform, and read what came in on one (platform page 9.2)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from fleetsync.errors import UsageError
from fleetsync.escape import shown
from fleetsync.model.key import ID_PATTERN

ANY = "+"
"""Stands for every type, device, event, command or format in what is subscribed to."""
_LONG = re.compile(
    r"iot-2/type/(?P<type>[^/]+)/id/(?P<id>[^/]+)/(?P<kind>evt|cmd)/(?P<name>[^/]+)/fmt/(?P<fmt>[^/]+)"
)
_SHORT = re.compile(r"iot-2/(?P<kind>evt|cmd)/(?P<name>[^/]+)/fmt/(?P<fmt>[^/]+)")
_DEVICE_STATUS = re.compile(r"iot-2/type/(?P<type>[^/]+)/id/(?P<id>[^/]+)/mon")
_APP_STATUS = re.compile(r"iot-2/app/(?P<app>[^/]+)/mon")


class Matter(StrEnum):
    """What a message is about."""

    EVENT = "event"
    COMMAND = "command"
    DEVICE_STATUS = "deviceStatus"
    APP_STATUS = "appStatus"


_SEGMENTS = {"evt": Matter.EVENT, "cmd": Matter.COMMAND}


class Topic(NamedTuple):
    """A topic taken apart; a part that it does not have is empty.

    ``name`` is the event's or command's id. A device's own topics name neither type nor id.
    """

    matter: Matter
    type_id: str = ""
    device_id: str = ""
    name: str = ""
    format: str = ""
    app_id: str = ""


def event_topic(type_id: str, device_id: str, event: str, format_: str) -> str:
    """Write the topic of a device's event as applications know it; parts may be ``+``."""
    return f"iot-2/type/{type_id}/id/{device_id}/evt/{event}/fmt/{format_}"


def command_topic(type_id: str, device_id: str, command: str, format_: str) -> str:
    """Write the topic of a command as applications know it; parts may be ``+``."""
    return f"iot-2/type/{type_id}/id/{device_id}/cmd/{command}/fmt/{format_}"


def device_status_topic(type_id: str, device_id: str) -> str:
    """Write the topic on which the platform tells who connects (platform page 9.3)."""
    return f"iot-2/type/{type_id}/id/{device_id}/mon"


def app_status_topic(app_id: str) -> str:
    """Write the topic on which the platform tells which application connects."""
    return f"iot-2/app/{app_id}/mon"


def own_event_topic(event: str, format_: str) -> str:
    """Write the topic on which a device publishes its own event."""
    return f"iot-2/evt/{event}/fmt/{format_}"


def own_command_topic(command: str, format_: str) -> str:
    """Write the topic on which a device gets its commands; parts may be ``+``."""
    return f"iot-2/cmd/{command}/fmt/{format_}"


def read_topic(topic: str) -> Topic | None:
    """Take a topic apart; None if it is none of the platform's."""
    if found := _LONG.fullmatch(topic):
        kind, name = _SEGMENTS[found["kind"]], found["name"]
        return Topic(kind, found["type"], found["id"], name, found["fmt"])
    if found := _SHORT.fullmatch(topic):
        return Topic(_SEGMENTS[found["kind"]], name=found["name"], format=found["fmt"])
    if found := _DEVICE_STATUS.fullmatch(topic):
        return Topic(Matter.DEVICE_STATUS, found["type"], found["id"])
    if found := _APP_STATUS.fullmatch(topic):
        return Topic(Matter.APP_STATUS, app_id=found["app"])
    return None


def check_part(what: str, value: str, *, or_any: bool = False) -> str:
    """Return an id, event, command or format that a topic may hold; UsageError for any other.

    At most 36 characters out of a small alphabet: sure for ids, the safe assumption for events,
    commands and formats (platform page 7).
    """
    if (or_any and value == ANY) or ID_PATTERN.fullmatch(value):
        return value
    wild = "; + stands for every one" if or_any else ""
    raise UsageError(
        f"{what} {shown(value)[:80]!r} cannot be part of a topic: use 1 to 36 characters out of"
        f" A-Z a-z 0-9 . _ -{wild}"
    )
