"""Bulk calls judge each item on its own (platform pages 4.2 and 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller, Reply

TOKEN = "Given-token-1"


@pytest.fixture
def pumps(call: Caller) -> Caller:
    """An org with a type and one device, ``p-1``."""
    call.add_type("pump", deviceInfo={"model": "P2"})
    call.add_device("pump", "p-1", authToken=TOKEN)
    return call


def add(call: Caller, *items: object) -> Reply:
    """Send a bulk add."""
    return call("POST", "/bulk/devices/add", list(items))


def remove(call: Caller, *items: object) -> Reply:
    """Send a bulk remove."""
    return call("POST", "/bulk/devices/remove", list(items))


def item(device_id: str, **more: object) -> dict[str, object]:
    """Return an item for a pump."""
    return {"typeId": "pump", "deviceId": device_id, **more}


def test_added_devices_are_answered_in_order_with_their_tokens(
    pumps: Caller, org_state: OrgState
) -> None:
    status, body = add(
        pumps,
        item("p-3", authToken="Token-of-p-3", deviceInfo={"serialNumber": "S3"}, metadata={"a": 1}),
        item("p-2", location={"latitude": 1, "longitude": 2}),
    )
    made = body[1].pop("authToken")
    assert (status, body) == (
        201,
        [
            {"typeId": "pump", "deviceId": "p-3", "success": True, "authToken": "Token-of-p-3"},
            {"typeId": "pump", "deviceId": "p-2", "success": True},
        ],
    )
    assert len(made) == 18
    assert org_state.check_token("pump", "p-2", made)
    assert org_state.snapshot()["devices"] == {
        "pump/p-1": {
            "deviceInfo": {"model": "P2"},
            "status": {"alert": {"enabled": False}},
        },
        "pump/p-2": {
            "deviceInfo": {"model": "P2"},
            "location": {"longitude": 2, "latitude": 1},
            "status": {"alert": {"enabled": False}},
        },
        "pump/p-3": {
            "deviceInfo": {"serialNumber": "S3", "model": "P2"},
            "metadata": {"a": 1},
            "status": {"alert": {"enabled": False}},
        },
    }


def test_one_failed_item_does_not_stop_the_others(pumps: Caller, org_state: OrgState) -> None:
    status, body = add(
        pumps,
        item("p-1", authToken="Token-anew-1"),
        {"typeId": "fan", "deviceId": "f-1"},
        item("p-2", authToken="short"),
        item("p-3", authToken="Token-of-p-3"),
        item("p-3", authToken="Token-twice-3"),
    )
    words = "EMU1005E: authToken must be 8 to 36 letters, digits and - _ ! & @ ? * + . ( )"
    exists = "EMU1012E: The device exists already."
    no_type = "EMU1010E: There is no such device type."
    assert (status, body) == (
        202,
        [
            {"typeId": "pump", "deviceId": "p-1", "success": False, "message": exists},
            {"typeId": "fan", "deviceId": "f-1", "success": False, "message": no_type},
            {"typeId": "pump", "deviceId": "p-2", "success": False, "message": words},
            {"typeId": "pump", "deviceId": "p-3", "success": True, "authToken": "Token-of-p-3"},
            {"typeId": "pump", "deviceId": "p-3", "success": False, "message": exists},
        ],
    )  # fmt: skip
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-3"]
    assert org_state.check_token("pump", "p-1", TOKEN)
    assert org_state.check_token("pump", "p-3", "Token-of-p-3")


def test_the_status_is_202_when_every_item_fails(pumps: Caller) -> None:
    assert add(pumps, item("p-1")).status == 202


@pytest.mark.parametrize("switches", [Switches(failed_item_message=False)], indirect=True)
def test_a_switch_keeps_failed_items_silent(pumps: Caller) -> None:
    expected = [{"typeId": "pump", "deviceId": "p-1", "success": False}]
    assert add(pumps, item("p-1")).body == expected


@pytest.mark.parametrize("switches", [Switches(bulk_add="202")], indirect=True)
def test_a_switch_answers_a_full_success_with_202(pumps: Caller) -> None:
    assert add(pumps, item("p-2")).status == 202


BAD_ITEMS: list[tuple[object, str]] = [
    ("p-2", "An item must be an object."),
    (None, "An item must be an object."),
    ({}, "typeId is missing."),
    ({"typeId": "pump"}, "deviceId is missing."),
    ({"deviceId": "p-2"}, "typeId is missing."),
    (item("p 2"), "deviceId must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"),
    ({"typeId": 1, "deviceId": "p-2"}, "typeId must be a string."),
    (item("p-2", authToken=1), "authToken must be a string."),
    (item("p-2", refs={}), "Unexpected key refs."),
    (item("p-2", gatewayId="g"), "Unexpected key gatewayId."),
    (item("p-2", deviceInfo={"model": 2}), "deviceInfo.model must be a string."),
    (item("p-2", metadata=[]), "metadata must be an object."),
    (item("p-2", location={"latitude": 91, "longitude": 0}), "latitude is above 90."),
]


@pytest.mark.parametrize(("bad", "text"), BAD_ITEMS, ids=repr)
def test_a_wrong_key_or_value_refuses_the_whole_request(
    pumps: Caller, bad: object, text: str
) -> None:
    status, body = add(pumps, item("p-0"), bad)
    assert status == 400
    assert text in [entry["message"].split(": ", 1)[1] for entry in body["violations"]]
    assert pumps.ids("/bulk/devices") == ["pump/p-1"]


@pytest.mark.parametrize("switches", [Switches(bulk_bad_item="item")], indirect=True)
@pytest.mark.parametrize(("bad", "text"), BAD_ITEMS, ids=repr)
def test_a_switch_lets_a_wrong_key_or_value_fail_its_item_alone(
    pumps: Caller, bad: Any, text: str
) -> None:
    status, body = add(pumps, bad, item("p-0"))
    ids = {key: bad[key] for key in ("typeId", "deviceId") if isinstance(bad, dict) and key in bad}
    assert status == 202
    assert body[0].pop("message").split(": ", 1)[1] == text
    assert body[0] == {**ids, "success": False}
    assert body[1]["success"] is True


@pytest.mark.parametrize("call_name", ["add", "remove"])
@pytest.mark.parametrize("body", [{}, "x", 1, {"typeId": "pump", "deviceId": "p-1"}])
def test_a_body_that_is_no_array_is_refused(pumps: Caller, call_name: str, body: object) -> None:
    assert pumps("POST", f"/bulk/devices/{call_name}", body).status == 400


@pytest.mark.parametrize("call_name", ["add", "remove"])
def test_an_empty_array_is_refused_or_taken_by_a_switch(
    pumps: Caller, org_state: OrgState, call_name: str
) -> None:
    path = f"/bulk/devices/{call_name}"
    assert pumps("POST", path, []).status == 400
    org_state.switches = Switches(bulk_empty="accepted")
    assert pumps("POST", path, []).body == []


@pytest.mark.parametrize("switches", [Switches(max_devices=3)], indirect=True)
def test_a_request_beyond_the_quota_adds_nothing(pumps: Caller) -> None:
    status, body = add(pumps, item("p-2"), item("p-3"), item("p-4"))
    message = "EMU0403E: The maximum number of devices is exceeded."
    assert (status, body["message"]) == (403, message)
    assert pumps.ids("/bulk/devices") == ["pump/p-1"]
    assert add(pumps, item("p-1"), item("p-2"), item("p-3")).status == 202


def test_a_request_over_the_size_limit_is_413_and_adds_nothing(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.switches = Switches(request_bytes=200)
    big = item("p-2", metadata={"x": "y" * 200})
    status, body = add(pumps, big)
    assert (status, body["message"]) == (413, "EMU0413E: The request is larger than 200 bytes.")
    assert add(pumps, item("p-3")).status == 201
    assert (
        pumps("PUT", "/device/types/pump/devices/p-1", {"metadata": {"x": "y" * 200}}).status == 200
    )
    assert remove(pumps, *[item("p-3")] * 10).status == 413
    assert pumps.ids("/bulk/devices") == ["pump/p-1", "pump/p-3"]


def test_a_request_of_exactly_512_kb_is_taken_and_one_byte_more_is_not(pumps: Caller) -> None:
    limit = 512 * 1024
    start, end = b'[{"typeId":"pump","deviceId":"p-2","metadata":{"x":"', b'"}}]'
    fill = limit - len(start) - len(end)
    too_large = pumps("POST", "/bulk/devices/add", data=start + b"y" * (fill + 1) + end)
    assert too_large.status == 413
    assert pumps("POST", "/bulk/devices/add", data=start + b"y" * fill + end).status == 201


def test_removed_and_absent_devices_both_count_as_success(pumps: Caller) -> None:
    add(pumps, item("p-2"))
    sent: list[dict[str, object]] = [
        item("p-1"),
        item("p-9"),
        {"typeId": "fan", "deviceId": "f-1"},
        {},
    ]
    assert remove(pumps, *sent) == (202, [{**each, "success": True} for each in sent])
    assert pumps.ids("/bulk/devices") == ["pump/p-2"]
    assert pumps("GET", "/device/types/pump/devices/p-1").status == 404


@pytest.mark.parametrize("bad", ["p-1", None, item("p-1", x=1), item("p-1", authToken="x" * 9),
                                 {"typeId": 1, "deviceId": "p-1"}])  # fmt: skip
def test_a_bad_item_refuses_the_whole_remove(pumps: Caller, bad: object) -> None:
    assert remove(pumps, item("p-1"), bad).status == 400
    assert pumps.ids("/bulk/devices") == ["pump/p-1"]


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        (Switches(), 202),
        (Switches(bulk_remove="201"), 201),
        (Switches(bulk_remove="200"), 200),
    ],
    indirect=["switches"],
)
def test_the_status_of_a_remove_is_a_switch(pumps: Caller, status: int) -> None:
    assert remove(pumps, item("p-1")).status == status


def test_a_full_request_of_a_thousand_devices_is_added(pumps: Caller) -> None:
    status, body = add(pumps, *[item(f"q-{number:04}") for number in range(1000)])
    assert (status, len(body)) == (201, 1000)
    assert len({each["authToken"] for each in body}) == 1000
    assert pumps("GET", "/bulk/devices?_limit=1").body["meta"] == {"total_rows": 1001}
