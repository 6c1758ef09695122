"""Locations behave as platform page 5.6 says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller

PATH = "/device/types/pump/devices/p-1/location"
STAMP = "2019-05-06T10:23:57.000Z"


@pytest.fixture
def pump(call: Caller) -> Caller:
    """An org with one device, which has no location."""
    call.add_type("pump")
    call.add_device("pump", "p-1")
    return call


def without_stamps(body: dict[str, Any]) -> dict[str, Any]:
    """Take the two stamps away, which the server sets."""
    del body["measuredDateTime"], body["updatedDateTime"]
    return body


def test_a_location_that_was_never_set_is_not_found(pump: Caller) -> None:
    assert pump("GET", PATH) == (404, {})


def test_a_location_is_answered_with_both_stamps(pump: Caller) -> None:
    status, body = pump("PUT", PATH, {"longitude": 8.1, "latitude": 50.2})
    assert status == 200
    assert body["measuredDateTime"] == body["updatedDateTime"]
    assert pump("GET", PATH) == (200, body)
    assert without_stamps(body) == {"longitude": 8.1, "latitude": 50.2}


def test_a_measuring_time_is_kept_as_it_was_sent(pump: Caller) -> None:
    sent = {"longitude": 8, "latitude": 50, "measuredDateTime": "2019-05-06T10:23:57+02:00"}
    body = pump("PUT", PATH, sent).body
    assert body["measuredDateTime"] == "2019-05-06T10:23:57+02:00"
    assert body["updatedDateTime"] != body["measuredDateTime"]


def test_a_location_is_replaced_as_a_whole(pump: Caller) -> None:
    full = {"longitude": 8.1, "latitude": 50.2, "elevation": 120, "accuracy": 5}
    assert without_stamps(pump("PUT", PATH, full).body) == full
    half = {"longitude": 8.1, "latitude": 50.2, "elevation": None}
    pump("PUT", PATH, half)
    assert without_stamps(pump("GET", PATH).body) == {"longitude": 8.1, "latitude": 50.2}


def test_the_bounds_themselves_are_allowed(pump: Caller) -> None:
    for latitude, longitude in ((-90, -180), (90, 180), (90.0, -180.0)):
        assert pump("PUT", PATH, {"latitude": latitude, "longitude": longitude}).status == 200


BAD_STAMP = "EMU1007E: measuredDateTime must be a time stamp with at most milliseconds."
BAD: list[tuple[object, list[str]]] = [
    ([], ["CUDRS0007E", "EMU1002E: The body must be an object."]),
    ({}, ["CUDHT0300I", "EMU1003E: longitude is missing.", "EMU1003E: latitude is missing."]),
    ({"latitude": 100, "longitude": 1}, ["CUDHT0300I", "CUDRS0012E: latitude is above 90."]),
    ({"latitude": -90.1, "longitude": 1}, ["CUDHT0300I", "EMU1006E: latitude is below -90."]),
    ({"latitude": 1, "longitude": 180.5}, ["CUDHT0300I", "CUDRS0012E: longitude is above 180."]),
    ({"latitude": 1, "longitude": -181}, ["CUDHT0300I", "EMU1006E: longitude is below -180."]),
    ({"latitude": "1", "longitude": 1}, ["CUDHT0300I", "EMU1002E: latitude must be a number."]),
    ({"latitude": True, "longitude": 1}, ["CUDHT0300I", "EMU1002E: latitude must be a number."]),
    ({"latitude": None, "longitude": 1}, ["CUDHT0300I", "EMU1003E: latitude is missing."]),
    (
        {"latitude": 1, "longitude": 1, "elevation": "x"},
        ["CUDHT0300I", "EMU1002E: elevation must be a number."],
    ),
    (
        {"latitude": 1, "longitude": 1, "altitude": 3},
        ["CUDHT0300I", "EMU1001E: Unexpected key location.altitude."],
    ),
    (
        {"latitude": 1, "longitude": 1, "updatedDateTime": STAMP},
        ["CUDHT0300I", "EMU1001E: Unexpected key location.updatedDateTime."],
    ),
    (
        {"latitude": 1, "longitude": 1, "measuredDateTime": "2019-05-06T10:23:57.123456Z"},
        ["CUDHT0300I", BAD_STAMP],
    ),
    (
        {"latitude": 1, "longitude": 1, "measuredDateTime": 5},
        ["CUDHT0300I", BAD_STAMP],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), BAD, ids=repr)
def test_a_bad_location_is_refused_and_the_old_one_stays(
    pump: Caller, body: object, words: list[str]
) -> None:
    old = pump("PUT", PATH, {"latitude": 1, "longitude": 2}).body
    status, answer = pump("PUT", PATH, body)
    found = [answer["exception"]["id"], *(entry["message"] for entry in answer["violations"])]
    assert (status, found) == (400, words)
    assert pump("GET", PATH).body == old


@pytest.mark.parametrize("switches", [Switches(long_fractions="accepted")], indirect=True)
def test_a_switch_takes_longer_fractions(pump: Caller) -> None:
    stamp = "2019-05-06T10:23:57.1234567Z"
    sent = {"latitude": 1, "longitude": 1, "measuredDateTime": stamp}
    assert pump("PUT", PATH, sent).body["measuredDateTime"] == stamp


@pytest.mark.parametrize("device", ["pump/devices/p-9", "fan/devices/p-1"])
def test_the_location_of_an_unknown_device_is_not_found(pump: Caller, device: str) -> None:
    path = f"/device/types/{device}/location"
    assert pump("GET", path).status == 404
    assert pump("PUT", path, {"latitude": 1, "longitude": 2}).status == 404


def test_there_is_no_way_to_unset_a_location(pump: Caller) -> None:
    assert pump("DELETE", PATH).status == 405


def test_a_location_sent_with_a_new_device_is_there_afterwards(pump: Caller) -> None:
    body = pump.add_device("pump", "p-2", location={"latitude": 1, "longitude": 2, "accuracy": 3})
    assert "location" not in body
    path = "/device/types/pump/devices/p-2/location"
    assert without_stamps(pump("GET", path).body) == {"longitude": 2, "latitude": 1, "accuracy": 3}


def test_an_empty_location_of_a_new_device_is_none(pump: Caller) -> None:
    pump.add_device("pump", "p-2", location={})
    assert pump("GET", "/device/types/pump/devices/p-2/location").status == 404


def test_numbers_as_strings_are_refused_or_taken_by_a_switch(
    pump: Caller, org_state: OrgState
) -> None:
    path = "/device/types/pump/devices"
    sent = {"deviceId": "p-2", "location": {"latitude": "45.90", "longitude": "-1"}}
    assert pump("POST", path, sent).status == 400
    org_state.switches = Switches(numeric_strings="accepted")
    assert pump("POST", path, sent).status == 201
    found = without_stamps(pump("GET", f"{path}/p-2/location").body)
    assert found == {"longitude": -1.0, "latitude": 45.9}
    for text in ("north", "nan", "inf", ""):
        bad = {"deviceId": "p-3", "location": {"latitude": text, "longitude": 1}}
        assert pump("POST", path, bad).status == 400


@pytest.mark.parametrize("switches", [Switches(numbers="floats")], indirect=True)
def test_a_switch_gives_whole_numbers_back_as_floats(pump: Caller) -> None:
    body = pump("PUT", PATH, {"latitude": 1, "longitude": 2}).body
    assert repr(without_stamps(body)) == "{'longitude': 2.0, 'latitude': 1.0}"


def test_a_snapshot_shows_only_what_somebody_gave(pump: Caller, org_state: OrgState) -> None:
    pump("PUT", PATH, {"latitude": 1, "longitude": 2})
    devices = org_state.snapshot()["devices"]
    assert devices["pump/p-1"]["location"] == {"longitude": 2, "latitude": 1}
    pump("PUT", PATH, {"latitude": 1, "longitude": 2, "measuredDateTime": STAMP})
    assert org_state.snapshot()["devices"]["pump/p-1"]["location"] == {
        "longitude": 2,
        "latitude": 1,
        "measuredDateTime": STAMP,
    }
