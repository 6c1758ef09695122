"""What a saved plan says is what can be applied: item by item, and nothing that nobody approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fleetsync.api.connection import Connection
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.model import DeviceKey, Location
from tests.scenarios.conftest import Fleetsync, Folder, Result
from tests.world import KEY

Edit = Callable[[RegistryWriter], object]


def device(number: int, **parts: Any) -> dict[str, Any]:
    return {"typeId": "pump", "deviceId": f"p-{number}", **parts}


def fleet(latitude: float) -> dict[str, Any]:
    place = {"latitude": latitude, "longitude": 8.25}
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [device(n, location=place) for n in range(3)],
    }


def models(*texts: str) -> dict[str, Any]:
    devices = [device(n, deviceInfo={"model": text}) for n, text in enumerate(texts)]
    return {"deviceTypes": [{"id": "pump"}], "devices": devices}


@contextmanager
def somebody_else(folder: Folder) -> Iterator[RegistryWriter]:
    """Write to the org past fleetsync."""
    with (
        OrgState.open(folder.path / ".fleetsync" / "org.db") as state,
        run_emulator(state) as emulator,
        Transport(Connection(base_url=emulator.url, credentials=KEY)) as transport,
    ):
        yield RegistryWriter(transport)


def move(folder: Folder, latitude: float) -> None:
    with somebody_else(folder) as writer:
        writer.put_location(DeviceKey("pump", "p-1"), Location(latitude, 8.25))


def set_model(folder: Folder, number: int, text: str) -> None:
    with somebody_else(folder) as writer:
        writer.update_device(DeviceKey("pump", f"p-{number}"), {"deviceInfo": {"model": text}})


def live_models(folder: Folder) -> dict[str, str]:
    with OrgState.open(folder.path / ".fleetsync" / "org.db") as state:
        devices = state.snapshot()["devices"]
    return {name: each["deviceInfo"].get("model", "") for name, each in sorted(devices.items())}


def ends(told: Result) -> dict[str, str]:
    return {outcome["deviceId"]: outcome["status"] for outcome in told.json["outcomes"]}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


def save(folder: Folder, fleetsync: Fleetsync, saved: Path, *texts: str) -> None:
    """Bring the fleet to models ``A``, declare others and save the plan."""
    folder.manifest(models(*"A" * len(texts)))
    assert fleetsync("apply", "--yes").code == 0
    folder.manifest(models(*texts))
    assert fleetsync("plan", "--out", saved).code == 0


@pytest.mark.parametrize("option", ["--refresh-locations", "--verify-locations=3"])
def test_drift_that_was_found_by_reading_is_applied_from_the_saved_plan(
    folder: Folder, fleetsync: Fleetsync, saved: Path, option: str
) -> None:
    folder.manifest(fleet(5))
    assert fleetsync("apply", "--yes").code == 0
    move(folder, 7)
    assert fleetsync("plan", "--exit-code").code == 0
    planned = fleetsync("plan", option, "--out", saved)
    assert "location.latitude  7 -> 5" in planned.out
    assert "--refresh-locations" in fleetsync("plan", option).out.splitlines()[-1]
    assert fleetsync("apply", saved).code == 0
    assert fleetsync("plan", "--refresh-locations", "--exit-code").code == 0


def test_a_location_that_moved_on_since_the_plan_is_not_written_over(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    folder.manifest(fleet(5))
    fleetsync("apply", "--yes")
    move(folder, 7)
    fleetsync("plan", "--refresh-locations", "--out", saved)
    move(folder, 8)
    assert fleetsync("apply", saved).code == 5


def test_what_changed_meanwhile_is_left_alone_and_the_rest_goes_ahead(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    save(folder, fleetsync, saved, "B", "B", "B")
    set_model(folder, 0, "B")
    set_model(folder, 1, "X")
    told = fleetsync("apply", saved)
    assert (told.code, told.err) == (6, "")
    assert told.out.partition("Applied ")[2].splitlines()[:4] == [
        "to test in org embedded: 1 device updated.",
        "1 change not tried:",
        "  ! pump/p-1 (manifests/fleet.yaml:8): update: left alone, for it changed since it was"
        " planned: deviceInfo.model",
        "1 change had happened already.",
    ]
    assert live_models(folder) == {"pump/p-0": "B", "pump/p-1": "X", "pump/p-2": "B"}


def test_a_plan_of_which_nothing_fits_any_more_is_stale(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    save(folder, fleetsync, saved, "B", "A")
    set_model(folder, 0, "X")
    told = fleetsync("apply", saved, "--format", "json")
    assert told.code == 5
    assert told.err == f"Error: {told.json['error']}\n"
    assert told.json["error"].startswith(
        f"{saved}: nothing of it can be applied any more: 1 change is left alone,"
    )
    assert ends(told) == {"p-0": "notTried"}
    assert live_models(folder) == {"pump/p-0": "X", "pump/p-1": "A"}


def test_a_plan_that_was_carried_out_already_has_nothing_left_to_do(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    save(folder, fleetsync, saved, "B", "B")
    assert fleetsync("apply", saved).code == 0
    again = fleetsync("apply", saved)
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines() == [
        "Applied to test in org embedded: nothing changed.",
        "2 changes had happened already.",
        "API calls: 0.",
    ]


def test_what_is_due_beyond_the_plan_is_left_alone_and_said(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    save(folder, fleetsync, saved, "B", "A")
    set_model(folder, 1, "X")
    told = fleetsync("apply", saved)
    assert told.code == 0
    assert told.err == (
        "Warning: 1 more change is due by now, which nobody approved: left alone; make a new plan"
        " with: fleetsync plan --out FILE\n"
    )
    assert live_models(folder) == {"pump/p-0": "B", "pump/p-1": "X"}


def test_a_device_that_was_registered_anew_is_not_deleted(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    folder.manifest(models("A", "A", "A"))
    fleetsync("apply", "--yes")
    folder.manifest(models("A"))
    assert fleetsync("plan", "--out", saved).code == 0
    with somebody_else(folder) as writer:
        writer.remove_devices([DeviceKey("pump", "p-1")])
        writer.add_devices([b'{"typeId": "pump", "deviceId": "p-1"}'])
    told = fleetsync("apply", saved, "--format", "json")
    assert told.code == 6
    assert ends(told) == {"p-1": "notTried", "p-2": "done"}
    assert live_models(folder).keys() == {"pump/p-0", "pump/p-1"}


def test_limits_hold_for_what_goes_ahead(folder: Folder, fleetsync: Fleetsync, saved: Path) -> None:
    folder.manifest(models(*"A" * 9))
    fleetsync("apply", "--yes")
    folder.manifest(models(*"A" * 4))
    assert fleetsync("plan", "--out", saved).code == 0
    assert fleetsync("apply", saved).code == 4
    set_model(folder, 8, "X")
    told = fleetsync("apply", saved)
    assert told.code == 4
    assert "the plan deletes 4 of 9 devices" in told.err
    assert fleetsync("apply", saved, "--allow-deletes", "4").code == 6
    assert live_models(folder).keys() == {*(f"pump/p-{n}" for n in range(4)), "pump/p-8"}


@pytest.mark.parametrize("at", [0, 200, -3])
def test_a_plan_that_was_edited_is_refused_before_anything_is_asked(
    folder: Folder, fleetsync: Fleetsync, saved: Path, at: int
) -> None:
    folder.manifest(models("B"))
    fleetsync("plan", "--out", saved)
    data = bytearray(saved.read_bytes())
    data[at] ^= 1
    saved.write_bytes(data)
    told = fleetsync("apply", saved)
    assert (told.code, told.out) == (5, "")
    assert told.err == (
        f"Error: {saved}: was changed or cut short since it was saved; make a new plan with:"
        " fleetsync plan --out FILE\n"
    )


def test_what_plan_shows_as_json_is_a_saved_plan(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    folder.manifest(models("B"))
    saved.write_text(fleetsync("plan", "--format", "json").out, "utf-8")
    assert fleetsync("apply", saved).code == 0


def test_a_plan_whose_manifests_moved_on_is_refused_as_a_whole(
    folder: Folder, fleetsync: Fleetsync, saved: Path
) -> None:
    save(folder, fleetsync, saved, "B", "B")
    folder.manifest(models("B", "B", "B"))
    told = fleetsync("apply", saved)
    assert (told.code, told.out) == (5, "")
    assert "fleet.yaml or a manifest was changed" in told.err
