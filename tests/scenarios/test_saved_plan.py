"""What a saved plan says is what can be applied, also where locations were read for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fleetsync.api.connection import Connection
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.model import DeviceKey, Location
from tests.scenarios.conftest import Fleetsync, Folder
from tests.world import KEY


def fleet(latitude: float) -> dict[str, Any]:
    place = {"latitude": latitude, "longitude": 8.25}
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [{"typeId": "pump", "deviceId": f"p-{n}", "location": place} for n in range(3)],
    }


def move(folder: Folder, latitude: float) -> None:
    """Move a device in the org, as somebody else would."""
    with (
        OrgState.open(folder.path / ".fleetsync" / "org.db") as state,
        run_emulator(state) as emulator,
        Transport(Connection(base_url=emulator.url, credentials=KEY)) as transport,
    ):
        writer = RegistryWriter(transport)
        writer.put_location(DeviceKey("pump", "p-1"), Location(latitude, 8.25))


@pytest.mark.parametrize("option", ["--refresh-locations", "--verify-locations=3"])
def test_drift_that_was_found_by_reading_is_applied_from_the_saved_plan(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path, option: str
) -> None:
    folder.manifest(fleet(5))
    assert fleetsync("apply", "--yes").code == 0
    move(folder, 7)
    assert fleetsync("plan", "--exit-code").code == 0
    saved = tmp_path / "plan.json"
    planned = fleetsync("plan", option, "--out", saved)
    assert "location.latitude  7 -> 5" in planned.out
    assert "--refresh-locations" in fleetsync("plan", option).out.splitlines()[-1]
    assert fleetsync("apply", saved).code == 0
    assert fleetsync("plan", "--refresh-locations", "--exit-code").code == 0


def test_a_location_that_moved_on_since_the_plan_is_not_written_over(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(fleet(5))
    fleetsync("apply", "--yes")
    move(folder, 7)
    saved = tmp_path / "plan.json"
    fleetsync("plan", "--refresh-locations", "--out", saved)
    move(folder, 8)
    assert fleetsync("apply", saved).code == 5
