from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fleetsync.api.registry import Registry
from fleetsync.api.writer import RegistryWriter
from fleetsync.batch import encode_item
from fleetsync.emulator.switches import Switches
from fleetsync.errors import ApiError
from tests.api.hostile import Asked, in_turn, reply

if TYPE_CHECKING:
    from fleetsync.api.device_list import DeviceListing
    from fleetsync.emulator.running import Emulator
    from tests.api.conftest import Connect, StartServer
    from tests.conftest import StartEmulator

ALL = "GET /bulk/devices"
BY_TYPE = "GET /device/types/{typeId}/devices"


def fill(writer: RegistryWriter, **counts: int) -> None:
    """Give the org types with so many devices."""
    for type_id in counts:
        writer.add_device_type({"id": type_id})
    items = [
        encode_item({"typeId": type_id, "deviceId": f"d-{number:05}"})
        for type_id, count in counts.items()
        for number in range(count)
    ]
    if items:
        assert all(result.success for result in writer.add_devices(items))


def sizes(listing: DeviceListing) -> dict[str, int]:
    return {type_id: len(devices) for type_id, devices in listing.by_type.items()}


@pytest.mark.parametrize(
    ("count", "calls"), [(0, 1), (1, 1), (199, 1), (200, 1), (201, 2), (400, 2), (1001, 6)]
)
def test_n_devices_are_read_in_as_many_calls_as_there_are_pages(
    emulator: Emulator, writer: RegistryWriter, count: int, calls: int
) -> None:
    fill(writer, a=count // 2, b=count - count // 2)
    emulator.state.reset_calls()
    listing = writer.devices({"a", "b"})
    assert sizes(listing) == {"a": count // 2, "b": count - count // 2}
    assert (listing.total, listing.doubts, listing.notes) == (count, (), ())
    assert sum(emulator.state.calls.values()) == calls


def test_a_few_of_many_are_listed_by_type(emulator: Emulator, writer: RegistryWriter) -> None:
    fill(writer, a=250, b=1000, c=3, empty=0)
    emulator.state.reset_calls()
    listing = writer.devices({"a", "c", "empty", "gone"})
    assert sizes(listing) == {"a": 250, "c": 3, "empty": 0, "gone": 0}
    assert (listing.total, listing.doubts) == (1253, ())
    assert listing.by_type["a"]["d-00249"].type_id == "a"
    assert sum(emulator.state.calls.values()) == 1 + 2 + 1


def test_nothing_wanted_takes_one_call(emulator: Emulator, writer: RegistryWriter) -> None:
    fill(writer, a=450)
    emulator.state.reset_calls()
    listing = writer.devices(())
    assert (listing.by_type, listing.total) == ({}, 450)
    assert sum(emulator.state.calls.values()) == 1


@pytest.mark.parametrize(
    ("switches", "calls"),
    [
        (Switches(page_cap=1, limit_too_large="clamp"), 30),
        (Switches(page_cap=25, limit_too_large="clamp"), 2),
        (Switches(page_cap=25), 2 + 3),
        (Switches(page_cap=50), 1 + 2),
        (Switches(page_cap=1, page_default=1), 30 + 4),
        (Switches(page_cap=10, page_default=5, devices_last_page="extra"), 6 + 4),
        (Switches(page_cap=30, limit_too_large="clamp", devices_last_page="extra"), 1),
        (Switches(page_cap=7, limit_too_large="clamp", devices_last_page="endless"), 5),
        (Switches(total_rows="absent", devices_last_page="endless"), 2),
        (Switches(total_rows="absent"), 1),
        (Switches(total_rows="absent", page_cap=10, limit_too_large="clamp"), 3),
        (Switches(facets="ignored", page_cap=10, limit_too_large="clamp"), 3),
    ],
)
def test_every_device_is_found_whatever_pages_the_org_makes(
    start_emulator: StartEmulator, connect: Connect, switches: Switches, calls: int
) -> None:
    emulator = start_emulator(switches)
    transport = connect(emulator.url)
    writer = RegistryWriter(transport)
    fill(writer, a=10, b=20)
    before = transport.requests
    listing = writer.devices({"a", "b"})
    assert sizes(listing) == {"a": 10, "b": 20}
    assert (listing.total, listing.doubts) == (30, ())
    assert transport.requests - before == calls


def listed(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"typeId": type_id, "deviceId": device_id} for type_id, device_id in pairs]


def test_an_org_that_refuses_facets_is_listed_without(
    start_server: StartServer, connect: Connect
) -> None:
    def script(asked: Asked) -> bytes:
        if "_facets" in asked.params:
            return reply(400, {"message": "_facets?"})
        return reply(body={"results": listed(("a", "1")), "meta": {"total_rows": 1}})

    server = start_server(script)
    registry = Registry(connect(server.url))
    assert sizes(registry.devices({"a"})) == {"a": 1}
    assert server.asked[-1].params == {"_sort": "typeId,deviceId", "_limit": "200"}


def first_page(total: int, facets: object) -> bytes:
    meta = {"total_rows": total, "facets": facets}
    return reply(body={"results": listed(("a", "1")), "bookmark": "g1", "meta": meta})


def test_a_type_that_is_gone_meanwhile_has_no_devices(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(first_page(9, {"typeId": {"a": 1, "b": 8}}), reply(404)))
    listing = Registry(connect(server.url)).devices({"a"})
    assert (sizes(listing), listing.total, listing.doubts) == ({"a": 0}, 9, ())
    assert server.paths == ["/bulk/devices", "/device/types/a/devices"]


def test_an_error_in_one_of_many_lists_ends_the_listing(
    start_server: StartServer, connect: Connect
) -> None:
    def script(asked: Asked) -> bytes:
        if asked.path == "/bulk/devices":
            return first_page(900, {"typeId": {"a": 1, "b": 1, "c": 898}})
        return reply(500) if asked.path == "/device/types/b/devices" else reply(404)

    server = start_server(script)
    with pytest.raises(ApiError, match="GET /device/types/b/devices: the org answered 500"):
        Registry(connect(server.url)).devices({"a", "b"})


def test_doubts_of_each_list_are_told(start_server: StartServer, connect: Connect) -> None:
    def script(asked: Asked) -> bytes:
        if asked.path == "/bulk/devices":
            return first_page(900, {"typeId": {"a": 2, "c": 898}})
        return reply(body={"results": listed(("a", "1")), "meta": {"total_rows": 2}})

    server = start_server(script)
    listing = Registry(connect(server.url)).devices({"a"})
    assert listing.doubts == ("device/types/a/devices: it counts 2 but lists 1",)
    assert Counter(server.paths) == {"/bulk/devices": 1, "/device/types/a/devices": 2}


def test_counts_that_do_not_add_up_are_not_believed(
    start_server: StartServer, connect: Connect
) -> None:
    rest = reply(body={"results": listed(("b", "1")), "meta": {"total_rows": 2}})
    server = start_server(in_turn(first_page(2, {"typeId": {"c": 5}}), rest))
    listing = Registry(connect(server.url)).devices({"a", "b", "d"})
    assert sizes(listing) == {"a": 1, "b": 1, "d": 0}
    assert server.paths == ["/bulk/devices", "/bulk/devices"]


def test_a_device_under_the_wrong_type_is_a_doubt(
    start_server: StartServer, connect: Connect
) -> None:
    def script(asked: Asked) -> bytes:
        if asked.path == "/bulk/devices":
            return first_page(900, {"typeId": {"a": 1, "c": 899}})
        return reply(body={"results": listed(("c", "1")), "meta": {"total_rows": 1}})

    listing = Registry(connect(start_server(script).url)).devices({"a"})
    assert sizes(listing) == {"a": 0}
    assert listing.doubts == ("device/types/a/devices: 1 of another type",)


def test_progress_adds_up_what_is_listed_side_by_side(
    emulator: Emulator, writer: RegistryWriter
) -> None:
    fill(writer, a=250, b=210, c=2000)
    told: list[tuple[int, int | None]] = []
    writer.devices({"a", "b"}, progress=lambda *step: told.append(step))
    assert told[-1] == (460, 460)
    assert [rows for rows, _ in told] == sorted(rows for rows, _ in told)
    assert len(told) == 4
