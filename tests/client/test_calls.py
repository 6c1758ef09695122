"""Every call of the library against the emulated org, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.client import ApiError, Token
from fleetsync.emulator.management import keep_management
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.client import ApplicationClient
    from fleetsync.emulator.state import OrgState

INFO = {"manufacturer": "ACME", "model": "P2"}
PLACE = {"longitude": 8.1, "latitude": 50.2, "elevation": 120}
PUMP = ("pump", "p-1")
pytestmark = pytest.mark.parametrize(
    "switches",
    [Switches(), Switches(bulk_add="202", bulk_remove="200", page_cap=2, error_body="empty")],
    ids=["as usual", "otherwise"],
    indirect=True,
)


@pytest.fixture
def pump(client: ApplicationClient) -> ApplicationClient:
    client.types.add_device_type("pump")
    client.devices.register_device(*PUMP, "t0ken-of-a-pump")
    return client


def test_the_organization_tells_who_it_is(client: ApplicationClient) -> None:
    assert client.organization.get_organization_details()["id"] == "embedded"


def test_a_device_type_lives_and_dies(client: ApplicationClient) -> None:
    made = client.types.add_device_type(
        "gate", "A gate", {"model": "G1"}, {"line": 7}, class_id="Gateway"
    )
    assert (made["id"], made["classId"], made["metadata"]) == ("gate", "Gateway", {"line": 7})
    assert client.types.get_device_type("gate") == made
    changed = client.types.update_device_type("gate", device_info={"model": "G2"})
    assert (changed["description"], changed["deviceInfo"]) == ("A gate", {"model": "G2"})
    client.types.delete_device_type("gate")
    with pytest.raises(ApiError) as caught:
        client.types.get_device_type("gate")
    assert caught.value.http_code == 404


def test_types_are_listed_whole_and_page_by_page(client: ApplicationClient) -> None:
    names = [f"t-{number}" for number in range(5)]
    for name in names:
        client.types.add_device_type(name)
    listing = client.types.get_all_device_types()
    assert [each["id"] for each in listing] == names
    page = listing.page(limit=2)
    assert ([each["id"] for each in page.results], page.total) == (names[:2], 5)
    assert [each["id"] for each in listing.page(page.bookmark, limit=2).results] == names[2:4]
    assert [each["id"] for each in client.types.get_all_device_types({"id": "t-3"})] == ["t-3"]


def test_a_device_lives_and_dies(pump: ApplicationClient, org_state: OrgState) -> None:
    given = Token("another-t0ken")
    made = pump.devices.register_device(
        "pump",
        "p-2",
        given,
        {"serialNumber": "S2"},
        {"longitude": 1, "latitude": 2},
        {"tags": ["a"]},
    )
    assert made.token == given
    assert org_state.check_token("pump", "p-2", "another-t0ken")
    assert made.device["metadata"] == {"tags": ["a"]}
    assert "authToken" not in made.device
    assert "another" not in repr(made)
    assert pump.devices.get_device("pump", "p-2")["clientId"] == "d:embedded:pump:p-2"
    alert = {"alert": {"enabled": True}}
    changed = pump.devices.update_device("pump", "p-2", {"floor": 1}, {"model": "P3"}, alert)
    assert changed["metadata"] == {"floor": 1}
    assert changed["deviceInfo"] == {"serialNumber": "S2", "model": "P3"}
    assert changed["status"]["alert"]["enabled"] is True
    pump.devices.delete_device("pump", "p-2")
    with pytest.raises(ApiError) as caught:
        pump.devices.delete_device("pump", "p-2")
    assert caught.value.http_code == 404


def test_a_token_that_the_platform_made_is_handed_over(
    pump: ApplicationClient, org_state: OrgState
) -> None:
    made = pump.devices.register_device("pump", "p-2")
    assert org_state.check_token("pump", "p-2", made.token.reveal())


def test_devices_are_listed_whole_and_page_by_page(pump: ApplicationClient) -> None:
    pump.types.add_device_type("valve")
    pump.devices.register_device("valve", "v-1")
    for number in range(2, 6):
        pump.devices.register_device("pump", f"p-{number}")
    ids = [f"p-{number}" for number in range(1, 6)]
    whole = pump.devices.get_all_devices()
    assert [each["deviceId"] for each in whole] == [*ids, "v-1"]
    assert [each["deviceId"] for page in whole.pages() for each in page.results] == [*ids, "v-1"]
    some = pump.devices.get_all_devices({"typeId": "pump", "_sort": "-deviceId", "_limit": 2})
    page = some.page()
    assert [each["deviceId"] for each in page.results] == ids[:2:-1]
    assert page.bookmark is not None
    assert [each["deviceId"] for each in some.page(page.bookmark).results] == ids[2:0:-1]
    of_type = pump.devices.retrieve_devices("pump")
    assert [each["deviceId"] for each in of_type] == ids
    facets = pump.devices.get_all_devices({"_facets": "typeId"}).page().facets
    assert facets == {"typeId": {"pump": 5, "valve": 1}}


def test_many_are_added_and_deleted_at_once(client: ApplicationClient, org_state: OrgState) -> None:
    client.types.add_device_type("pump")
    devices: list[dict[str, Any]] = [
        {"typeId": "pump", "deviceId": f"p-{number}", "authToken": None} for number in range(3)
    ]
    devices[0]["authToken"] = "a-token-of-ours"
    results = client.bulk.add_multiple_devices(devices)
    assert [str(each.key) for each in results] == ["pump/p-0", "pump/p-1", "pump/p-2"]
    for each in results:
        assert each.token is not None
        assert org_state.check_token(*each.key, each.token.reveal())
    assert results[0].token == Token("a-token-of-ours")
    gone = client.bulk.delete_multiple_devices([*devices, {"typeId": "x", "deviceId": "y"}])
    assert [each.success for each in gone] == [True] * 4
    assert list(client.devices.get_all_devices()) == []
    assert client.bulk.add_multiple_devices([]) == client.bulk.delete_multiple_devices([]) == []


def test_a_location_is_replaced_as_a_whole(pump: ApplicationClient) -> None:
    with pytest.raises(ApiError) as caught:
        pump.location.get_device_location(*PUMP)
    assert caught.value.http_code == 404
    put = pump.location.update_device_location(*PUMP, PLACE)
    assert {name: put.get(name) for name in PLACE} == PLACE
    pump.location.update_device_location(*PUMP, {"longitude": 1, "latitude": 2})
    got = pump.location.get_device_location(*PUMP)
    assert (got["longitude"], got["latitude"], "elevation" in got) == (1, 2, False)


def test_a_device_that_is_not_managed_has_no_management_data(pump: ApplicationClient) -> None:
    with pytest.raises(ApiError) as caught:
        pump.management.get_device_management_information(*PUMP)
    assert caught.value.http_code == 404


def test_a_managed_device_tells_of_itself(pump: ApplicationClient, org_state: OrgState) -> None:
    data: dict[str, Any] = {"dormant": False, "supports": {"deviceActions": True}}
    with org_state.turn(writing=True) as turn:
        keep_management(turn, *PUMP, data)
    assert pump.management.get_device_management_information(*PUMP) == data


def test_diagnostic_logs_are_added_read_and_deleted(pump: ApplicationClient) -> None:
    calls = pump.diagnostics
    stamp = "2018-06-01T10:00:00.000Z"
    calls.add_diagnostic_log(*PUMP, {"message": "m", "severity": 1, "timestamp": stamp})
    calls.add_diagnostic_log(*PUMP, {"message": "n"})
    later, first = calls.get_all_diagnostic_logs(*PUMP)
    assert (first["message"], first["severity"], first["timestamp"]) == ("m", 1, stamp)
    assert calls.get_diagnostic_log(*PUMP, later["id"]) == later
    calls.delete_diagnostic_log(*PUMP, later["id"])
    assert calls.get_all_diagnostic_logs(*PUMP) == [first]
    calls.clear_all_diagnostic_logs(*PUMP)
    assert calls.get_all_diagnostic_logs(*PUMP) == []


def test_error_codes_are_added_read_and_cleared(pump: ApplicationClient) -> None:
    calls = pump.diagnostics
    calls.add_error_code(*PUMP, {"errorCode": 1234, "timestamp": "2015-10-29T05:43:57.112Z"})
    calls.add_error_code(*PUMP, {"errorCode": 5})
    assert [each["errorCode"] for each in calls.get_all_diagnostic_error_codes(*PUMP)] == [5, 1234]
    calls.clear_all_error_codes(*PUMP)
    assert calls.get_all_diagnostic_error_codes(*PUMP) == []


def test_the_connection_log_tells_who_connected(
    pump: ApplicationClient, org_state: OrgState
) -> None:
    assert pump.connections.get_device_connection_logs(*PUMP) == []
    for _ in range(3):
        org_state.note_connection(*PUMP)
    entries = pump.connections.get_device_connection_logs(*PUMP, {"limit": 2})
    assert len(entries) == 2
    assert entries[0]["message"].startswith("Token auth succeeded: ClientID='d:embedded:pump:p-1'")
