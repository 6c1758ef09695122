from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleetsync.api.connection import Connection
from fleetsync.api.registry import Listing, Registry
from fleetsync.api.transport import Reader
from fleetsync.api.wire import Organization
from fleetsync.api.writer import RegistryWriter
from fleetsync.emulator.switches import Switches
from fleetsync.errors import ApiError, CredentialsError, UsageError
from fleetsync.model.credentials import Credentials
from fleetsync.model.key import DeviceKey
from fleetsync.model.live import LiveDeviceType
from fleetsync.model.location import Location
from tests.api.conftest import GIVE_UP
from tests.api.hostile import in_turn, reply

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator
    from tests.api.conftest import Connect, StartServer
    from tests.conftest import StartEmulator

KEY = DeviceKey("pump", "p-1")


def test_the_organization_tells_who_it_is(writer: RegistryWriter) -> None:
    assert writer.organization() == Organization("embedded", "Emulated org embedded")


def test_wrong_credentials_are_told_as_such(start_emulator: StartEmulator) -> None:
    emulator = start_emulator(accounts={"a-embedded-0123456789": "right-t0ken"})
    wrong = Credentials("a-embedded-0123456789", "wrong-t0ken")
    with (
        Reader(Connection(base_url=emulator.url, credentials=wrong, retry=GIVE_UP)) as reader,
        pytest.raises(CredentialsError) as caught,
    ):
        Registry(reader).organization()
    assert "wrong-t0ken" not in str(caught.value)
    right = Credentials("a-embedded-0123456789", "right-t0ken")
    with Reader(Connection(base_url=emulator.url, credentials=right)) as reader:
        assert Registry(reader).organization().org_id == "embedded"


def test_all_device_types_are_listed_by_id(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "b", "description": "second"})
    writer.add_device_type({"id": "a", "classId": "Gateway"})
    assert writer.device_types() == Listing(
        {"a": LiveDeviceType("a", "Gateway"), "b": LiveDeviceType("b", description="second")}, 2
    )


@pytest.mark.parametrize(
    "switches",
    [
        Switches(page_cap=1, limit_too_large="clamp", types_last_page="extra"),
        Switches(page_cap=3, page_default=3, types_last_page="endless"),
        Switches(page_cap=4, limit_too_large="clamp", total_rows="absent"),
    ],
)
def test_all_device_types_are_found_whatever_pages_the_org_makes(
    start_emulator: StartEmulator, connect: Connect, switches: Switches
) -> None:
    writer = RegistryWriter(connect(start_emulator(switches).url))
    for number in range(12):
        writer.add_device_type({"id": f"t-{number:02}"})
    listing = writer.device_types()
    assert list(listing.items) == [f"t-{number:02}" for number in range(12)]
    assert listing.doubts == ()


def test_what_is_absent_is_none(emulator: Emulator, writer: RegistryWriter) -> None:
    assert writer.device_type("pump") is None
    assert writer.device(KEY) is None
    assert writer.location(KEY) is None
    assert sum(emulator.state.calls.values()) == 3


def test_what_is_there_is_read(writer: RegistryWriter) -> None:
    writer.add_device_type({"id": "pump"})
    writer.add_devices([b'{"typeId":"pump","deviceId":"p-1","metadata":{"n":1.0}}'])
    assert writer.device_type("pump") == LiveDeviceType("pump")
    found = writer.device(KEY)
    assert found is not None
    assert (found.type_id, found.device_id, found.metadata) == ("pump", "p-1", {"n": 1})
    assert writer.location(KEY) is None
    writer.put_location(KEY, Location(1.5, 2.5))
    place = writer.location(KEY)
    assert place is not None
    assert place[:4] == (1.5, 2.5, None, None)


@pytest.mark.parametrize("status", [400, 403, 500])
def test_other_refusals_are_not_taken_for_absence(
    start_server: StartServer, connect: Connect, status: int
) -> None:
    registry = Registry(connect(start_server(in_turn(reply(status, {"message": "no"}))).url))
    for read in (registry.device, registry.location):
        with pytest.raises(ApiError, match=f"answered {status}: no"):
            read(KEY)


def test_ids_that_would_leave_the_path_are_never_sent(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(404)))
    registry = Registry(connect(server.url))
    registry.device(DeviceKey("a/b?c", "..%2f"))
    assert server.paths == ["/device/types/a%2Fb%3Fc/devices/..%252f"]
    with pytest.raises(UsageError, match="cannot be put into a URL"):
        registry.device_type("..")
    assert len(server.asked) == 1


def test_requests_are_counted(writer: RegistryWriter) -> None:
    writer.organization()
    writer.device_types()
    assert writer.requests == 2
