"""What is taken back is as it was: for all pairs of fleets, under every answer of the platform."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.apply import Outcome
from fleetsync.diff.location import location_differences
from fleetsync.diff.undo import concerned, moved
from fleetsync.emulator.switches import Switches, parse_switches
from fleetsync.journal.folder import read_stored_run, run_names
from fleetsync.journal.run import Run
from fleetsync.live import Reading, read_fleet
from fleetsync.model import DeviceKey, Location
from fleetsync.model.path import leaves
from fleetsync.model.value import same_value
from fleetsync.plan import Plan
from fleetsync.plan.undo import make_undo_plan
from tests.laws.answers import ANSWERS
from tests.laws.drawn import ONE, OTHER, fleets
from tests.world import World, failures, now, open_world

PAIRS = int(os.environ.get("FLEETSYNC_UNDO_PAIRS", "25"))
"""How many pairs of fleets are drawn; 1,000 by hand."""

LAW = settings(
    max_examples=PAIRS,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)


class Stand(NamedTuple):
    """What the org holds, the tool's own mark and what the server makes left out."""

    types: dict[str, dict[str, Any]]
    devices: dict[str, dict[str, Any]]
    places: dict[str, Location | None]
    tokens: dict[str, str]


class Did(NamedTuple):
    """One run: what became of it, and what its journal tells."""

    outcomes: list[Outcome]
    run: Run


def stand_of(world: World) -> Stand:
    held = copy.deepcopy(world.snapshot)
    for each in (*held["deviceTypes"].values(), *held["devices"].values()):
        each.get("metadata", {}).pop("fleetsync", None)
        each.pop("location", None)
    with Reader(world.connection()) as reader:
        registry = Registry(reader)
        places = {n: registry.location(DeviceKey(*n.split("/"))) for n in held["devices"]}
    return Stand(held["deviceTypes"], held["devices"], places, world.tokens())


def carry_out(world: World, plan: Plan | None = None) -> Did:
    before = set(run_names(world.folder))
    outcomes = world.apply(plan)
    (name,) = set(run_names(world.folder)) - before
    run = read_stored_run(world.folder, name).run
    assert run is not None
    return Did(outcomes, run)


def plan_undo(world: World, run: Run) -> Plan:
    with Reader(world.connection()) as reader:
        live = read_fleet(Registry(reader), concerned(run), Reading(locations=moved(run)))
    return make_undo_plan(run, live, rules=world.rules, created_at=now())


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Name the paths at which two types or devices differ; absent, null and empty text are one."""
    before, after = dict(leaves(without_nulls(one))), dict(leaves(without_nulls(other)))
    for path in {**before, **after}:
        sides = before.get(path), after.get(path)
        if path[0] != "metadata" or len(path) == 1:  # an empty text or section is as good as none
            sides = sides[0] or None, sides[1] or None
        if not same_value(*sides):
            yield path


def is_absent(held: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    found: Any = held
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found in (None, "", {})


def assert_same(one: Stand, other: Stand, failed: set[str], *, may_stay: bool) -> None:
    """Hold two stands against each other.

    With ``may_stay`` the platform does not let go of some values: those of types and devices that
    were reported as failed may be there still.
    """
    for before, after in ((one.types, other.types), (one.devices, other.devices)):
        assert before.keys() == after.keys()
        for name in before:
            found = differences(before[name], after[name])
            stayed = may_stay and name in failed
            left = [path for path in found if not (stayed and is_absent(before[name], path))]
            assert left == [], (name, before[name], after[name])
    assert one.tokens == other.tokens


def assert_same_places(one: Stand, other: Stand, between: Stand) -> None:
    """A location stays where it was set for the first time in between (platform page 5.6)."""
    for name, place in one.places.items():
        wanted = between.places.get(name) if place is None else place
        found = other.places[name]
        if wanted is None:
            assert found is None, name
        else:
            assert location_differences(wanted, found) == [], name


def assert_tokens_are_valid(world: World, stand: Stand) -> None:
    assert stand.tokens.keys() == stand.devices.keys() - {"stranger/s-1"}
    for name, token in stand.tokens.items():
        type_id, device_id = name.split("/")
        assert world.org.state.check_token(type_id, device_id, token), name


def lets_go(switches: Switches) -> bool:
    """Whether these answers leave nothing that the platform does not honour."""
    merges = "merge" in (switches.metadata_put, switches.type_metadata_put)
    return not merges and "dropped" not in (switches.empty_info, switches.empty_description)


@given(
    one=fleets(),
    other=fleets(),
    answers=st.sampled_from(list(ANSWERS)),
    platform_tokens=st.booleans(),
)
@example(one=ONE, other=OTHER, answers="defaults", platform_tokens=False)
@example(one=OTHER, other=ONE, answers="keywise", platform_tokens=True)
@LAW
@pytest.mark.timeout(300 + 10 * PAIRS)
def test_an_apply_that_is_taken_back_ends_where_it_began(
    one: dict[str, Any], other: dict[str, Any], answers: str, platform_tokens: bool
) -> None:
    switches = parse_switches(ANSWERS[answers])
    with TemporaryDirectory() as folder, open_world(Path(folder), switches) as world:
        world.platform_tokens = platform_tokens
        world.write({"deviceTypes": [{"id": "stranger", "metadata": {"k": 1}}]})
        world.apply()
        world.org.state.register_as_person("stranger", "s-1", body={"metadata": {"m": 1}})
        world.write(one)
        world.apply()
        began = stand_of(world)
        world.write(other)
        applied = carry_out(world)
        between = stand_of(world)
        taken_back = carry_out(world, plan_undo(world, applied.run))
        ended = stand_of(world)
        failed = {n for did in (applied, taken_back) for n, _ in failures(did.outcomes)}
        assert failed == set() or not lets_go(switches)
        assert_same(began, ended, failed, may_stay=not lets_go(switches))
        assert_same_places(began, ended, between)
        assert_tokens_are_valid(world, ended)
        assert plan_undo(world, applied.run).changes == () or not lets_go(switches)

        redone = carry_out(world, plan_undo(world, taken_back.run))
        again = stand_of(world)
        failed |= {name for name, _ in failures(redone.outcomes)}
        assert failed == set() or not lets_go(switches)
        assert_same(between, again, failed, may_stay=not lets_go(switches))
        assert_same_places(between, again, ended)
        assert_tokens_are_valid(world, again)
