"""Device types behave as platform pages 3.1 and 3.4 to 3.7 say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller

SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def shown(call: Caller, type_id: str = "pump") -> dict[str, Any]:
    """Return a type as GET shows it, without what the server made."""
    status, body = call("GET", f"/device/types/{type_id}")
    assert status == 200
    for key in ("refs", "createdDateTime", "updatedDateTime"):
        del body[key]
    assert isinstance(body, dict)
    return body


def violations(body: Any) -> list[str]:
    """Return the texts of the violations of an error body."""
    return [entry["message"].split(": ", 1)[1] for entry in body["violations"]]


def test_a_new_type_is_answered_whole(call: Caller) -> None:
    sent = {
        "id": "pump",
        "description": "Pump, mark 2",
        "classId": "Gateway",
        "deviceInfo": {"manufacturer": "ACME", "model": "P2"},
        "metadata": {"line": "7"},
    }
    status, body = call("POST", "/device/types", sent)
    assert status == 201
    assert SECONDS.fullmatch(body.pop("createdDateTime"))
    assert MILLISECONDS.fullmatch(body.pop("updatedDateTime"))
    assert body.pop("refs") == {
        "physicalInterface": "api/v0002/device/types/pump/physicalinterface",
        "logicalInterfaces": "api/v0002/device/types/pump/logicalinterfaces",
        "mappings": "api/v0002/device/types/pump/mappings",
    }
    assert body == sent


def test_a_type_of_only_an_id_is_a_device_class_with_empty_info(call: Caller) -> None:
    call.add_type("pump")
    assert shown(call) == {"id": "pump", "classId": "Device", "deviceInfo": {}}


def test_nulls_and_empty_objects_are_accepted_at_creation(call: Caller) -> None:
    call.add_type("a", description=None, deviceInfo=None, metadata=None, classId=None)
    call.add_type("b", deviceInfo={}, metadata={})
    assert shown(call, "a") == {"id": "a", "classId": "Device", "deviceInfo": {}}
    assert shown(call, "b") == {"id": "b", "classId": "Device", "deviceInfo": {}, "metadata": {}}


BAD_BODIES: list[tuple[object, list[str]]] = [
    ([], ["The body must be an object."]),
    ("pump", ["The body must be an object."]),
    ({}, ["id is missing."]),
    ({"id": 7}, ["id must be a string."]),
    ({"id": ""}, ["id must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"]),
    ({"id": "p" * 37}, ["id must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"]),
    ({"id": "a/b"}, ["id must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"]),
    ({"id": "pump\n"}, ["id must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"]),
    ({"id": "p", "classId": "device"}, ["classId must be Device or Gateway."]),
    ({"id": "p", "description": 1}, ["description must be a string."]),
    ({"id": "p", "deviceInfo": []}, ["deviceInfo must be an object."]),
    ({"id": "p", "deviceInfo": {"model": 1}}, ["deviceInfo.model must be a string."]),
    ({"id": "p", "deviceInfo": {"colour": "x"}}, ["Unexpected key deviceInfo.colour."]),
    ({"id": "p", "metadata": "x"}, ["metadata must be an object."]),
    ({"id": "p", "edgeConfiguration": 1}, ["edgeConfiguration must be an object."]),
    ({"id": "p", "refs": {}}, ["Unexpected key refs."]),
    ({"id": "p", "zz": 1, "aa": 1}, ["Unexpected key aa.", "Unexpected key zz."]),
    ({"classId": 1, "metadata": 1}, [
        "id is missing.",
        "classId must be Device or Gateway.",
        "metadata must be an object.",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "texts"), BAD_BODIES, ids=repr)
def test_a_bad_type_is_refused_with_every_violation(
    call: Caller, body: object, texts: list[str]
) -> None:
    status, answer = call("POST", "/device/types", body)
    assert status == 400
    assert answer["exception"] == {"id": "CUDRS0007E", "properties": []}
    assert violations(answer) == texts
    assert call("GET", "/device/types").body["results"] == []


def test_the_error_body_has_the_documented_shape(call: Caller) -> None:
    assert call("POST", "/device/types", {"id": "p", "zz": 1}).body == {
        "message": "CUDRS0007E: The request is not valid. Check the violations.",
        "exception": {"id": "CUDRS0007E", "properties": []},
        "violations": [
            {
                "message": "EMU1001E: Unexpected key zz.",
                "exception": {"id": "EMU1001E", "properties": ["zz"]},
            }
        ],
    }


def test_a_type_that_exists_is_a_conflict(call: Caller) -> None:
    call.add_type("pump", description="first")
    status, body = call("POST", "/device/types", {"id": "pump", "description": "second"})
    assert (status, body["message"]) == (409, "EMU0409E: The device type pump exists already.")
    assert shown(call)["description"] == "first"


def test_ids_are_case_sensitive(call: Caller) -> None:
    call.add_type("pump")
    call.add_type("PUMP")
    assert call("GET", "/device/types/Pump").status == 404


def test_metadata_comes_back_as_it_was_sent(call: Caller) -> None:
    metadata: dict[str, Any] = {
        "n": 1,
        "f": 1.5,
        "t": True,
        "z": None,
        "l": [1, {"a": "\u00e9\u0000"}],
        "": {},
    }
    call.add_type("pump", metadata=metadata)
    assert shown(call)["metadata"] == metadata
    assert isinstance(shown(call)["metadata"]["n"], int)


def test_metadata_may_be_a_hundred_deep_and_no_deeper(call: Caller) -> None:
    deep: dict[str, Any] = {}
    for _ in range(99):
        deep = {"a": deep}
    call.add_type("pump", metadata=deep)
    assert shown(call)["metadata"] == deep
    status, body = call("POST", "/device/types", {"id": "p2", "metadata": {"a": deep}})
    assert (status, violations(body)) == (400, ["metadata is nested too deeply."])


def test_an_update_merges_info_and_replaces_metadata(call: Caller) -> None:
    call.add_type(
        "pump", description="d", deviceInfo={"model": "P2", "fwVersion": "1"}, metadata={"a": 1}
    )
    status, body = call(
        "PUT", "/device/types/pump", {"deviceInfo": {"fwVersion": "2"}, "metadata": {"b": 2}}
    )
    assert (status, body["deviceInfo"]) == (200, {"model": "P2", "fwVersion": "2"})
    assert shown(call) == {
        "id": "pump",
        "description": "d",
        "classId": "Device",
        "deviceInfo": {"model": "P2", "fwVersion": "2"},
        "metadata": {"b": 2},
    }


def test_an_update_of_nulls_changes_nothing(call: Caller) -> None:
    call.add_type(
        "pump", description="d", deviceInfo={"model": "P2"}, metadata={"a": 1},
        edgeConfiguration={"enabled": True},
    )  # fmt: skip
    before = shown(call)
    nulls = {"description": None, "deviceInfo": None, "metadata": None, "edgeConfiguration": None}
    assert call("PUT", "/device/types/pump", nulls).status == 200
    assert call("PUT", "/device/types/pump", {"deviceInfo": {"model": None}}).status == 200
    assert shown(call) == before


@pytest.mark.parametrize("key", ["id", "classId"])
def test_ids_and_class_cannot_be_sent_in_an_update(call: Caller, key: str) -> None:
    call.add_type("pump")
    status, body = call("PUT", "/device/types/pump", {key: "Gateway"})
    assert (status, violations(body)) == (400, [f"Unexpected key {key}."])


@pytest.mark.parametrize("body", [[], {"deviceInfo": 1}, {"metadata": []}, {"description": {}}])
def test_a_bad_update_changes_nothing(call: Caller, body: object) -> None:
    call.add_type("pump", metadata={"a": 1})
    before = shown(call)
    assert call("PUT", "/device/types/pump", body).status == 400
    assert shown(call) == before


def test_an_update_does_not_touch_devices_that_exist(call: Caller) -> None:
    call.add_type("pump", deviceInfo={"model": "P2"})
    call.add_device("pump", "p-1")
    call("PUT", "/device/types/pump", {"deviceInfo": {"model": "P3"}})
    assert call("GET", "/device/types/pump/devices/p-1").body["deviceInfo"] == {"model": "P2"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_type_is_not_found(call: Caller, method: str) -> None:
    body: object = {} if method == "PUT" else None
    assert call(method, "/device/types/pump", body) == (404, {})


def test_a_deleted_type_is_gone_and_may_be_made_again(call: Caller) -> None:
    call.add_type("pump", description="first")
    assert call("DELETE", "/device/types/pump") == (204, None)
    assert call("GET", "/device/types/pump").status == 404
    call.add_type("pump")


def test_a_type_with_devices_cannot_be_deleted(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")
    assert call("DELETE", "/device/types/pump") == (
        400,
        {
            "message": "EMU0410E: The device type pump still has devices.",
            "exception": {"id": "EMU0410E", "properties": []},
        },
    )
    call("DELETE", "/device/types/pump/devices/p-1")
    assert call("DELETE", "/device/types/pump").status == 204


@pytest.mark.parametrize("switches", [Switches(type_delete_in_use="409")], indirect=True)
def test_a_switch_makes_deleting_a_used_type_a_conflict(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")
    assert call("DELETE", "/device/types/pump").status == 409


@pytest.mark.parametrize("switches", [Switches(absent_type_delete="204")], indirect=True)
def test_a_switch_makes_deleting_an_absent_type_succeed(call: Caller) -> None:
    assert call("DELETE", "/device/types/pump").status == 204


@pytest.mark.parametrize("switches", [Switches(max_types=1)], indirect=True)
def test_the_quota_of_types_is_a_403_that_says_so(call: Caller, org_state: OrgState) -> None:
    call.add_type("pump")
    status, body = call("POST", "/device/types", {"id": "fan"})
    message = "EMU0403E: The maximum number of device types is reached."
    assert (status, body["message"]) == (403, message)
    assert list(org_state.snapshot()["deviceTypes"]) == ["pump"]


@pytest.mark.parametrize("switches", [Switches(type_metadata_put="merge")], indirect=True)
def test_a_switch_makes_an_update_merge_metadata_shallowly(call: Caller) -> None:
    call.add_type("pump", metadata={"a": 1, "b": {"c": 1}})
    call("PUT", "/device/types/pump", {"metadata": {"b": {"d": 2}}})
    assert shown(call)["metadata"] == {"a": 1, "b": {"d": 2}}


EMPTY = [
    (Switches(), ""),
    (Switches(empty_description="dropped"), "old"),
    (Switches(empty_description="cleared"), None),
]


@pytest.mark.parametrize(("switches", "kept"), EMPTY, indirect=["switches"])
def test_an_empty_description_is_stored_dropped_or_clears(call: Caller, kept: str | None) -> None:
    call.add_type("pump", description="old")
    assert call("PUT", "/device/types/pump", {"description": ""}).body.get("description") == kept


@pytest.mark.parametrize(
    ("switches", "kept"),
    [(Switches(), ""), (Switches(empty_description="dropped"), None)],
    indirect=["switches"],
)
def test_an_empty_description_of_a_new_type_follows_the_switch(
    call: Caller, kept: str | None
) -> None:
    call.add_type("pump", description="")
    assert shown(call).get("description") == kept


@pytest.mark.parametrize("switches", [Switches(text_limit=3)], indirect=True)
def test_a_switch_limits_the_length_of_texts(call: Caller) -> None:
    call.add_type("pump", description="abc", deviceInfo={"model": "abc"})
    body = {"id": "p", "description": "abcd", "deviceInfo": {"model": "abcd"}}
    assert violations(call("POST", "/device/types", body).body) == [
        "description is longer than 3.",
        "deviceInfo.model is longer than 3.",
    ]


@pytest.mark.parametrize(
    ("switches", "kept"),
    [
        (Switches(metadata_nulls="dropped"), {"n": 1, "o": {}, "l": [None, 2]}),
        (Switches(numbers="floats"), {"n": 1.0, "x": None, "o": {"y": None}, "l": [None, 2.0]}),
    ],
    indirect=["switches"],
)
def test_switches_drop_nulls_and_turn_numbers_into_floats(
    call: Caller, kept: dict[str, Any]
) -> None:
    call.add_type("pump", metadata={"n": 1, "x": None, "o": {"y": None}, "l": [None, 2]})
    assert repr(shown(call)["metadata"]) == repr(kept)


def test_a_switch_lets_unknown_keys_pass(call: Caller, org_state: OrgState) -> None:
    org_state.switches = Switches(unknown_keys="ignore")
    call.add_type("pump", colour="red", deviceInfo={"colour": "red", "model": "P2"})
    assert shown(call) == {"id": "pump", "classId": "Device", "deviceInfo": {"model": "P2"}}
    assert call("PUT", "/device/types/pump", {"classId": "Gateway"}).status == 400


def test_a_switch_lets_server_made_keys_pass(call: Caller, org_state: OrgState) -> None:
    org_state.switches = Switches(server_keys="ignore")
    call.add_type("pump", refs={}, createdDateTime="x")
    assert call("PUT", "/device/types/pump", {"id": "fan", "classId": "Gateway"}).status == 200
    assert shown(call) == {"id": "pump", "classId": "Device", "deviceInfo": {}}
    assert call("PUT", "/device/types/pump", {"colour": "red"}).status == 400
