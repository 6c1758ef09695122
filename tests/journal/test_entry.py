"""What a journal says stands there in words, and odd names do it no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleetsync.journal.entry import (
    Answer,
    Before,
    Deed,
    End,
    Ending,
    Entry,
    Head,
    Request,
    Seen,
    Sight,
    entry_object,
    parse_entry,
)
from fleetsync.model import LiveDevice, LiveDeviceType, Location
from fleetsync.model.live import Registration
from tests.journal.drawn import RUN, entries_of, written

LIVE = LiveDevice(
    "pump",
    "p-1",
    {"serialNumber": "7"},
    {"floor": 1},
    "protect=yes #45833ed0f4e57fb2",
    alert_enabled=True,
    registration=Registration("app", "a-abc123-key", "2026-01-01T00:00:00Z"),
)
WRITTEN: list[tuple[Entry, dict[str, Any]]] = [
    (
        Head(RUN, "undo", "emea", "abc123", "sha256:0f", "client", {"device create": 2}, "earlier"),
        {
            "what": "run",
            "run": RUN,
            "command": "undo",
            "fleet": "emea",
            "org": "abc123",
            "plan": "sha256:0f",
            "tokens": "client",
            "counts": {"device create": 2},
            "undoes": "earlier",
        },
    ),
    (
        Request(3, Deed.DELETE_DEVICES, (("pump", "p-1"), ("pump", "p-2"), ("valve", "v-1"))),
        {
            "what": "request",
            "number": 3,
            "deed": "delete devices",
            "names": {"pump": ["p-1", "p-2"], "valve": ["v-1"]},
        },
    ),
    (
        Request(4, Deed.CREATE_TYPE, (("pump", None),)),
        {"what": "request", "number": 4, "deed": "create type", "names": {"pump": None}},
    ),
    (
        Answer(3, Ending.ANSWERED, failed=(("pump", "p-2"),), untold=(("valve", "v-1"),)),
        {
            "what": "answer",
            "number": 3,
            "ending": "answered",
            "failed": {"pump": ["p-2"]},
            "untold": {"valve": ["v-1"]},
        },
    ),
    (
        Answer(4, Ending.UNKNOWN, words="no answer came"),
        {"what": "answer", "number": 4, "ending": "unknown", "words": "no answer came"},
    ),
    (
        Before(
            ("pump", "p-1"),
            LIVE,
            Location(51.5, -1),
            located=True,
            fields=(("metadata.floor", 1, None),),
        ),
        {
            "what": "before",
            "kind": "device",
            "name": ["pump", "p-1"],
            "live": {
                "type_id": "pump",
                "device_id": "p-1",
                "device_info": {"serialNumber": "7"},
                "metadata": {"floor": 1},
                "mark": "protect=yes #45833ed0f4e57fb2",
                "alert_enabled": True,
                "registration": ["app", "a-abc123-key", "2026-01-01T00:00:00Z"],
                "via_gateway": False,
            },
            "location": [51.5, -1, None, None, None],
            "located": True,
            "fields": [["metadata.floor", 1, None]],
        },
    ),
    (
        Before(("pump", None), LiveDeviceType("pump", "Gateway", "Pumps"), gateway=True),
        {
            "what": "before",
            "kind": "type",
            "name": ["pump", None],
            "live": {
                "type_id": "pump",
                "class_id": "Gateway",
                "description": "Pumps",
                "device_info": {},
                "metadata": {},
                "mark": None,
            },
            "gateway": True,
        },
    ),
    (
        Seen(Sight.GONE, (("pump", "p-1"), ("pump", None))),
        {"what": "seen", "sight": "gone", "names": {"pump": ["p-1", None]}},
    ),
    (End("partly", {"done": 7}), {"what": "end", "ended": "partly", "counts": {"done": 7}}),
]


@pytest.mark.parametrize(("entry", "line"), WRITTEN)
def test_an_entry_stands_there_in_words(entry: Entry, line: dict[str, Any]) -> None:
    assert json.loads(json.dumps(entry_object(entry))) == line
    assert parse_entry(line) == entry


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"what": "rumour"},
        {"what": ["run"]},
        {"what": "end", "ended": "done"},
        {"what": "end", "ended": "done", "counts": {"done": "7"}},
        {"what": "end", "ended": "done", "counts": {"done": True}},
        {"what": "end", "ended": 1, "counts": {}},
        {"what": "end", "ended": "done", "counts": {}, "weather": "fine"},
        {"what": "request", "number": "1", "deed": "create type", "names": {}},
        {"what": "request", "number": True, "deed": "create type", "names": {}},
        {"what": "request", "number": 1, "deed": "paint it", "names": {}},
        {"what": "request", "number": 1, "deed": "create type", "names": {"pump": "p-1"}},
        {"what": "request", "number": 1, "deed": "create type", "names": {"pump": [1]}},
        {"what": "request", "number": 1, "deed": "create type", "names": []},
        {"what": "before", "name": ["a", "b", "c"], "live": {}, "kind": "device"},
        {"what": "before", "name": ["a", 1], "live": {}, "kind": "device"},
        {"what": "before", "name": ["a", "b"], "live": {"type_id": "a"}, "kind": "device"},
        {
            "what": "before",
            "name": ["a", None],
            "live": {"type_id": "a", "device_info": {"model": 1}},
            "kind": "type",
        },
        {
            "what": "before",
            "name": ["a", None],
            "live": {"type_id": "a", "device_info": {}},
            "kind": "type",
            "location": ["north", 1],
        },
    ],
)
def test_what_is_no_entry_is_not_taken_for_one(line: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_entry(line)


def test_a_request_may_speak_of_very_many_devices() -> None:
    names = tuple((f"type-{number % 3}", f"device-{number}") for number in range(100_000))
    by_type = tuple(sorted(names, key=lambda name: name[0]))
    head, request = WRITTEN[0][0], Request(1, Deed.CREATE_DEVICES, names)
    assert entries_of(written([head, request])) == [head, request._replace(names=by_type)]


@pytest.mark.parametrize(
    "name", ["", "\ud800", '"', "\n", "\x1b[2J", "a" * 1_000_000, "\U0001f600"]
)
def test_odd_names_do_no_harm(name: str) -> None:
    head = WRITTEN[0][0]
    request = Request(1, Deed.UPDATE_DEVICE, ((name, name), (name, None)))
    file = written([head, request])
    assert file.isascii()
    assert file.count(b"\n") == 2
    assert entries_of(file) == [head, request]
