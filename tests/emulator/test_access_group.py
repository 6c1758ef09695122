"""Access groups hide devices: 404 and no row, yet their ids are taken (platform page 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleetsync.emulator.access_group import among_sql, is_among, read_patterns
from fleetsync.emulator.faults import Faults
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller

HIDDEN = "/device/types/pump/devices/p-1"


@pytest.fixture
def pumps(door: Caller, org_state: OrgState) -> Caller:
    """Devices p-1 (hidden), p-2 and p-3."""
    door.add_type("pump")
    for device_id in ("p-1", "p-2", "p-3"):
        door.add_device("pump", device_id, location={"latitude": 1, "longitude": 2})
    org_state.faults = Faults(hidden_devices="pump/p-1")
    return door


@pytest.mark.parametrize("path", ["/bulk/devices", "/device/types/pump/devices"])
def test_a_hidden_device_is_in_no_list_and_not_counted(pumps: Caller, path: str) -> None:
    body = pumps("GET", f"{path}?_facets=typeId").body
    assert [row["deviceId"] for row in body["results"]] == ["p-2", "p-3"]
    assert body["meta"] == {"total_rows": 2, "facets": {"typeId": {"pump": 2}}}
    first = pumps("GET", f"{path}?_limit=1").body
    assert [row["deviceId"] for row in first["results"]] == ["p-2"]
    assert pumps.ids(f"{path}?_limit=1&_bookmark={first['bookmark']}") == ["pump/p-3"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", HIDDEN, None),
        ("PUT", HIDDEN, {"metadata": {"a": 1}}),
        ("DELETE", HIDDEN, None),
        ("GET", f"{HIDDEN}/location", None),
        ("PUT", f"{HIDDEN}/location", {"latitude": 3, "longitude": 4}),
        ("GET", f"{HIDDEN}/mgmt", None),
    ],
)
def test_a_single_call_gets_404_and_changes_nothing(
    pumps: Caller, org_state: OrgState, method: str, path: str, body: object
) -> None:
    before = org_state.snapshot()
    assert pumps(method, path, body).status == 404
    assert org_state.snapshot() == before


def test_its_ids_are_taken(pumps: Caller) -> None:
    body = {"deviceId": "p-1"}
    assert pumps("POST", "/device/types/pump/devices", body).status == 409
    status, results = pumps("POST", "/bulk/devices/add", [{"typeId": "pump", **body}])
    assert (status, results[0]["success"]) == (202, False)


def test_a_bulk_remove_reports_success_and_removes_nothing(
    pumps: Caller, org_state: OrgState
) -> None:
    items = [{"typeId": "pump", "deviceId": device_id} for device_id in ("p-1", "p-2")]
    status, results = pumps("POST", "/bulk/devices/remove", items)
    assert (status, results) == (202, [{**item, "success": True} for item in items])
    assert sorted(org_state.snapshot()["devices"]) == ["pump/p-1", "pump/p-3"]


def test_a_type_with_nothing_but_hidden_devices_cannot_be_deleted(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(hidden_devices="pump")
    assert pumps.ids("/bulk/devices") == []
    assert pumps("DELETE", "/device/types/pump").status == 400


@pytest.mark.parametrize("switches", [Switches(list_lag_calls=1)], indirect=True)
def test_lists_that_lag_hide_too(pumps: Caller) -> None:
    pumps.ids("/bulk/devices")
    assert pumps("DELETE", "/device/types/pump/devices/p-2").status == 204
    assert pumps.ids("/bulk/devices") == ["pump/p-2", "pump/p-3"]
    assert pumps.ids("/bulk/devices") == ["pump/p-3"]


PATTERNS = [
    ("", []),
    ("pump", ["pump/p-1", "pump/p-10", "pump/x"]),
    ("pump/p-1", ["pump/p-1"]),
    ("pump/p-1*", ["pump/p-1", "pump/p-10"]),
    ("p*/?", ["pump/x", "p/x"]),
    ("fan,p/*", ["p/x", "fan/p-1"]),
]


def split_key(key: str) -> tuple[str, str]:
    """Return type id and device id."""
    type_id, _, device_id = key.partition("/")
    return type_id, device_id


@pytest.mark.parametrize(("text", "fitting"), PATTERNS)
def test_python_and_sqlite_read_patterns_alike(
    org_state: OrgState, text: str, fitting: list[str]
) -> None:
    keys = ["pump/p-1", "pump/p-10", "pump/x", "p/x", "fan/p-1"]
    patterns = read_patterns(text)
    assert [key for key in keys if is_among(*split_key(key), patterns)] == fitting
    for key in keys:
        sql = f"SELECT {among_sql(patterns)} FROM (SELECT ? AS type_id, ? AS device_id)"  # noqa: S608 - under test
        with org_state.turn(writing=False) as turn:
            found = turn.connection.execute(sql, split_key(key)).fetchone()[0]
        assert bool(found) == (key in fitting)


def test_a_pattern_that_is_not_safe_never_reaches_sqlite() -> None:
    with pytest.raises(ValueError, match="that none may have"):
        among_sql(("pump/' OR 1 --",))
