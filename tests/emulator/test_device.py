"""Single devices behave as platform pages 5.2 to 5.5 say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller

PUMP_1 = "/device/types/pump/devices/p-1"
TOKEN = "Given-token-1"


def violations(body: Any) -> list[str]:
    """Return the texts of the violations of an error body."""
    return [entry["message"].split(": ", 1)[1] for entry in body["violations"]]


def shown(call: Caller, path: str = PUMP_1) -> dict[str, Any]:
    """Return what a client may write of a device: deviceInfo and metadata, if any."""
    status, body = call("GET", path)
    assert status == 200
    return {key: body[key] for key in ("deviceInfo", "metadata") if key in body}


def test_a_new_device_is_answered_whole(call: Caller) -> None:
    call.add_type("pump")
    path = "/api/v0002/device/types/pump/devices/p-1"
    body = call.add_device(
        "pump", "p-1", authToken=TOKEN, deviceInfo={"serialNumber": "S1"}, metadata={"line": "7"}
    )
    date = body["registration"].pop("date")
    stamp = body["status"]["alert"].pop("timestamp")
    assert body == {
        "clientId": "d:embedded:pump:p-1",
        "typeId": "pump",
        "deviceId": "p-1",
        "deviceInfo": {"serialNumber": "S1"},
        "metadata": {"line": "7"},
        "refs": {
            "diag": {"errorCodes": f"{path}/diag/errorCodes", "logs": f"{path}/diag/logs"},
            "location": f"{path}/location",
        },
        "registration": {"auth": {"id": "a-embedded-key", "type": "app"}},
        "status": {"alert": {"enabled": False}},
        "authToken": TOKEN,
    }
    assert date == stamp
    assert abs(datetime.fromisoformat(date) - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_token_is_in_the_answer_to_the_add_and_nowhere_else(
    call: Caller, org_state: OrgState
) -> None:
    call.add_type("pump")
    token = call.add_device("pump", "p-1")["authToken"]
    assert re.fullmatch(r"[A-Za-z0-9_!&@?*+.()-]{18}", token)
    assert org_state.check_token("pump", "p-1", token)
    assert not org_state.check_token("pump", "p-1", "Another-token")
    assert not org_state.check_token("pump", "p-2", token)
    for path in (PUMP_1, "/bulk/devices", "/device/types/pump/devices"):
        assert token not in str(call("GET", path).body)


def test_a_device_may_be_sent_with_nulls_everywhere(call: Caller) -> None:
    call.add_type("pump")
    nulls = {"serialNumber": None, "manufacturer": None, "model": None, "deviceClass": None,
             "description": None, "fwVersion": None, "hwVersion": None,
             "descriptiveLocation": None}  # fmt: skip
    call.add_device("pump", "p-1", authToken=None, deviceInfo=nulls, location=None, metadata=None)
    assert shown(call) == {"deviceInfo": {}}
    assert call("GET", f"{PUMP_1}/location").status == 404


def test_the_same_device_id_may_exist_under_two_types(call: Caller) -> None:
    call.add_type("pump")
    call.add_type("fan")
    call.add_device("pump", "p-1")
    assert call.add_device("fan", "p-1")["clientId"] == "d:embedded:fan:p-1"


def test_a_device_that_exists_is_a_conflict_and_stays_as_it_is(
    call: Caller, org_state: OrgState
) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1", authToken=TOKEN, metadata={"a": 1})
    assert call("POST", "/device/types/pump/devices", {"deviceId": "p-1"}) == (
        409,
        {
            "message": "CUDRS0020E: The device exists already.",
            "exception": {"id": "CUDRS0020E", "properties": []},
        },
    )
    assert shown(call) == {"deviceInfo": {}, "metadata": {"a": 1}}
    assert org_state.check_token("pump", "p-1", TOKEN)


ID_WORDS = "must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"
TOKEN_WORDS = "authToken must be 8 to 36 letters, digits and - _ ! & @ ? * + . ( )"
BAD_BODIES: list[tuple[object, list[str]]] = [
    (None, ["The body is not valid JSON: it does not parse."]),
    ([], ["The body must be an object."]),
    ({}, ["deviceId is missing."]),
    ({"deviceId": 1}, ["deviceId must be a string."]),
    ({"deviceId": "a b"}, [f"deviceId {ID_WORDS}"]),
    ({"deviceId": "d", "authToken": "short"}, [TOKEN_WORDS]),
    ({"deviceId": "d", "authToken": 12345678}, ["authToken must be a string."]),
    ({"deviceId": "d", "typeId": "pump"}, ["Unexpected key typeId."]),
    ({"deviceId": "d", "clientId": "x"}, ["Unexpected key clientId."]),
    ({"deviceId": "d", "status": {}}, ["Unexpected key status."]),
    ({"deviceId": "d", "deviceInfo": "x"}, ["deviceInfo must be an object."]),
    ({"deviceId": "d", "deviceInfo": {"Model": "x"}}, ["Unexpected key deviceInfo.Model."]),
    ({"deviceId": "d", "deviceInfo": {"model": True}}, ["deviceInfo.model must be a string."]),
    ({"deviceId": "d", "metadata": [1]}, ["metadata must be an object."]),
    ({"deviceId": "d", "location": []}, ["location must be an object."]),
    ({"deviceId": "d", "location": {"latitude": 1}}, ["longitude is missing."]),
    ({"deviceId": "d", "gatewayId": "g-1"}, ["gatewayTypeId is missing."]),
]


@pytest.mark.parametrize(("body", "texts"), BAD_BODIES, ids=repr)
def test_a_bad_device_is_refused_with_every_violation(
    call: Caller, body: object, texts: list[str]
) -> None:
    call.add_type("pump")
    status, answer = call("POST", "/device/types/pump/devices", body)
    assert (status, answer["exception"]["id"]) == (400, "CUDRS0007E")
    assert violations(answer)[: len(texts)] == texts
    assert call.ids("/bulk/devices") == []


def test_a_refused_token_is_not_repeated(call: Caller) -> None:
    call.add_type("pump")
    body = {"deviceId": "d", "authToken": "no/good/token"}
    assert "no/good" not in str(call("POST", "/device/types/pump/devices", body))


@pytest.mark.parametrize("switches", [Switches(tokens="lenient")], indirect=True)
def test_a_switch_takes_tokens_that_the_documents_forbid(call: Caller) -> None:
    call.add_type("pump")
    assert call.add_device("pump", "p-1", authToken="a/b")["authToken"] == "a/b"


@pytest.mark.parametrize(
    ("switches", "status"),
    [(Switches(), 404), (Switches(unknown_type="400"), 400)],
    indirect=["switches"],
)
def test_a_device_of_an_unknown_type_is_refused(call: Caller, status: int) -> None:
    assert call("POST", "/device/types/fan/devices", {"deviceId": "p-1"}).status == status


@pytest.mark.parametrize("switches", [Switches(max_devices=2)], indirect=True)
def test_the_quota_of_devices_is_a_403_that_says_so(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")
    call.add_device("pump", "p-2")
    status, body = call("POST", "/device/types/pump/devices", {"deviceId": "p-3"})
    message = "EMU0403E: The maximum number of devices is exceeded."
    assert (status, body["message"]) == (403, message)
    assert call.ids("/bulk/devices") == ["pump/p-1", "pump/p-2"]


# What a device of a type with deviceInfo {model, fwVersion} and metadata {a, b} takes over.
INHERITED: list[tuple[Switches, dict[str, Any], dict[str, Any]]] = [
    (Switches(), {}, {"deviceInfo": {"model": "P2", "fwVersion": "1"}, "metadata": {"a": 1}}),
    (
        Switches(),
        {"deviceInfo": {"model": "P9", "fwVersion": None}, "metadata": None},
        {"deviceInfo": {"model": "P9", "fwVersion": "1"}, "metadata": {"a": 1}},
    ),
    (
        Switches(),
        {"deviceInfo": {"model": ""}, "metadata": {}},
        {"deviceInfo": {"model": "", "fwVersion": "1"}, "metadata": {}},
    ),
    (
        Switches(),
        {"metadata": {"b": 2}},
        {"deviceInfo": {"model": "P2", "fwVersion": "1"}, "metadata": {"b": 2}},
    ),
    (
        Switches(metadata_inheritance="keywise"),
        {"metadata": {"b": 2}},
        {"deviceInfo": {"model": "P2", "fwVersion": "1"}, "metadata": {"a": 1, "b": 2}},
    ),
    (
        Switches(null_is_given=True),
        {"deviceInfo": {"model": None}, "metadata": None},
        {"deviceInfo": {"fwVersion": "1"}},
    ),
    (
        Switches(empty_text_is_given=False, empty_metadata_is_given=False),
        {"deviceInfo": {"model": ""}, "metadata": {}},
        {"deviceInfo": {"model": "P2", "fwVersion": "1"}, "metadata": {"a": 1}},
    ),
    (
        Switches(empty_info="cleared"),
        {"deviceInfo": {"model": ""}},
        {"deviceInfo": {"fwVersion": "1"}, "metadata": {"a": 1}},
    ),
]


@pytest.mark.parametrize(("switches", "sent", "kept"), INHERITED, indirect=["switches"])
def test_a_new_device_takes_over_what_it_does_not_give(
    call: Caller, sent: dict[str, Any], kept: dict[str, Any]
) -> None:
    call.add_type("pump", deviceInfo={"fwVersion": "1", "model": "P2"}, metadata={"a": 1})
    answer = call.add_device("pump", "p-1", **sent)
    assert shown(call) == kept
    assert answer["deviceInfo"] == kept["deviceInfo"]


@pytest.mark.parametrize("switches", [Switches(inherited_in_answer=False)], indirect=True)
def test_a_switch_hides_what_was_inherited_from_the_answer(call: Caller) -> None:
    call.add_type("pump", deviceInfo={"model": "P2"}, metadata={"a": 1})
    answer = call.add_device("pump", "p-1", deviceInfo={"serialNumber": "S"})
    assert (answer["deviceInfo"], "metadata" in answer) == ({"serialNumber": "S"}, False)
    assert shown(call) == {
        "deviceInfo": {"serialNumber": "S", "model": "P2"},
        "metadata": {"a": 1},
    }


def test_updates_merge_as_the_tests_of_the_real_client_saw_it(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1", deviceInfo={"serialNumber": "S", "descriptiveLocation": "L"})
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"status": None, "deviceInfo": None, "metadata": {"foo": "bar"}},
            {"serialNumber": "S", "descriptiveLocation": "L"},
        ),
        (
            {"status": None, "deviceInfo": {"description": "hello"}, "metadata": None},
            {"serialNumber": "S", "descriptiveLocation": "L", "description": "hello"},
        ),
        (
            {"deviceInfo": {"model": "foobar", "description": None, "serialNumber": None}},
            {
                "serialNumber": "S",
                "descriptiveLocation": "L",
                "description": "hello",
                "model": "foobar",
            },
        ),
        ({}, {"serialNumber": "S", "descriptiveLocation": "L", "description": "hello",
              "model": "foobar"}),
    ]  # fmt: skip
    for sent, info in steps:
        status, body = call("PUT", PUMP_1, sent)
        assert (status, body["deviceInfo"], body["metadata"]) == (200, info, {"foo": "bar"})
        assert "authToken" not in body
    assert shown(call) == {"deviceInfo": steps[-1][1], "metadata": {"foo": "bar"}}


@pytest.mark.parametrize(
    ("switches", "kept"),
    [
        (Switches(), {"b": {"d": 2}}),
        (Switches(metadata_put="merge"), {"a": 1, "b": {"d": 2}}),
    ],
    indirect=["switches"],
)
def test_an_update_of_metadata_replaces_or_merges(call: Caller, kept: dict[str, Any]) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1", metadata={"a": 1, "b": {"c": 1}})
    call("PUT", PUMP_1, {"metadata": {"b": {"d": 2}}})
    assert shown(call)["metadata"] == kept


@pytest.mark.parametrize(
    ("switches", "kept"),
    [
        (Switches(), {"model": "", "fwVersion": "1"}),
        (Switches(empty_info="dropped"), {"model": "P2", "fwVersion": "1"}),
        (Switches(empty_info="cleared"), {"fwVersion": "1"}),
    ],
    indirect=["switches"],
)
def test_an_empty_info_field_is_stored_dropped_or_clears(
    call: Caller, kept: dict[str, str]
) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1", deviceInfo={"model": "P2", "fwVersion": "1"})
    assert call("PUT", PUMP_1, {"deviceInfo": {"model": ""}}).body["deviceInfo"] == kept
    assert shown(call)["deviceInfo"] == kept


def test_the_alert_is_turned_on_and_off_and_kept_by_null(call: Caller) -> None:
    call.add_type("pump")
    first = call.add_device("pump", "p-1")["status"]["alert"]
    without: list[dict[str, Any]] = [{"status": None}, {"status": {}}, {"status": {"alert": None}}]
    for sent in without:
        assert call("PUT", PUMP_1, sent).body["status"]["alert"] == first
    on = call("PUT", PUMP_1, {"status": {"alert": {"enabled": True}}}).body["status"]["alert"]
    assert on["enabled"] is True
    assert call("PUT", PUMP_1, {"metadata": {}}).body["status"]["alert"] == on
    assert call("GET", PUMP_1).body["status"]["alert"] == on
    off = call("PUT", PUMP_1, {"status": {"alert": {"enabled": False}}}).body["status"]["alert"]
    assert off["enabled"] is False


BAD_UPDATES: list[tuple[object, list[str]]] = [
    ([], ["The body must be an object."]),
    ({"deviceId": "x"}, ["Unexpected key deviceId."]),
    ({"authToken": "Some-token"}, ["Unexpected key authToken."]),
    ({"location": {}}, ["Unexpected key location."]),
    ({"deviceInfo": {"model": 1}}, ["deviceInfo.model must be a string."]),
    ({"metadata": "x"}, ["metadata must be an object."]),
    ({"status": True}, ["status must be an object."]),
    ({"status": {"alert": 1}}, ["status.alert must be an object."]),
    ({"status": {"alert": {"enabled": 1}}}, ["status.alert.enabled must be true or false."]),
    (
        {"status": {"alert": {"timestamp": "x"}, "x": 1}},
        ["Unexpected key status.x.", "Unexpected key status.alert.timestamp."],
    ),
    ({"extensions": []}, ["extensions must be an object."]),
]


@pytest.mark.parametrize(("body", "texts"), BAD_UPDATES, ids=repr)
def test_a_bad_update_is_refused_and_changes_nothing(
    call: Caller, body: object, texts: list[str]
) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1", metadata={"a": 1})
    status, answer = call("PUT", PUMP_1, body)
    assert (status, violations(answer)) == (400, texts)
    assert shown(call) == {"deviceInfo": {}, "metadata": {"a": 1}}


def test_switches_let_foreign_keys_pass_without_keeping_them(
    call: Caller, org_state: OrgState
) -> None:
    org_state.switches = Switches(unknown_keys="ignore", server_keys="ignore")
    call.add_type("pump")
    call.add_device("pump", "p-1", clientId="x", refs={}, typeId="fan", colour="red")
    sent: object = {"status": {"alert": {"enabled": True, "timestamp": "x"}}, "registration": {}}
    assert call("PUT", PUMP_1, sent).status == 200
    assert org_state.snapshot()["devices"] == {
        "pump/p-1": {"deviceInfo": {}, "status": {"alert": {"enabled": True}}}
    }


@pytest.mark.parametrize("path", [PUMP_1, "/device/types/fan/devices/p-1"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_device_and_an_unknown_type_look_the_same(
    call: Caller, method: str, path: str
) -> None:
    call.add_type("pump")
    body: object = {} if method == "PUT" else None
    assert call(method, path, body) == (404, {})


def test_a_deleted_device_is_gone_with_all_that_hung_on_it(
    call: Caller, org_state: OrgState
) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1", authToken=TOKEN, location={"latitude": 1, "longitude": 2})
    assert call("DELETE", PUMP_1) == (204, None)
    assert call("DELETE", PUMP_1).status == 404
    call.add_device("pump", "p-1")
    assert call("GET", f"{PUMP_1}/location").status == 404
    assert not org_state.check_token("pump", "p-1", TOKEN)


@pytest.mark.parametrize(
    ("switches", "prefix"),
    [(Switches(), "g"), (Switches(gateway_prefix="d"), "d")],
    indirect=["switches"],
)
def test_a_gateway_shows_its_class_in_its_client_id(call: Caller, prefix: str) -> None:
    call.add_type("hub", classId="Gateway")
    assert call.add_device("hub", "g-1")["clientId"] == f"{prefix}:embedded:hub:g-1"


@pytest.mark.parametrize("switches", [Switches(registration_auth="apikey")], indirect=True)
def test_a_switch_names_the_api_key_otherwise(call: Caller) -> None:
    call.add_type("pump")
    auth = call.add_device("pump", "p-1")["registration"]["auth"]
    assert auth == {"id": "a-embedded-key", "type": "apikey"}


def test_devices_may_name_their_gateway_and_are_listed_below_it(
    call: Caller, org_state: OrgState
) -> None:
    call.add_type("hub", classId="Gateway")
    call.add_type("pump")
    call.add_device("hub", "g-1")
    body = call.add_device("pump", "p-1", gatewayTypeId="hub", gatewayId="g-1")
    assert (body["gatewayTypeId"], body["gatewayId"]) == ("hub", "g-1")
    org_state.register_by_gateway("pump", "p-2", gateway=("hub", "g-1"))
    call.add_device("pump", "p-3")
    assert call.ids("/device/types/hub/devices/g-1/devices") == ["pump/p-1", "pump/p-2"]
    assert call.ids("/bulk/devices?gatewayId=g-1&gatewayTypeId=hub") == ["pump/p-1", "pump/p-2"]
    assert call("GET", f"{PUMP_1}/devices") == (403, {})
    assert call("DELETE", "/device/types/hub/devices/g-1").status == 204
    assert call.ids("/bulk/devices") == ["pump/p-1", "pump/p-2", "pump/p-3"]


def test_no_device_is_managed(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")
    assert call("GET", f"{PUMP_1}/mgmt") == (404, {})
