"""Whatever is wrong with a list: nothing is deleted on its word, and all else goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fleetsync.api.retry import RetryPolicy
from fleetsync.cli.options import Waits
from fleetsync.emulator.switches import Switches
from tests.apply.front import Front, open_front
from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder
from tests.scenarios.listing_faults import FAULTS, ListingFault, begin_fault

AT_ONCE = Waits(connect=5, read=20, retry=RetryPolicy(budget=0.0, first_contact=0.0))
TYPES = [f"t-{number:02}" for number in range(12)]
PUMPS = [f"p-{number:03}" for number in range(40)]


def fleet(pumps: list[str], serial: str, old: dict[str, Any]) -> dict[str, Any]:
    first = {"typeId": "pump", "deviceId": pumps[0], "deviceInfo": {"serialNumber": serial}}
    return {
        **old,
        "deviceTypes": [*old.get("deviceTypes", []), *({"id": each} for each in ["pump", *TYPES])],
        "devices": [
            first,
            *({"typeId": "pump", "deviceId": each} for each in pumps[1:]),
            *old.get("devices", []),
        ],
    }


BEFORE = fleet(
    PUMPS,
    "1",
    {
        "deviceTypes": [{"id": "old"}],
        "devices": [{"typeId": "old", "deviceId": "o-1"}, {"typeId": "t-00", "deviceId": "x"}],
    },
)
AFTER = fleet(
    [*PUMPS[:20], *PUMPS[21:], "p-new"],
    "2",
    {"removedDeviceTypes": ["old"], "devices": [{"typeId": "t-00", "deviceId": "x"}]},
)


@pytest.fixture
def front(
    folder: Folder, credentials: Callable[[str, str], None], tmp_path: Path
) -> Iterator[Front]:
    """An org of 42 devices and 14 types, in pages of 10, at which AFTER is to be applied."""
    credentials(KEY, TOKEN)
    (tmp_path / "front").mkdir()
    switches = Switches(page_cap=10, limit_too_large="clamp")
    with open_front(tmp_path / "front", switches) as front:
        folder.settings({"org": {"url": front.org.url, "callsPerSecond": 1000}})
        yield front


def begin(front: Front, fleetsync: Fleetsync, folder: Folder, fault: ListingFault) -> None:
    folder.manifest(BEFORE)
    if fault.crowded:
        front.write({"deviceTypes": [{"id": "aaa"}], "devices": [crowd(n) for n in range(160)]})
        front.apply()
    assert fleetsync("apply", "--yes", waits=AT_ONCE).code == 0
    folder.manifest(AFTER)


def crowd(number: int) -> dict[str, str]:
    return {"typeId": "aaa", "deviceId": f"a-{number:03}"}


def pump(front: Front, device_id: str) -> Any:
    return front.snapshot["devices"].get(f"pump/{device_id}")


def serial_of_first(front: Front) -> Any:
    return pump(front, PUMPS[0])["deviceInfo"]["serialNumber"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_that_lasts_forbids_deletes_and_nothing_else(
    front: Front, folder: Folder, fleetsync: Fleetsync, fault: ListingFault
) -> None:
    begin(front, fleetsync, folder, fault)
    remembered = (folder.path / ".fleetsync" / "listing.json").read_bytes()
    begin_fault(front, fault, lasting=True)
    asked = len(front.asked)
    told = fleetsync("apply", "--yes", waits=AT_ONCE)
    assert told.code == 6, told
    assert "nothing is deleted: " in told.out
    assert fault.words in told.out
    assert "withheld until a listing is provably whole" in told.out
    writes = {each.path for each in front.asked[asked:] if each.method != "GET"}
    assert not [each for each in front.asked[asked:] if each.method == "DELETE"]
    assert "/bulk/devices/remove" not in writes
    assert pump(front, "p-020") is not None
    assert pump(front, "p-new") is not None
    assert serial_of_first(front) == ("2" if fault.sees_first else "1")
    assert (folder.path / ".fleetsync" / "listing.json").read_bytes() == remembered


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_after_a_fault_that_passes_all_is_as_if_nothing_had_been(
    front: Front, folder: Folder, fleetsync: Fleetsync, fault: ListingFault
) -> None:
    begin(front, fleetsync, folder, fault)
    begin_fault(front, fault, lasting=False)
    told = fleetsync("apply", "--yes", waits=AT_ONCE)
    assert told.code == 0, told
    assert "nothing is deleted" not in told.out
    assert told.err.count("reading it again") == 1
    assert pump(front, "p-020") is None
    assert pump(front, "p-new") is not None
    assert serial_of_first(front) == "2"
    assert "old" not in front.snapshot["deviceTypes"]


def test_there_are_at_least_twenty_faults() -> None:
    assert len(FAULTS) >= 20
