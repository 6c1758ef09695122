"""Nothing is deleted on the word of a list that is not provably whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fleetsync.diff.change import Action
from fleetsync.emulator.switches import Switches
from fleetsync.plan.view import view_of
from fleetsync.report.text import render_plan
from tests.world import World, open_world


def fleet(count: int) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}],
        "devices": [{"typeId": "pump", "deviceId": f"p-{n}"} for n in range(count)],
    }


def planned_deletes(world: World) -> int:
    return sum(change.action is Action.DELETE for change in world.plan().changes)


@pytest.mark.parametrize("facets", ["counted", "ignored"])
def test_a_list_that_tells_no_total_deletes_nothing(tmp_path: Path, facets: Any) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(4))
        world.apply()
        world.write(fleet(3))
        assert planned_deletes(world) == 1
        world.org.state.switches = Switches(total_rows="absent", facets=facets)
        assert planned_deletes(world) == 0
        assert world.plan().warnings[0] == (
            "nothing is deleted: bulk/devices: the org told no total, so no count proves it whole"
        )


def test_a_list_that_ends_in_an_odd_way_but_adds_up_is_whole(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.write(fleet(4))
        world.apply()
        world.write(fleet(3))
        odd = Switches(page_cap=2, devices_last_page="endless", types_last_page="endless")
        world.org.state.switches = odd
        assert planned_deletes(world) == 1


def test_a_list_that_still_shows_the_past_loses_nothing(tmp_path: Path) -> None:
    """A lagging list may show too little; what is created again is found to exist."""
    with open_world(tmp_path, Switches(list_lag_calls=100)) as world:
        world.write(fleet(2))
        world.apply()
        again = world.apply()
        assert [outcome.status.value for outcome in again] == ["already"] * 3
        assert sorted(world.tokens()) == ["pump/p-0", "pump/p-1"]
        for name, token in world.tokens().items():
            type_id, device_id = name.split("/")
            assert world.org.state.check_token(type_id, device_id, token)


def test_what_is_withheld_is_said_and_never_called_as_declared(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.write({**fleet(4), "deviceTypes": [{"id": "pump"}, {"id": "old"}]})
        world.apply()
        world.write({**fleet(3), "removedDeviceTypes": ["old"]})
        world.org.state.switches = Switches(total_rows="absent")
        plan = world.plan()
        assert (plan.changes, plan.withheld, plan.empty, plan.idle) == ((), 2, False, True)
        assert plan.unmanaged == (0, 0)
        assert "2 deletes are withheld until a listing is provably whole; run again" in (
            plan.warnings
        )
        assert "No changes" not in "".join(render_plan(view_of(plan)))
