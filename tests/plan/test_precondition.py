"""What must still be live for a change: what its write touches, and nothing that devices change."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from fleetsync.diff import Change
from fleetsync.plan.precondition import carries_live_values, precondition
from tests.plan.plans import make_plan_of

PLACE = {"latitude": 1, "longitude": 2}
REGISTRATION = {
    "auth": {"id": "a-abc123-k0dl0vqqrk", "type": "app"},
    "date": "2018-09-18T06:44:02Z",
}
LIVE: dict[str, Any] = {
    "typeId": "pump",
    "deviceId": "p-1",
    "deviceInfo": {"model": "M", "fwVersion": "1"},
    "metadata": {"floor": 1, "seen": {"at": 5}},
    "status": {"alert": {"enabled": False}},
    "registration": REGISTRATION,
}
OPEN = {"typeId": "pump", "deviceId": "p-1", "deviceInfo": {"model": "N"}}
MOVED = {"typeId": "pump", "deviceId": "p-1", "location": PLACE}
WHOLE = {"typeId": "pump", "deviceId": "p-1", "metadata": {"floor": 2, "seen": {"at": 5}}}


def the_change(
    folder: Path, live: dict[str, Any], declared: dict[str, Any] | None, *ignored: str
) -> Change:
    """Plan for one device whose type leaves ``ignored`` to the device."""
    manifest: dict[str, Any] = {
        "deviceTypes": [{"id": "pump", "lifecycle": {"ignoreChanges": list(ignored)}}],
        "devices": [declared] if declared else [],
    }
    org = {"types": [{"id": "pump"}], "devices": [live]}
    if declared and "location" in declared:
        org["locations"] = {"pump/p-1": {"latitude": 7, "longitude": 8}}  # type: ignore[assignment]  # JSON
    changes = make_plan_of(folder, org, **manifest).changes
    assert len(changes) == 1
    return changes[0]


def edited(section: str, key: str, value: Any) -> dict[str, Any]:
    live = copy.deepcopy(LIVE)
    live[section] = {**live[section], key: value}
    return live


MODEL = edited("deviceInfo", "model", "X")
FIRMWARE = edited("deviceInfo", "fwVersion", "2")
FLOOR = edited("metadata", "floor", 7)
SEEN = edited("metadata", "seen", {"at": 6})
NOTE = edited("metadata", "note", "x")
ALERT = edited("status", "alert", {"enabled": True})
ANEW = edited("registration", "date", "2026-11-23T10:00:00Z")
ANOTHER = edited("registration", "auth", {"id": "j@example.com", "type": "person"})
NULL = edited("metadata", "note", None)
MARKED = {**copy.deepcopy(LIVE), "mark": {"location": [1, 2]}}

CASES: list[tuple[str, dict[str, Any] | None, tuple[str, ...], list[Any], list[Any]]] = [
    ("a field alone", OPEN, (), [MODEL], [FIRMWARE, FLOOR, SEEN, NOTE, ALERT, ANEW, NULL]),
    ("metadata as a whole", WHOLE, (), [FLOOR, SEEN, NOTE], [MODEL, FIRMWARE, ALERT, ANEW, NULL]),
    (
        "metadata as a whole, but for what is left to the device",
        WHOLE,
        ("metadata.seen", "metadata.note"),
        [FLOOR],
        [SEEN, NOTE, FIRMWARE],
    ),
    ("open metadata that carry the mark", MOVED, (), [FLOOR, SEEN, NOTE], [MODEL, ALERT, ANEW]),
    ("metadata that are the device's", MOVED, ("metadata",), [], [FLOOR, SEEN, NOTE, MODEL, ALERT]),
    ("a delete", None, (), [MODEL, FIRMWARE, FLOOR, NOTE, ALERT, ANEW, ANOTHER, MARKED], [NULL]),
    (
        "a delete of a device that writes itself",
        None,
        ("deviceInfo.fwVersion", "metadata.seen", "status.alert.enabled"),
        [MODEL, FLOOR, NOTE, ANEW, ANOTHER],
        [FIRMWARE, SEEN, ALERT, NULL],
    ),
]


@pytest.mark.parametrize(
    ("declared", "ignored", "counts", "passes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_an_edit_counts_where_the_change_would_touch_it(
    tmp_path: Path,
    declared: dict[str, Any] | None,
    ignored: tuple[str, ...],
    counts: list[dict[str, Any]],
    passes: list[dict[str, Any]],
) -> None:
    planned = precondition(the_change(tmp_path, LIVE, declared, *ignored))
    assert len(planned) == 16
    for live in counts:
        assert precondition(the_change(tmp_path, live, declared, *ignored)) != planned, live
    for live in passes:
        assert precondition(the_change(tmp_path, live, declared, *ignored)) == planned, live


def test_of_a_device_that_goes_with_its_type_the_gateway_counts(tmp_path: Path) -> None:
    def planned(**parts: Any) -> str:
        live = {"types": [{"id": "pump"}], "devices": [{**LIVE, **parts}]}
        return precondition(make_plan_of(tmp_path, live, removedDeviceTypes=["pump"]).changes[0])

    assert planned(gatewayId="h-1") != planned()
    assert planned() == planned()


def test_a_create_wants_nothing_to_be_there(tmp_path: Path) -> None:
    plan = make_plan_of(tmp_path, deviceTypes=[{"id": "pump"}], devices=[OPEN])
    assert [precondition(change) for change in plan.changes] == ["absent", "absent"]


@pytest.mark.parametrize(
    ("there", "same"),
    [
        ({"latitude": 7, "longitude": 8}, True),
        ({"latitude": 7, "longitude": 8, "measuredDateTime": "2026-01-01T00:00:00Z"}, True),
        ({"latitude": 7, "longitude": 9}, False),
        ({"latitude": 1, "longitude": 8}, False),
        ({"latitude": 7, "longitude": 8, "elevation": 3}, False),
    ],
)
def test_of_a_location_that_moves_the_whole_counts(
    tmp_path: Path, there: dict[str, Any], same: bool
) -> None:
    def planned(place: dict[str, Any]) -> str:
        live = {"types": [{"id": "pump"}], "devices": [LIVE], "locations": {"pump/p-1": place}}
        plan = make_plan_of(tmp_path, live, deviceTypes=[{"id": "pump"}], devices=[MOVED])
        return precondition(plan.changes[0])

    assert (planned(there) == planned({"latitude": 7, "longitude": 8})) is same


@pytest.mark.parametrize(
    ("live", "same"),
    [
        ({"id": "pump", "metadata": {"k": 1}, "deviceInfo": {"model": "M"}}, True),
        ({"id": "pump", "metadata": {"k": 2}}, False),
        ({"id": "pump", "metadata": {"k": 1, "l": 1}}, False),
    ],
)
def test_of_a_type_the_metadata_count_that_carry_the_mark(
    tmp_path: Path, live: dict[str, Any], same: bool
) -> None:
    def planned(found: dict[str, Any]) -> str:
        declared = {"id": "pump", "lifecycle": {"protect": True}}
        return precondition(
            make_plan_of(tmp_path, {"types": [found]}, deviceTypes=[declared]).changes[0]
        )

    assert (planned(live) == planned({"id": "pump", "metadata": {"k": 1}})) is same


@pytest.mark.parametrize(
    ("live", "same"),
    [
        ({"id": "old", "description": "d"}, True),
        ({"id": "old", "description": "e"}, False),
        ({"id": "old", "description": "d", "metadata": {"k": 1}}, False),
        ({"id": "old", "description": "d", "classId": "Gateway"}, False),
    ],
)
def test_of_a_type_that_goes_all_counts(tmp_path: Path, live: dict[str, Any], same: bool) -> None:
    def planned(found: dict[str, Any]) -> str:
        plan = make_plan_of(tmp_path, {"types": [found]}, removedDeviceTypes=["old"])
        return precondition(plan.changes[0])

    assert (planned(live) == planned({"id": "old", "description": "d"})) is same


@pytest.mark.parametrize(
    ("declared", "ignored", "carries"),
    [
        (OPEN, (), False),
        (WHOLE, (), False),
        (WHOLE, ("metadata.seen",), True),
        (WHOLE, ("deviceInfo.model",), False),
        (MOVED, (), True),
        ({**WHOLE, "lifecycle": {"protect": True}}, (), True),
    ],
)
def test_a_write_carries_live_values_where_the_manifest_leaves_some_of_its_metadata_open(
    tmp_path: Path, declared: dict[str, Any], ignored: tuple[str, ...], carries: bool
) -> None:
    assert carries_live_values(the_change(tmp_path, LIVE, declared, *ignored)) is carries
