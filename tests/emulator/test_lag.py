"""Lists may lag behind writes; single reads never do (platform page 5.3, Q16)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller


@pytest.fixture
def pumps(call: Caller, org_state: OrgState) -> Caller:
    """Devices p-1 and p-2, written before the lag began."""
    call.add_type("pump")
    call.add_device("pump", "p-1", metadata={"a": 1})
    call.add_device("pump", "p-2")
    org_state.switches = Switches(list_lag_calls=2)
    return call


def test_without_a_lag_a_list_shows_a_write_at_once(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")
    assert call.ids("/bulk/devices") == ["pump/p-1"]


def test_a_new_device_is_missing_from_the_next_lists(pumps: Caller) -> None:
    pumps.add_device("pump", "p-3")
    assert pumps("GET", "/device/types/pump/devices/p-3").status == 200
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-2"]
    assert pumps.ids("/device/types/pump/devices") == ["pump/p-1", "pump/p-2"]
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-2", "pump/p-3"]


def test_a_deleted_device_is_still_in_the_next_lists(pumps: Caller) -> None:
    pumps("POST", "/bulk/devices/remove", [{"typeId": "pump", "deviceId": "p-1"}])
    assert pumps("GET", "/device/types/pump/devices/p-1").status == 404
    body = pumps("GET", "/bulk/devices?_facets=typeId").body
    assert [item["deviceId"] for item in body["results"]] == ["p-1", "p-2"]
    assert body["meta"] == {"total_rows": 2, "facets": {"typeId": {"pump": 2}}}
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-2"]
    assert pumps("GET", "/bulk/devices").body["meta"] == {"total_rows": 1}


def test_a_changed_device_is_still_listed_as_it_was_before_the_first_change(
    pumps: Caller,
) -> None:
    for number in (2, 3):
        body = {"metadata": {"a": number}}
        assert pumps("PUT", "/device/types/pump/devices/p-1", body).status == 200
    path = "/bulk/devices?deviceId=p-1"
    shown = [pumps("GET", path).body["results"][0]["metadata"] for _ in range(3)]
    assert shown == [{"a": 1}, {"a": 1}, {"a": 3}]


def test_pages_of_a_lagging_list_fit_together(pumps: Caller, org_state: OrgState) -> None:
    org_state.switches = Switches(list_lag_calls=9)
    pumps("DELETE", "/device/types/pump/devices/p-2")
    pumps.add_device("pump", "p-0")
    first = pumps("GET", "/bulk/devices?_limit=1").body
    assert [item["deviceId"] for item in first["results"]] == ["p-1"]
    assert pumps.ids(f"/bulk/devices?_limit=1&_bookmark={first['bookmark']}") == ["pump/p-2"]


def test_lists_of_types_lag_too(call: Caller, org_state: OrgState) -> None:
    org_state.switches = Switches(list_lag_calls=1)
    call.add_type("pump")
    assert call("GET", "/device/types/pump").status == 200
    assert call("GET", "/device/types").body == {"results": [], "meta": {"total_rows": 0}}
    assert call("GET", "/device/types").body["meta"] == {"total_rows": 1}
    call("PUT", "/device/types/pump", {"description": "new"})
    assert "description" not in call("GET", "/device/types").body["results"][0]
    call("DELETE", "/device/types/pump")
    assert call("GET", "/device/types").body["results"][0]["description"] == "new"
    assert call("GET", "/device/types").body["results"] == []


def test_a_refused_request_leaves_nothing_to_lag(pumps: Caller, org_state: OrgState) -> None:
    org_state.switches = Switches(list_lag_calls=5, max_devices=2)
    assert pumps("POST", "/device/types/pump/devices", {"deviceId": "p-3"}).status == 403
    org_state.switches = Switches()
    pumps.add_device("pump", "p-3")
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-2", "pump/p-3"]


def test_a_lag_in_seconds_passes(pumps: Caller, org_state: OrgState) -> None:
    org_state.switches = Switches(list_lag_seconds=0.2)
    started = time.monotonic()
    pumps.add_device("pump", "p-3")
    early = pumps.ids("/bulk/devices")
    if time.monotonic() - started < 0.2:
        assert early == ["pump/p-1", "pump/p-2"]
    time.sleep(0.21)
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-2", "pump/p-3"]
