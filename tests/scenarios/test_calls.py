"""Calls are the cost: the org's quota is ten a second, shared with production."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

import pytest

from fleetsync.emulator.switches import Switches
from tests.world import open_world

LOCATION = "GET /device/types/{typeId}/devices/{deviceId}/location"


def fleet(types: int, each: int) -> dict[str, Any]:
    ids = [f"type-{number}" for number in range(types)]
    return {
        "deviceTypes": [{"id": type_id, "metadata": {"k": type_id}} for type_id in ids],
        "devices": [
            {
                "typeId": type_id,
                "deviceId": f"d-{number:04}",
                "deviceInfo": {"serialNumber": str(number)},
                "location": {"latitude": 1.5, "longitude": number / 1000},
            }
            for type_id in ids
            for number in range(each)
        ],
    }


def writes(calls: Any) -> dict[str, int]:
    return {call: count for call, count in calls.items() if not call.startswith("GET")}


def reads(calls: Any) -> dict[str, int]:
    return {call: count for call, count in calls.items() if call.startswith("GET")}


def test_the_first_apply_of_60_devices_of_3_types_is_3_posts_and_1_bulk_add(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(3, 20))
        world.apply()
        assert writes(world.calls) == {"POST /device/types": 3, "POST /bulk/devices/add": 1}
        assert not any("location" in call for call in world.calls)


def test_a_second_plan_reads_each_list_once_and_no_location(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(3, 20))
        world.apply()
        world.org.state.reset_calls()
        assert world.plan().changes == ()
        assert world.calls == {"GET /": 1, "GET /device/types": 1, "GET /bulk/devices": 1}


def test_an_update_is_one_put_and_one_more_where_the_location_changed(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        manifest = fleet(1, 3)
        world.write(manifest)
        world.apply()
        manifest["devices"][0]["deviceInfo"]["serialNumber"] = "new"
        manifest["devices"][1]["metadata"] = {"floor": 2}
        manifest["devices"][2]["location"]["latitude"] = 2.5
        world.write(manifest)
        world.org.state.reset_calls()
        world.apply()
        assert writes(world.calls) == {
            "PUT /device/types/{typeId}/devices/{deviceId}": 3,
            "PUT /device/types/{typeId}/devices/{deviceId}/location": 1,
        }


@pytest.mark.parametrize(
    ("devices", "cap", "pages"), [(200, 200, 1), (201, 200, 2), (450, 200, 3), (101, 100, 2)]
)
def test_n_devices_are_read_in_as_many_calls_as_there_are_pages(
    tmp_path: Path, devices: int, cap: int, pages: int
) -> None:
    clamp = Switches(page_cap=cap, limit_too_large="clamp")
    with open_world(tmp_path, clamp) as world:
        world.write(fleet(1, devices))
        world.apply()
        world.org.state.reset_calls()
        world.plan()
        assert pages == ceil(devices / cap)
        assert reads(world.calls)["GET /bulk/devices"] == pages
        assert sum(reads(world.calls).values()) == pages + 2


def test_the_cost_that_a_plan_tells_is_what_apply_takes(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        manifest = fleet(2, 30)
        manifest["devices"][0]["status"] = {"alert": {"enabled": True}}
        world.write(manifest)
        first = world.plan()
        world.org.state.reset_calls()
        world.apply(first)
        assert first.cost.write == sum(writes(world.calls).values())
        assert (first.cost.look, world.calls.get(LOCATION, 0)) == (0, 0)
        manifest["devices"] = manifest["devices"][5:]
        manifest["devices"][0]["location"]["latitude"] = 9
        manifest["removedDeviceTypes"] = ["type-1"]
        manifest["deviceTypes"] = manifest["deviceTypes"][:1]
        manifest["devices"] = [d for d in manifest["devices"] if d["typeId"] == "type-0"]
        world.write(manifest)
        world.org.state.reset_calls()
        second = world.plan()
        assert second.cost.read == sum(reads(world.calls).values())
        world.org.state.reset_calls()
        world.apply(second)
        assert second.cost.write == sum(writes(world.calls).values())
        deleted = second.counts["device", "delete"]
        assert second.cost.look == world.calls[LOCATION] == deleted + 1


def test_a_few_devices_of_one_type_are_listed_by_type_in_a_large_org(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(3, 500))
        world.apply()
        small = fleet(1, 0)
        small["deviceTypes"] = [{"id": "small"}]
        small["devices"] = [{"typeId": "small", "deviceId": "s-1"}]
        world.write(small)
        world.apply()
        world.org.state.reset_calls()
        assert world.plan().changes == ()
        assert reads(world.calls) == {
            "GET /": 1,
            "GET /device/types": 1,
            "GET /bulk/devices": 1,
            "GET /device/types/{typeId}/devices": 1,
        }
