from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fleetsync.api.items import ItemResult
from fleetsync.api.writer import RegistryWriter, TypeDeletion
from fleetsync.batch import MAX_REQUEST_BYTES, encode_item, join_batch, split_batches
from fleetsync.emulator.switches import Switches
from fleetsync.errors import ApiError, OutcomeUnknownError
from fleetsync.model.key import DeviceKey
from fleetsync.model.live import LiveDeviceType
from fleetsync.model.location import Location
from fleetsync.model.token import Token
from tests.api.hostile import Asked, in_turn, reply

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator
    from tests.api.conftest import Connect, StartServer
    from tests.conftest import StartEmulator

ONE, TWO = DeviceKey("pump", "p-1"), DeviceKey("pump", "p-2")


def item(key: DeviceKey, text: str = "first-t0ken") -> bytes:
    return encode_item({"typeId": key.type_id, "deviceId": key.device_id, "authToken": text})


def test_a_type_is_created_and_changed(writer: RegistryWriter) -> None:
    assert writer.add_device_type(
        {"id": "pump", "classId": "Gateway", "metadata": {"line": "7"}}
    ) == LiveDeviceType("pump", "Gateway", metadata={"line": "7"})
    assert writer.update_device_type("pump", {"description": "new"}) == LiveDeviceType(
        "pump", "Gateway", "new", metadata={"line": "7"}
    )


def test_a_type_that_exists_is_a_conflict(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "pump"})
    with pytest.raises(ApiError, match="POST /device/types: the org answered 409") as caught:
        writer.add_device_type({"id": "pump"})
    assert caught.value.status == 409


@pytest.mark.parametrize("switches", [Switches(), Switches(bulk_add="202")])
def test_devices_are_added_and_judged_one_by_one(
    start_emulator: StartEmulator, connect: Connect, switches: Switches
) -> None:
    writer = RegistryWriter(connect(start_emulator(switches).url))
    writer.add_device_type({"id": "pump"})
    assert writer.add_devices([item(ONE)]) == [
        ItemResult(ONE, success=True, token=Token("first-t0ken"))
    ]
    exists, fresh, homeless = writer.add_devices(
        [item(ONE, "other-t0ken"), item(TWO, "second-t0ken"), item(DeviceKey("gone", "x"))]
    )
    assert (exists.key, exists.success, exists.token) == (ONE, False, None)
    assert "exists" in exists.detail
    assert fresh == ItemResult(TWO, success=True, token=Token("second-t0ken"))
    assert (homeless.key, homeless.success) == (DeviceKey("gone", "x"), False)


def test_a_token_that_the_platform_made_comes_along(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "pump"})
    (result,) = writer.add_devices([b'{"typeId":"pump","deviceId":"p-1"}'])
    assert result.token is not None
    assert len(result.token.reveal()) == 18
    assert result.token.reveal() not in repr(result)


def test_a_refusal_of_the_whole_request_shows_no_token(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(400, {"message": "first-t0ken is too weak"})))
    with pytest.raises(ApiError) as caught:
        RegistryWriter(connect(server.url)).add_devices([item(ONE), item(TWO, "second-t0ken")])
    assert caught.value.detail == "*** is too weak"
    assert "t0ken" not in str(caught.value)


def test_an_item_shows_no_token_of_the_whole_request(
    start_server: StartServer, connect: Connect
) -> None:
    answer = [{"typeId": "pump", "deviceId": "p-1", "success": False, "why": "second-t0ken taken"}]
    server = start_server(in_turn(reply(202, answer)))
    results = RegistryWriter(connect(server.url)).add_devices(
        [item(ONE), item(TWO, "second-t0ken")]
    )
    assert results == [
        ItemResult(ONE, success=False, detail='{"why": "*** taken"}'),
        ItemResult(TWO, None, detail="the org's answer does not speak of it"),
    ]


@pytest.mark.parametrize("body", [{}, "fine", None, 5])
def test_an_answer_that_is_no_list_leaves_the_add_unknown(
    start_server: StartServer, connect: Connect, body: object
) -> None:
    writer = RegistryWriter(connect(start_server(in_turn(reply(201, body))).url))
    with pytest.raises(OutcomeUnknownError):
        writer.add_devices([item(ONE)])


def test_a_full_batch_is_within_what_the_org_takes(
    emulator: Emulator, writer: RegistryWriter
) -> None:
    writer.add_device_type({"id": "pump"})
    items = [
        encode_item({"typeId": "pump", "deviceId": f"p-{number}", "metadata": {"x": "é" * 400}})
        for number in range(700)
    ]
    batches = list(split_batches(items))
    assert [len(join_batch(batch)) > MAX_REQUEST_BYTES * 0.9 for batch in batches] == [True, False]
    emulator.state.reset_calls()
    results = [result for batch in batches for result in writer.add_devices(batch)]
    assert len(results) == 700
    assert all(result.success for result in results)
    assert sum(emulator.state.calls.values()) == 2


@pytest.mark.parametrize("status", ["200", "201", "202"])
def test_devices_are_removed_whatever_the_status(
    start_emulator: StartEmulator, connect: Connect, status: str
) -> None:
    writer = RegistryWriter(
        connect(start_emulator(Switches(bulk_remove=status)).url)  # type: ignore[arg-type]  # one of the three
    )
    writer.add_device_type({"id": "pump"})
    writer.add_devices([item(ONE)])
    assert writer.remove_devices([ONE, TWO]) == [
        ItemResult(ONE, success=True),
        ItemResult(TWO, success=True),
    ]
    assert writer.device(ONE) is None


def test_a_device_is_changed(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "pump"})
    writer.add_devices([item(ONE)])
    answer = writer.update_device(
        ONE, {"deviceInfo": {"model": "T"}, "status": {"alert": {"enabled": True}}}
    )
    assert (answer.device_info, answer.alert_enabled) == ({"model": "T"}, True)
    assert writer.device(ONE) == answer


def test_a_location_is_set_as_a_whole(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "pump"})
    writer.add_devices([item(ONE)])
    whole = Location(50.2, 8.1, 120, 5, "2019-05-06T10:23:57.000Z")
    assert writer.put_location(ONE, whole) == whole
    assert writer.put_location(ONE, Location(1, 2))[:4] == (1, 2, None, None)


def test_a_change_of_what_is_gone_is_an_error(writer: RegistryWriter) -> None:
    with pytest.raises(ApiError, match="answered 404"):
        writer.update_device(ONE, {"metadata": {}})
    with pytest.raises(ApiError, match="answered 404"):
        writer.put_location(ONE, Location(1, 2))


@pytest.mark.parametrize("body", [None, [], {"id": 5}, {"typeId": "pump"}])
def test_a_write_whose_answer_makes_no_sense_is_unknown(
    start_server: StartServer, connect: Connect, body: object
) -> None:
    writer = RegistryWriter(connect(start_server(in_turn(reply(200, body))).url))
    for write in (
        lambda: writer.add_device_type({"id": "pump"}),
        lambda: writer.update_device_type("pump", {}),
        lambda: writer.update_device(ONE, {}),
        lambda: writer.put_location(ONE, Location(1, 2)),
    ):
        with pytest.raises(OutcomeUnknownError, match="may have been carried out or not"):
            write()


def test_a_type_is_deleted_once_it_is_empty(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "pump"})
    writer.add_devices([item(ONE)])
    assert writer.delete_device_type("pump") is TypeDeletion.IN_USE
    writer.remove_devices([ONE])
    assert writer.delete_device_type("pump") is TypeDeletion.DELETED
    assert writer.delete_device_type("pump") is TypeDeletion.ABSENT


def test_a_conflict_counts_as_in_use_as_well(
    start_emulator: StartEmulator, connect: Connect
) -> None:
    emulator = start_emulator(Switches(type_delete_in_use="409"))
    writer = RegistryWriter(connect(emulator.url), settle_seconds=0)
    writer.add_device_type({"id": "pump"})
    writer.add_devices([item(ONE)])
    assert writer.delete_device_type("pump") is TypeDeletion.IN_USE


def test_a_type_whose_refusal_passes_is_deleted_in_the_end(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(400), reply(400), reply(204, b"")))
    writer = RegistryWriter(connect(server.url), settle_seconds=0)
    assert writer.delete_device_type("pump") is TypeDeletion.DELETED
    assert len(server.asked) == 3


def test_a_type_that_stays_refused_without_devices_is_told_with_the_reason(
    start_server: StartServer, connect: Connect
) -> None:
    def script(asked: Asked) -> bytes:
        if asked.method == "DELETE":
            return reply(400, {"message": "interfaces are active"})
        return reply(body={"results": [], "meta": {"total_rows": 0}})

    server = start_server(script)
    with pytest.raises(
        ApiError, match=r"answered 400: interfaces are active .* it may have"
    ) as err:
        RegistryWriter(connect(server.url), settle_seconds=0).delete_device_type("pump")
    assert (err.value.status, err.value.detail) == (400, "interfaces are active")
    assert [each.method for each in server.asked] == ["DELETE"] * 4 + ["GET"]


def test_a_type_that_may_not_be_deleted_is_told_at_once(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(403, {"message": "role"})))
    with pytest.raises(ApiError, match="answered 403: role"):
        RegistryWriter(connect(server.url)).delete_device_type("pump")
    assert len(server.asked) == 1


def test_bodies_are_sent_as_they_are_given(start_server: StartServer, connect: Connect) -> None:
    server = start_server(lambda asked: reply(201, [] if "bulk" in asked.path else {"id": "pump"}))
    writer = RegistryWriter(connect(server.url))
    writer.add_device_type({"id": "pump", "description": "Küche"})
    writer.add_devices([item(ONE), item(TWO)])
    writer.remove_devices([ONE])
    assert [(each.method, each.path, json.loads(each.content)) for each in server.asked] == [
        ("POST", "/device/types", {"id": "pump", "description": "Küche"}),
        (
            "POST",
            "/bulk/devices/add",
            [
                {"typeId": "pump", "deviceId": "p-1", "authToken": "first-t0ken"},
                {"typeId": "pump", "deviceId": "p-2", "authToken": "first-t0ken"},
            ],
        ),
        ("POST", "/bulk/devices/remove", [{"typeId": "pump", "deviceId": "p-1"}]),
    ]
