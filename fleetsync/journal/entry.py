"""Say what a line of a journal can tell: plain values, and their way into JSON and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from fleetsync.model import JSON, LiveDevice, LiveDeviceType, Location
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
    TOKENLESS = "ours, its token unknown"
    ANOTHERS = "another's"
    THERE = "still there"
    GONE = "gone"
    RENEWED = "renewed"


class Head(NamedTuple):
    """What a run set out to do; ``plan`` is its digest, ``counts`` goes like 'device create' -> 3.

    ``undoes`` names the run that this one takes back, if it is an undo. ``manifests`` is the digest
    of the manifests that the plan was made from.
    """

    run: str
    command: str
    fleet: str
    org: str
    plan: str
    tokens: str
    counts: Mapping[str, int]
    undoes: str | None = None
    manifests: str | None = None


class Request(NamedTuple):
    """One writing request, noted and on the disk before it is sent.

    ``known`` are new devices whose token stood in the secrets file before this run.
    """

    number: int
    deed: Deed
    names: tuple[Name, ...]
    known: tuple[Name, ...] = ()


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
    ``fields`` are those that an update sets: path, live value before, and what the run writes.
    """

    name: Name
    live: LiveDevice | LiveDeviceType
    location: Location | None = None
    located: bool = False
    gateway: bool = False
    fields: tuple[tuple[str, JSON, JSON], ...] = ()


class Aim(NamedTuple):
    """The devices that a rotation shall give new tokens, and of which it knows no more yet.

    ``connected`` are those that were connected when it was planned.
    """

    names: tuple[Name, ...]
    connected: tuple[Name, ...] = ()


class Seen(NamedTuple):
    """What was seen of items whose fate was unknown."""

    sight: Sight
    names: tuple[Name, ...]


class End(NamedTuple):
    """How a run ended: ``counts`` of its outcomes by status.

    ``settled`` tells that it left nothing open, so that nobody need read all of it to know.
    """

    ended: str
    counts: Mapping[str, int]
    settled: bool = False


ROTATE = "rotate"
"""The command whose runs delete devices only to register them again."""

DONE = "done"
"""How a run ended that left nothing undone."""

CUT_OFF = "cut off"
"""How a run ended that did not end itself: noted by the next one, when it has settled it."""

_GROUPED = ("names", "known", "failed", "untold", "connected")

Entry = Head | Aim | Request | Answer | Before | Seen | End


def entry_object(entry: Entry) -> dict[str, Any]:
    """Write an entry as the JSON object of its line; what is as usual stays out."""
    what, usual = _WORDS[type(entry)], entry._field_defaults
    fields: dict[str, Any] = {
        name: value
        for name, value in entry._asdict().items()
        if name not in usual or value != usual[name]
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
    """Read an entry back; KeyError, TypeError or ValueError if it is none.

    Names come back grouped by type, in their order within it.
    """
    values = {key: value for key, value in line.items() if key not in ("at", "check", "what")}
    kind = _KINDS[line["what"]]
    for name, value in values.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool) is not (name in _FLAGS):
            raise TypeError(name)
    if "counts" in values:
        _check_counts(values["counts"])
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


def _by_type(names: Iterable[Name]) -> dict[str, list[str | None] | None]:
    """Group device ids by type; null stands for a type by itself."""
    groups: dict[str, list[str | None]] = {}
    for type_id, device_id in names:
        groups.setdefault(type_id, []).append(device_id)
    return {name: None if group == [None] else group for name, group in groups.items()}


def _names(groups: Mapping[str, object]) -> Iterable[Name]:
    for type_id, devices in groups.items():
        if devices is None:
            yield (type_id, None)
        elif isinstance(devices, list):
            yield from ((type_id, None if each is None else _text(each)) for each in devices)
        else:
            raise TypeError(devices)


def _check_counts(counts: Mapping[str, object]) -> None:
    if not all(type(count) is int for count in counts.values()):
        raise TypeError(counts)


def _live_object(live: LiveDevice | LiveDeviceType) -> dict[str, Any]:
    fields = live._asdict()
    fields["device_info"] = dict(live.device_info)
    fields["metadata"] = dict(live.metadata)
    return fields


def _parse_before(values: dict[str, Any]) -> Before:
    type_id, device_id = values.pop("name")
    live = _checked(values.pop("live"), _LIVE)
    del values["kind"]  # it is for people
    found: LiveDevice | LiveDeviceType
    if device_id is None:
        found = LiveDeviceType(**live)
    else:
        live["registration"] = Registration(*map(_text_or_none, live["registration"]))
        found = LiveDevice(**live)
    if "location" in values:
        values["location"] = _parse_location(*values["location"])
    if "fields" in values:
        values["fields"] = tuple(_parse_field(*field) for field in values["fields"])
    name = (_text(type_id), _text_or_none(device_id))
    return Before(name=name, live=found, **values)


def _parse_field(path: object, before: JSON, after: JSON) -> tuple[str, JSON, JSON]:
    return _text(path), before, after


def _parse_location(
    latitude: object,
    longitude: object,
    elevation: object = None,
    accuracy: object = None,
    measured: object = None,
) -> Location:
    return Location(
        _number(latitude),
        _number(longitude),
        None if elevation is None else _number(elevation),
        None if accuracy is None else _number(accuracy),
        _text_or_none(measured),
    )


def _checked(values: dict[str, Any], types: Mapping[str, type]) -> dict[str, Any]:
    """Give the values, each of the type that its name asks for; a mark may be anything."""
    for name, value in values.items():
        if name != "mark" and not isinstance(value, types[name]):
            raise TypeError(name)
    if not all(isinstance(text, str) for text in values["device_info"].values()):
        raise TypeError("device_info")
    return values


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


_LIVE: dict[str, type] = {
    **dict.fromkeys(("type_id", "device_id", "class_id", "description"), str),
    **dict.fromkeys(("device_info", "metadata"), dict),
    **dict.fromkeys(("alert_enabled", "via_gateway"), bool),
    "registration": list,
}
_WORDS: dict[type, str] = {
    Head: "run",
    Aim: "aim",
    Request: "request",
    Answer: "answer",
    Before: "before",
    Seen: "seen",
    End: "end",
}
_FLAGS = frozenset({"located", "gateway", "settled"})
_TYPES: dict[str, type] = {
    **dict.fromkeys(("run", "command", "fleet", "org", "plan", "tokens"), str),
    **dict.fromkeys(("undoes", "manifests"), str),
    **dict.fromkeys(("deed", "ending", "sight", "words", "ended", "kind"), str),
    **dict.fromkeys(("counts", "live", *_GROUPED), dict),
    **dict.fromkeys(("name", "location", "fields"), list),
    **dict.fromkeys(_FLAGS, bool),
    "number": int,
}
_KINDS: dict[str, Any] = {word: kind for kind, word in _WORDS.items()}  # Any: each has its own keys
