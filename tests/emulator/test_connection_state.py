"""Who is connected: over MQTT, and as a test says."""

from __future__ import annotations

from typing import Any

import pytest

from fleetsync.emulator.faults import Faults
from fleetsync.emulator.running import Place, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import parse_switches
from fleetsync.messaging.device import DeviceMessaging
from fleetsync.messaging.endpoint import Endpoint, device_login
from fleetsync.model import DeviceKey
from tests.emulator.conftest import Caller

STATES = "/clientconnectionstates"


@pytest.fixture
def pumps(call: Caller, org_state: OrgState) -> Caller:
    """Five pumps, of which three are connected, and one has gone."""
    call.add_type("pump")
    call.add_type("hub", classId="Gateway")
    for number in range(5):
        call.add_device("pump", f"p-{number}", authToken="device-token-1")
    call.add_device("hub", "h-1")
    for number in range(3):
        org_state.note_connection("pump", f"p-{number}")
    org_state.note_connection("hub", "h-1")
    org_state.note_disconnection("pump", "p-0")
    return call


def ids(call: Caller, query: str = "") -> list[str]:
    status, body = call("GET", f"{STATES}{query}")
    assert status == 200
    return [each["id"].split(":", 2)[2] for each in body["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["pump:p-0", "pump:p-1", "pump:p-2", "hub:h-1"]),
        ("?connectionStatus=connected", ["pump:p-1", "pump:p-2", "hub:h-1"]),
        ("?connectionStatus=disconnected", ["pump:p-0"]),
        ("?deviceType=hub", ["hub:h-1"]),
        ("?deviceType=pump&deviceId=p-2", ["pump:p-2"]),
        ("?connectedAfter=2999-01-01T00:00:00.000Z", []),
    ],
)
def test_states_are_listed_by_filter(pumps: Caller, query: str, expected: list[str]) -> None:
    assert ids(pumps, query) == expected


def test_a_list_goes_on_at_its_bookmark(pumps: Caller) -> None:
    first = pumps("GET", f"{STATES}?_limit=3").body
    assert first["meta"]["total_rows"] == 4
    rest = pumps("GET", f"{STATES}?_limit=3&_bookmark={first['bookmark']}").body
    assert len(first["results"]) == 3
    assert [each["id"] for each in rest["results"]] == ["g:embedded:hub:h-1"]
    assert "bookmark" not in rest


def test_one_that_never_connected_or_is_deleted_has_no_state(pumps: Caller) -> None:
    assert pumps("GET", f"{STATES}/d:embedded:pump:p-1").body["connectionStatus"] == "connected"
    assert pumps("GET", f"{STATES}/d:embedded:pump:p-4").status == 404
    assert pumps("DELETE", "/device/types/pump/devices/p-1").status == 204
    assert pumps("GET", f"{STATES}/d:embedded:pump:p-1").status == 404


@pytest.mark.parametrize("query", ["?x=1", "?_limit=0", "?_limit=x", "?_limit=201"])
def test_a_bad_parameter_is_refused(pumps: Caller, query: str) -> None:
    assert pumps("GET", f"{STATES}{query}").status == 400


def test_lists_follow_the_switches_of_lists(pumps: Caller, org_state: OrgState) -> None:
    org_state.switches = parse_switches(["totalRows=absent", "limitTooLarge=clamp", "pageCap=2"])
    page = pumps("GET", f"{STATES}?_limit=100").body
    assert len(page["results"]) == 2
    assert page["meta"] == {}
    org_state.switches = parse_switches([])
    org_state.faults = Faults(hidden_devices="pump/p-1")
    page = pumps("GET", STATES).body
    assert [each["id"] for each in page["results"]] == [
        "d:embedded:pump:p-0",
        "d:embedded:pump:p-2",
        "g:embedded:hub:h-1",
    ]
    assert page["meta"]["total_rows"] == 3


def test_a_list_can_be_short_of_what_it_counts(pumps: Caller, org_state: OrgState) -> None:
    org_state.switches = parse_switches(["clientStates=short"])
    page = pumps("GET", STATES).body
    assert [each["id"] for each in page["results"]] == [
        "d:embedded:pump:p-0",
        "d:embedded:pump:p-2",
    ]
    assert page["meta"]["total_rows"] == 4
    assert pumps("GET", f"{STATES}/d:embedded:pump:p-1").status == 200


@pytest.mark.parametrize("status", ["403", "404", "503"])
def test_an_org_may_not_tell(pumps: Caller, org_state: OrgState, status: str) -> None:
    org_state.switches = parse_switches([f"clientStates={status}"])
    assert pumps("GET", STATES).status == int(status)
    assert pumps("GET", f"{STATES}/d:embedded:pump:p-1").status == int(status)


def test_a_rehearsal_lets_devices_come_and_go(pumps: Caller) -> None:
    root = pumps.root.removesuffix("/api/v0002")
    told = {"pump/p-4": True, "pump/p-1": False}
    done = pumps.session.put(f"{root}/emulator/connections", json=told, timeout=5)
    assert done.status_code == 204
    assert ids(pumps, "?connectionStatus=connected") == ["pump:p-2", "pump:p-4", "hub:h-1"]
    wrong: list[Any] = [[], {"pump/none": True}]
    for bad in wrong:
        answer = pumps.session.put(f"{root}/emulator/connections", json=bad, timeout=5)
        assert answer.status_code in {400, 404}


def test_a_device_on_mqtt_is_connected_while_it_is(pumps: Caller, org_state: OrgState) -> None:
    with run_emulator(org_state, Place(mqtt_port=0)) as running:
        login = device_login("embedded", DeviceKey("pump", "p-3"), "device-token-1")
        path = f"{STATES}/{login.client_id}"
        endpoint = Endpoint("127.0.0.1", running.mqtt_port, tls=False)
        with DeviceMessaging(endpoint, login), DeviceMessaging(endpoint, login) as newer:
            assert newer.is_connected
            assert pumps("GET", path).body["connectionStatus"] == "connected"
    assert pumps("GET", path).body["connectionStatus"] == "disconnected"
