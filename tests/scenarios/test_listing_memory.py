"""What apply remembers of the org's lists, and what a run makes of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fleetsync.live import Reading
from fleetsync.model import Sizes
from tests.scenarios.conftest import Fleetsync, Folder
from tests.world import open_world

ADVICE = "if the org really shrank, delete .fleetsync/listing.json and run again"


def fleet(count: int, **more: Any) -> dict[str, Any]:
    devices = [{"typeId": "pump", "deviceId": f"p-{number:03}"} for number in range(count)]
    return {"deviceTypes": [{"id": "pump"}], "devices": devices, **more}


def remembered(folder: Folder) -> Any:
    memory = json.loads((folder.path / ".fleetsync" / "listing.json").read_text("utf-8"))
    org = memory["orgs"]["embedded"]
    return org["deviceTypes"], org["devices"]


def shrink_from_elsewhere(folder: Folder, fleetsync: Fleetsync, keep: int) -> None:
    """Let a clone of the fleet, with a memory of its own, delete all but a few of the pumps."""
    path = folder.path.parent / "clone"
    path.mkdir()
    clone = Folder(path)
    org = str(folder.path / ".fleetsync" / "org.db")
    clone.settings({"org": {"emulator": org, "callsPerSecond": 1000}})
    clone.manifest(fleet(keep))
    assert fleetsync("apply", "-C", path, "--yes", "--allow-deletes", "100").code == 0


def test_apply_remembers_and_plan_does_not(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(fleet(30))
    assert fleetsync("plan").code == 0
    assert not (folder.path / ".fleetsync" / "listing.json").exists()
    assert fleetsync("apply", "--yes").code == 0
    assert remembered(folder) == (1, {"pump": 30})
    before = (folder.path / ".fleetsync" / "listing.json").read_bytes()
    folder.manifest(fleet(31))
    assert fleetsync("plan").code == 0
    assert (folder.path / ".fleetsync" / "listing.json").read_bytes() == before
    assert fleetsync("apply", "--yes").code == 0
    assert remembered(folder) == (1, {"pump": 31})


def test_an_apply_that_has_nothing_to_do_remembers_too(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(fleet(3))
    fleetsync("apply", "--yes")
    (folder.path / ".fleetsync" / "listing.json").unlink()
    assert fleetsync("apply", "--yes").code == 0
    assert remembered(folder) == (1, {"pump": 3})


def test_a_refused_apply_remembers_nothing(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(fleet(30))
    fleetsync("apply", "--yes")
    (folder.path / ".fleetsync" / "listing.json").unlink()
    folder.manifest(fleet(5))
    before = {name: data for name, data in folder.files().items() if "org.db" not in name}
    assert fleetsync("apply", "--yes").code == 4
    assert {n: data for n, data in folder.files().items() if "org.db" not in n} == before


def test_deletes_of_our_own_are_no_reason_for_doubt(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(fleet(60))
    fleetsync("apply", "--yes")
    folder.manifest(fleet(5))
    assert fleetsync("apply", "--yes", "--allow-deletes", "55").code == 0
    assert remembered(folder) == (1, {"pump": 5})
    assert "nothing is deleted" not in fleetsync("plan").out
    folder.manifest({"deviceTypes": [{"id": "other"}], "removedDeviceTypes": ["pump"]})
    assert fleetsync("apply", "--yes", "--allow-deletes", "5").code == 0
    assert remembered(folder) == (1, {"other": 0})


def test_an_org_that_shrank_keeps_its_devices_until_the_memory_is_deleted(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(fleet(60))
    fleetsync("apply", "--yes")
    shrink_from_elsewhere(folder, fleetsync, 20)
    folder.manifest(fleet(19))  # p-019 is to go
    told = fleetsync("apply", "--yes")
    assert told.code == 6
    assert (
        "the org lists 20 devices of type pump, but there were 60 at the last apply (" in told.out
    )
    assert ADVICE in told.out
    assert told.err.endswith("reading it again\n")
    assert remembered(folder) == (1, {"pump": 60})
    (folder.path / ".fleetsync" / "listing.json").unlink()
    told = fleetsync("apply", "--yes")
    assert (told.code, "delete 1 device" in told.out) == (0, True)
    assert remembered(folder) == (1, {"pump": 19})


def test_a_memory_that_makes_no_sense_is_a_warning_and_is_replaced(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(fleet(3))
    fleetsync("apply", "--yes")
    path = folder.path / ".fleetsync" / "listing.json"
    path.write_text("{", "utf-8")
    told = fleetsync("plan")
    assert (told.code, told.err) == (
        0,
        f"Warning: {path}: it is damaged, so nothing is known of earlier lists; the next apply"
        " writes it anew\n",
    )
    assert fleetsync("apply", "--yes").code == 0
    assert remembered(folder) == (1, {"pump": 3})
    assert fleetsync("plan").err == ""


def test_a_memory_that_leads_elsewhere_is_not_followed(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(fleet(3))
    fleetsync("apply", "--yes")
    path = folder.path / ".fleetsync" / "listing.json"
    secret = tmp_path / "elsewhere"
    secret.write_text("somebody's own", "utf-8")
    path.unlink()
    path.symlink_to(secret)
    assert "Warning:" in fleetsync("apply", "--yes").err
    assert secret.read_text("utf-8") == "somebody's own"
    assert not path.is_symlink()
    assert remembered(folder) == (1, {"pump": 3})


def test_a_list_that_shrank_is_read_again_once(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(5))
        world.apply()
        world.org.state.reset_calls()
        told: list[str] = []
        before = Sizes(1, {"pump": 1000}, "2026-11-20T10:00:00Z")
        plan = world.plan(Reading(remembered={"embedded": before}, notify=told.append))
        shrank = (
            "the org lists 5 devices of type pump, but there were 1000 at the last apply"
            f" (2026-11-20): {ADVICE}"
        )
        assert told == [f"{shrank}; reading it again"]
        assert plan.warnings == (f"nothing is deleted: {shrank}",)
        assert world.calls == {"GET /": 1, "GET /device/types": 2, "GET /bulk/devices": 2}
        assert (plan.cost.read, plan.sizes) == (5, None)


@pytest.mark.parametrize("count", [3, 250])
def test_remembering_costs_no_call(tmp_path: Path, count: int) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(count))
        world.apply()
        world.org.state.reset_calls()
        world.plan()
        without = Counter(world.calls)
        world.org.state.reset_calls()
        sizes = Sizes(1, {"pump": count}, "2026-11-20T10:00:00Z")
        world.plan(Reading(remembered={"embedded": sizes}))
        assert Counter(world.calls) == without
