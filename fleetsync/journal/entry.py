"""Say what a line of a journal can tell: plain values, and their way into JSON and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from fleetsync.model import LiveDevice, LiveDeviceType, Location
from fleetsync.model.live import Registration

Name = tuple[str, str | None]
"""A type id alone, or a type id and a device id."""


class Deed(StrEnum):
    """What one writing request does."""

    CREATE_TYPE = "create type"
    UPDATE_TYPE = "update type"
    CREATE_DEVICES = "create devices"
    UPDATE_DEVICE = "update device"
    PUT_LOCATION = "put location"
    DELETE_DEVICES = "delete devices"
    DELETE_TYPE = "delete type"


class Ending(StrEnum):
    """How a request ended; one without an ending was under way when its process was stopped."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


class Sight(StrEnum):
    """What somebody saw who looked at an item of a request whose outcome was unknown."""

    OURS = "ours"
    ANOTHERS = "another's"
    GONE = "gone"


class Head(NamedTuple):
    """What a run set out to do; ``plan`` is its digest, ``counts`` goes like 'device create' -> 3.

    ``undoes`` names the run that this one takes back, if it is an undo.
    """

    run: str
    command: str
    fleet: str
    org: str
    plan: str
    tokens: str
    counts: Mapping[str, int]
    undoes: str | None = None


class Request(NamedTuple):
    """One writing request, noted and on the disk before it is sent."""

    number: int
    deed: Deed
    names: tuple[Name, ...]


class Answer(NamedTuple):
    """How a request ended: which items the org did not carry out, and of which it did not tell."""

    number: int
    ending: Ending
    failed: tuple[Name, ...] = ()
    untold: tuple[Name, ...] = ()
    words: str = ""


class Before(NamedTuple):
    """What was live before a run changed or deleted it; there is never a token in it.

    ``location`` is None where none was set or, if ``located`` is false, where nobody looked.
    """

    name: Name
    live: LiveDevice | LiveDeviceType
    location: Location | None = None
    located: bool = False
    gateway: bool = False


class Seen(NamedTuple):
    """What was seen of items whose fate was unknown."""

    sight: Sight
    names: tuple[Name, ...]


class End(NamedTuple):
    """How a run ended: ``counts`` of its outcomes by status."""

    ended: str
    counts: Mapping[str, int]


_GROUPED = ("names", "failed", "untold")

Entry = Head | Request | Answer | Before | Seen | End


def entry_object(entry: Entry) -> dict[str, Any]:
    """Write an entry as the JSON object of its line."""
    what = _WORDS[type(entry)]
    fields: dict[str, Any] = {
        name: value for name, value in entry._asdict().items() if value not in (None, (), "")
    }
    if isinstance(entry, Before):
        fields |= {"name": list(entry.name), "live": _live_object(entry.live)}
        fields["kind"] = "type" if entry.name[1] is None else "device"
        if entry.location is not None:
            fields["location"] = list(entry.location)
    for grouped in _GROUPED:
        if grouped in fields:
            fields[grouped] = _by_type(fields[grouped])
    return {"what": what, **fields}


def parse_entry(line: Mapping[str, Any]) -> Entry:
    """Read an entry back; KeyError, TypeError or ValueError if it is none."""
    values = {key: value for key, value in line.items() if key not in ("at", "check", "what")}
    kind = _KINDS[line["what"]]
    for name, value in values.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool) is not (name in _FLAGS):
            raise TypeError(name)
    for grouped in _GROUPED:
        if grouped in values:
            values[grouped] = tuple(_names(values[grouped]))
    if kind is Before:
        return _parse_before(values)
    for name, words in (("deed", Deed), ("ending", Ending), ("sight", Sight)):
        if name in values:
            values[name] = words(values[name])
    entry: Entry = kind(**values)
    return entry


def _by_type(names: Iterable[Name]) -> dict[str, list[str] | None]:
    """Group device ids by type; a type by itself stands with null."""
    groups: dict[str, list[str] | None] = {}
    for type_id, device_id in names:
        if device_id is None:
            groups[type_id] = None
        else:
            group = groups.setdefault(type_id, [])
            if group is None:
                raise ValueError(type_id)
            group.append(device_id)
    return groups


def _names(groups: Mapping[str, list[str] | None]) -> Iterable[Name]:
    for type_id, devices in groups.items():
        if devices is None:
            yield (type_id, None)
        else:
            yield from ((type_id, _text(device)) for device in devices)


def _live_object(live: LiveDevice | LiveDeviceType) -> dict[str, Any]:
    fields = live._asdict()
    fields["device_info"] = dict(live.device_info)
    fields["metadata"] = dict(live.metadata)
    return fields


def _parse_before(values: dict[str, Any]) -> Before:
    type_id, device_id = values["name"]
    live = dict(values["live"])
    found: LiveDevice | LiveDeviceType
    if device_id is None:
        found = LiveDeviceType(**live)
    else:
        live["registration"] = Registration(*live["registration"])
        found = LiveDevice(**live)
    place = values.get("location")
    if place is not None:
        latitude, longitude, *others = place
        place = Location(float(latitude), float(longitude), *others)
    return Before(
        name=(_text(type_id), None if device_id is None else _text(device_id)),
        live=found,
        location=place,
        located=values["located"] is True,
        gateway=values["gateway"] is True,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


_WORDS: dict[type, str] = {
    Head: "run",
    Request: "request",
    Answer: "answer",
    Before: "before",
    Seen: "seen",
    End: "end",
}
_FLAGS = frozenset({"located", "gateway"})
_TYPES: dict[str, type] = {
    **dict.fromkeys(("run", "command", "fleet", "org", "plan", "tokens", "undoes"), str),
    **dict.fromkeys(("deed", "ending", "sight", "words", "ended", "kind"), str),
    **dict.fromkeys(("counts", "live", *_GROUPED), dict),
    **dict.fromkeys(("name", "location"), list),
    **dict.fromkeys(_FLAGS, bool),
    "number": int,
}
_KINDS: dict[str, Any] = {word: kind for kind, word in _WORDS.items()}  # Any: each has its own keys
