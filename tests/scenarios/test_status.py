"""See the fleet at a glance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fleetsync.api.error_codes import newest_error
from fleetsync.emulator.running import Emulator, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import parse_switches
from fleetsync.model import DesiredFleet, DeviceKey, LiveDevice
from fleetsync.model.key import client_id
from fleetsync.status import Connections, count_fleet
from tests.scenarios.conftest import KEY, TOKEN, TOP, Fleetsync, Folder

SCHEMA = json.loads((TOP / "schemas" / "status.schema.json").read_text("utf-8"))
FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}, {"id": "hub", "classId": "Gateway"}, {"id": "spare"}],
    "devices": [{"typeId": "hub", "deviceId": "h-1"}],
    "deviceSets": [{"typeId": "pump", "deviceIds": ["p-{1..6}"]}],
}


@pytest.fixture
def org(
    folder: Folder, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> Iterator[Emulator]:
    """Six pumps, of which one is gone, two are on, one was on and one is in alert; a hub is on."""
    credentials(KEY, TOKEN)
    with OrgState.open(None) as state, run_emulator(state, accounts={KEY: TOKEN}) as running:
        folder.settings({"org": {"url": running.url, "callsPerSecond": 1000}})
        folder.manifest(FLEET)
        assert fleetsync("apply", "--yes").code == 0
        with state.turn(writing=True) as turn:
            turn.connection.execute("DELETE FROM device WHERE device_id = 'p-6'")
            turn.connection.execute("UPDATE device SET alert = 1 WHERE device_id = 'p-5'")
        for name in ("p-1", "p-2", "p-3"):
            state.note_connection("pump", name)
        state.note_disconnection("pump", "p-3")
        state.note_connection("hub", "h-1")
        yield running


def test_text_counts_by_type_and_names_what_is_not_as_it_should_be(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    result = fleetsync("status")
    assert result.code == 0
    head, *lines = result.out.splitlines()
    assert head.startswith("Status of test in org embedded, 20")
    assert lines == [
        "",
        "type   declared  registered  seen  connected  alerts",
        "hub           1           1     1          1       0",
        "pump          6           5     3          2       1",
        "spare         0           0     0          0       0",
        "all           7           6     4          3       1",
        "",
        "Not registered: pump/p-6.",
        "Never seen: pump/p-{4..5}.",
        "Seen before, not connected: pump/p-3.",
        "In alert: pump/p-5.",
        "API calls: 3 to read.",
    ]


def test_json_fits_its_schema(org: Emulator, fleetsync: Fleetsync) -> None:
    document = fleetsync("status", "--format", "json").json
    Draft202012Validator(SCHEMA).validate(document)
    assert document["total"]["connected"] == 3
    assert document["deviceTypes"][1]["devices"]["unseen"] == ["p-{4..5}"]


@pytest.mark.parametrize("switch", ["clientStates=403", "clientStates=404"])
def test_what_the_org_does_not_tell_is_unknown_and_not_offline(
    org: Emulator, fleetsync: Fleetsync, switch: str
) -> None:
    org.state.switches = parse_switches([switch])
    document = fleetsync("status", "--format", "json").json
    Draft202012Validator(SCHEMA).validate(document)
    assert document["total"]["connected"] is None
    assert document["deviceTypes"][1]["devices"]["offline"] is None
    assert document["unknown"]
    result = fleetsync("status")
    assert result.code == 0
    assert "Unknown: who is connected." in result.out
    assert "pump          6           5     3          ?       1" in result.out  # says the log
    assert "Never seen: pump/p-{4..5}." in result.out


def test_of_many_devices_no_log_is_read(
    org: Emulator, fleetsync: Fleetsync, folder: Folder
) -> None:
    folder.manifest({**FLEET, "deviceSets": [{"typeId": "pump", "deviceIds": ["p-{1..60}"]}]})
    assert fleetsync("apply", "--yes").code == 0
    org.state.switches = parse_switches(["clientStates=404"])
    assert "pump         60          60     ?          ?       1" in fleetsync("status").out


def report_error(org: Emulator, device_id: str, *codes: int) -> None:
    url = f"{org.url}/api/v0002/device/types/pump/devices/{device_id}/diag/errorCodes"
    for code in codes:
        answer = requests.post(url, json={"errorCode": code}, auth=(KEY, TOKEN), timeout=10)
        assert answer.status_code == 201


def test_errors_are_those_that_devices_reported_last(org: Emulator, fleetsync: Fleetsync) -> None:
    report_error(org, "p-1", 3, 99)
    report_error(org, "p-2", 99, 0)
    report_error(org, "p-4", 7)  # it was never seen, so it is not asked for
    result = fleetsync("status", "--errors")
    assert "type   declared  registered  seen  connected  alerts  errors" in result.out
    assert "pump          6           5     3          2       1       1" in result.out
    assert "Reporting an error: pump/p-1 (99)." in result.out
    document = fleetsync("status", "pump", "--errors", "--format", "json").json
    Draft202012Validator(SCHEMA).validate(document)
    (pump,) = document["deviceTypes"]
    assert (pump["errors"], pump["unread"]) == (1, 0)
    assert pump["devices"]["errors"] == {"p-1": 99}
    assert "| errors |" in fleetsync("status", "--errors", "--format", "markdown").out


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], None),
        (None, None),
        ({"errorCode": 4}, None),
        ([{"errorCode": 4}, {"errorCode": 5}], 4),
        ([{"errorCode": 0}, {"errorCode": 5}], None),
        ([{"errorCode": True}, "?", {"errorCode": "6"}, {"errorCode": 7}], 7),
        (
            [
                {"errorCode": 1, "timestamp": "2026-11-01T00:00:00Z"},
                {"errorCode": 2, "timestamp": "2026-11-02T00:00:00.000Z"},
            ],
            2,
        ),
    ],
)
def test_the_newest_error_is_found_in_whatever_the_org_tells(
    codes: Any, expected: int | None
) -> None:
    assert newest_error(codes) == expected


def test_a_type_that_no_manifest_declares_is_told(org: Emulator, fleetsync: Fleetsync) -> None:
    result = fleetsync("status", "pmp")
    assert result.code == 2
    assert "no manifest declares type pmp; name one of hub, pump, spare" in result.err


@pytest.mark.parametrize("switch", ["pageCap=1", "limitTooLarge=clamp"])
def test_small_pages_are_read_to_their_end(
    org: Emulator, fleetsync: Fleetsync, switch: str
) -> None:
    org.state.switches = parse_switches([switch, "pageCap=1", "pageDefault=1"])
    assert fleetsync("status", "--format", "json").json["total"]["seen"] == 4


def test_markdown_is_as_short_as_it_is_asked_to_be(folder: Folder, fleetsync: Fleetsync) -> None:
    types = [{"id": f"type-{number:03}-of-a-large-fleet"} for number in range(200)]
    folder.manifest({"deviceTypes": types})
    assert fleetsync("apply", "--yes").code == 0
    whole = fleetsync("status", "--format", "markdown").out
    assert whole.count("| `type-") == 200
    short = fleetsync("status", "--format", "markdown", "--max-bytes", "4000").out
    assert len(short.encode()) <= 4000
    assert "types more. All of them: `fleetsync " in short
    assert "| **all** | 0 | 0 | 0 | 0 | 0 |" in short


def test_a_page_shows_the_same_without_a_script(org: Emulator, fleetsync: Fleetsync) -> None:
    report_error(org, "p-1", 99)
    page = fleetsync("status", "--errors", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    for words in ("Status of test in org embedded", "pump/p-1 (99)", "pump/p-{4..5}", "pump/p-6"):
        assert words in page
    row = "".join(f"<td>{count}</td>" for count in (6, 5, 3, 2, 1, 1))
    assert f'<th scope="row">pump</th>{row}' in page


NAMES = st.integers(0, 9).map(lambda number: f"d-{number}")


@given(
    declared=st.frozensets(NAMES),
    live=st.frozensets(NAMES),
    states=st.dictionaries(st.tuples(NAMES, st.booleans()), st.booleans()),
)
def test_every_declared_device_is_counted_once(
    declared: frozenset[str], live: frozenset[str], states: dict[tuple[str, bool], bool]
) -> None:
    by_client = {
        client_id("o", DeviceKey("t", name), gateway=gateway): is_on
        for (name, gateway), is_on in states.items()
    }
    desired = DesiredFleet({}, {"t": dict.fromkeys(declared)}, {}, "")  # type: ignore[dict-item] # ids alone count
    devices = {name: LiveDevice("t", name) for name in live}
    (found,) = count_fleet(desired, {"t": devices}, "o", Connections(by_client))
    assert found.unseen is not None
    assert found.offline is not None
    parts = (*found.missing, *found.unseen, *found.offline)
    assert len(set(parts)) == len(parts)
    assert found.declared == len(parts) + (found.connected or 0)
    assert set(found.missing) == declared - live
