from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.api.wire import (
    Memo,
    Organization,
    parse_device,
    parse_device_type,
    parse_location,
    parse_organization,
)
from fleetsync.errors import ApiError
from fleetsync.model.live import LiveDevice, LiveDeviceType, Registration
from fleetsync.model.location import Location
from fleetsync.model.value import JSON

DEVICE: dict[str, JSON] = {
    "clientId": "d:abc123:pump:p-001",
    "typeId": "pump",
    "deviceId": "p-001",
    "deviceInfo": {"serialNumber": "S1", "descriptiveLocation": "Hall 3"},
    "metadata": {"line": "7", "fleetsync": "mark"},
    "refs": {"location": "/api/v0002/device/types/pump/devices/p-001/location"},
    "registration": {
        "auth": {"id": "a-abc123-k0dl0vqqrk", "type": "app"},
        "date": "2018-09-18T06:44:02.000Z",
    },
    "status": {"alert": {"enabled": True, "timestamp": "2018-09-18T06:44:02.555Z"}},
}
BARE = LiveDevice("pump", "p-001")


def device(**parts: JSON) -> LiveDevice:
    return parse_device({"typeId": "pump", "deviceId": "p-001", **parts})


def test_a_listed_device_is_read_whole() -> None:
    assert parse_device(DEVICE) == LiveDevice(
        type_id="pump",
        device_id="p-001",
        device_info={"serialNumber": "S1", "descriptiveLocation": "Hall 3"},
        metadata={"line": "7"},
        mark="mark",
        alert_enabled=True,
        registration=Registration("app", "a-abc123-k0dl0vqqrk", "2018-09-18T06:44:02.000Z"),
        via_gateway=False,
    )


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"deviceInfo": None, "metadata": None, "status": None, "registration": None},
        {"deviceInfo": {}, "metadata": {}, "status": {}, "registration": {}},
        {"deviceInfo": {"model": None, "serialNumber": ""}, "status": {"alert": None}},
        {"status": {"alert": {}}, "registration": {"auth": None, "date": None}},
        {"deviceInfo": {"colour": "red", "size": 5}, "gatewayId": None},
    ],
)
def test_absent_null_and_empty_are_one(parts: dict[str, JSON]) -> None:
    assert device(**parts) == BARE


@pytest.mark.parametrize("parts", [{"gatewayId": "gw-1"}, {"gatewayTypeId": "gw"}])
def test_a_device_that_names_its_gateway_hangs_on_it(parts: dict[str, JSON]) -> None:
    assert device(**parts) == BARE._replace(via_gateway=True)


def test_whole_numbers_in_metadata_become_integers_at_any_depth() -> None:
    found = device(metadata={"a": 1.0, "b": [2.0, {"c": -0.0}], "d": 1.5, "e": True})
    assert repr(found.metadata) == "{'a': 1, 'b': [2, {'c': 0}], 'd': 1.5, 'e': True}"


def test_the_mark_stays_as_it_is() -> None:
    mark: JSON = {"location": 1.0}
    found = device(metadata={"fleetsync": mark})
    assert (found.mark, dict(found.metadata)) == (mark, {})
    assert repr(found.mark) == "{'location': 1.0}"


def test_reading_does_not_change_what_was_read() -> None:
    body: dict[str, JSON] = {"typeId": "t", "deviceId": "d", "metadata": {"fleetsync": 1, "n": 1.0}}
    parse_device(body)
    assert repr(body["metadata"]) == "{'fleetsync': 1, 'n': 1.0}"


def test_equal_texts_are_shared_through_the_memo() -> None:
    memo = Memo()
    texts = ["".join(["AC", "ME"]) for _ in range(2)]
    one, two = (
        parse_device(
            {
                "typeId": "t",
                "deviceId": "d",
                "deviceInfo": {"manufacturer": text, "serialNumber": str(number)},
                "metadata": {"owner": text, "fleetsync": str(number)},
            },
            memo,
        )
        for number, text in enumerate(texts)
    )
    assert texts[0] is not texts[1]
    assert one.device_info["manufacturer"] is two.device_info["manufacturer"]
    assert one.metadata is two.metadata
    assert (one.mark, two.mark) == ("0", "1")


def test_true_and_one_are_not_mixed_by_the_memo() -> None:
    memo = Memo()
    found = [
        parse_device({"typeId": "t", "deviceId": "d", "metadata": {"a": value}}, memo).metadata["a"]
        for value in (1, True, 1.0, "1")
    ]
    assert repr(found) == "[1, True, 1, '1']"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "a device: it is no object but null"),
        ([], "a device: it is no object but a list"),
        ("x", "a device: it is no object but a text"),
        (True, "a device: it is no object but a boolean"),
        (7, "a device: it is no object but a number"),
        ({}, "a device: typeId and deviceId are not two texts"),
        ({"typeId": "t", "deviceId": 5}, "a device: typeId and deviceId are not two texts"),
        ({"typeId": "", "deviceId": "d"}, "a device: typeId and deviceId are not two texts"),
        ({"deviceInfo": "x"}, "device pump/p-001 deviceInfo: it is no object but a text"),
        (
            {"deviceInfo": {"model": 5}},
            "device pump/p-001: deviceInfo.model is no text but a number",
        ),
        ({"metadata": [1]}, "device pump/p-001 metadata: it is no object but a list"),
        (
            {"metadata": {"a": 1e999}},
            "device pump/p-001: metadata holds a number that is too large",
        ),
        ({"status": 5}, "device pump/p-001 status: it is no object but a number"),
        (
            {"status": {"alert": True}},
            "device pump/p-001 status.alert: it is no object but a boolean",
        ),
        ({"registration": "x"}, "device pump/p-001 registration: it is no object but a text"),
        ({"registration": {"auth": 1}}, "device pump/p-001 registration.auth: it is no object"),
        (
            {"registration": {"date": 1}},
            "device pump/p-001: registration holds something that is no",
        ),
    ],
)
def test_a_device_that_is_not_as_it_should_be_is_named(body: JSON, words: str) -> None:
    if isinstance(body, dict) and body and "typeId" not in body:
        body = {"typeId": "pump", "deviceId": "p-001", **body}
    with pytest.raises(ApiError) as caught:
        parse_device(body)
    assert f"the org's answer makes no sense: {words}" in str(caught.value)


def test_a_hostile_id_does_not_reach_the_terminal() -> None:
    with pytest.raises(ApiError) as caught:
        parse_device({"typeId": "\x1b[2J" * 100, "deviceId": "d", "metadata": 1})
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_device_type_is_read_whole() -> None:
    body: JSON = {
        "id": "pump",
        "description": "Pump, mark 2",
        "classId": "Gateway",
        "deviceInfo": {"manufacturer": "ACME", "model": "P2"},
        "metadata": {"line": 7.0, "fleetsync": {"v": 1}},
        "createdDateTime": "2016-01-23T16:34:46+00:00",
        "refs": {"mappings": "api/v0002/device/types/pump/mappings"},
    }
    assert parse_device_type(body) == LiveDeviceType(
        type_id="pump",
        class_id="Gateway",
        description="Pump, mark 2",
        device_info={"manufacturer": "ACME", "model": "P2"},
        metadata={"line": 7},
        mark={"v": 1},
    )


@pytest.mark.parametrize("parts", [{}, {"description": None, "classId": None, "metadata": None}])
def test_a_bare_device_type_has_the_defaults(parts: dict[str, JSON]) -> None:
    assert parse_device_type({"id": "pump", **parts}) == LiveDeviceType("pump", "Device", "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "a device type: it is no object but a list"),
        ({}, "a device type: id is missing"),
        ({"id": 5}, "a device type: id is no text but a number"),
        ({"id": "pump", "classId": 5}, "device type 'pump': classId is no text but a number"),
        ({"id": "pump", "description": {}}, "device type 'pump': description is no text but an"),
    ],
)
def test_a_device_type_that_is_not_as_it_should_be_is_named(body: JSON, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        parse_device_type(body)


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({"latitude": 50.2, "longitude": 8}, Location(50.2, 8)),
        ({"latitude": "45.90", "longitude": "8"}, Location(45.9, 8)),
        (
            {
                "longitude": 8.1,
                "latitude": -0.0,
                "elevation": 120.0,
                "accuracy": 5,
                "measuredDateTime": "2019-05-06T10:23:57.000Z",
                "updatedDateTime": "2019-05-06T10:23:57.411Z",
            },
            Location(0, 8.1, 120, 5, "2019-05-06T10:23:57.000Z"),
        ),
    ],
)
def test_a_location_is_read_whole(body: JSON, location: Location) -> None:
    assert parse_location(body) == location


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "a location: it is no object but null"),
        ({"latitude": 5}, "a location: latitude or longitude is missing"),
        ({"latitude": True, "longitude": 5}, "a location: latitude is no number but a boolean"),
        ({"latitude": "north", "longitude": 5}, "a location: latitude is no number"),
        ({"latitude": 1e999, "longitude": 5}, "a location: latitude is no number"),
        ({"latitude": 10**400, "longitude": 5}, "a location: latitude is no number"),
        ({"latitude": 1, "longitude": 5, "measuredDateTime": 5}, "measuredDateTime is no text"),
    ],
)
def test_a_location_that_is_not_as_it_should_be_is_named(body: JSON, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        parse_location(body)


def test_an_organization_is_read_with_all_but_its_id_optional() -> None:
    assert parse_organization({"id": "abc123"}) == Organization("abc123", "", enabled=True)
    whole: JSON = {"id": "abc123", "name": "Demo org", "enabled": False, "config": {}}
    assert parse_organization(whole) == Organization("abc123", "Demo org", enabled=False)


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["id", *DEVICE, "auth", "alert", "enabled", "model", "latitude"]), inner
        )
    ),
)


@settings(max_examples=50)
@given(ANYTHING, st.sampled_from([parse_device, parse_device_type, parse_location]))
def test_whatever_the_org_sends_is_read_or_refused_in_words(body: Any, parse: Any) -> None:
    for candidate in (body, {"id": "t", "typeId": "t", "deviceId": "d", "metadata": body}):
        try:
            parse(candidate)
        except ApiError as error:
            assert "the org's answer makes no sense" in str(error)  # noqa: PT017 - either is right
