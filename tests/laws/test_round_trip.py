"""What holds for all fleets, under every answer that the platform might give."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from fleetsync.apply import Outcome
from fleetsync.emulator.switches import Switches, describe_switches, parse_switches
from fleetsync.model.path import leaves
from fleetsync.model.value import same_value
from fleetsync.plan import RefusalCode
from tests.laws.answers import ANSWERS, NOT_ANSWERED
from tests.laws.drawn import IGNORED, ONE, OTHER, fleets
from tests.world import World, failures, open_world

ROUNDS = int(os.environ.get("FLEETSYNC_ROUND_TRIPS", "8"))
"""How many fleets each law is held for under each set of answers; besides those written out."""

LAW = settings(
    max_examples=ROUNDS,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(params=list(ANSWERS.values()), ids=list(ANSWERS))
def answers(request: pytest.FixtureRequest) -> Switches:
    return parse_switches(request.param)


def add_strangers(world: World) -> dict[str, Any]:
    """Register what no manifest speaks of; gives the org as it is then."""
    state = world.org.state
    if not world.snapshot["deviceTypes"]:
        world.write({"deviceTypes": [{"id": "stranger", "metadata": {"k": 1}}]})
        world.apply()
    state.register_as_person("stranger", "s-1", body={"metadata": {"m": {"n": 1}}})
    return copy.deepcopy(world.snapshot)


def name_of(device: dict[str, Any]) -> str:
    return f"{device['typeId']}/{device['deviceId']}"


def assert_org_is(
    world: World, fleet: dict[str, Any], excused: set[str], before: dict[str, Any]
) -> None:
    """Hold the org against a manifest, field by declared field.

    ``excused`` may differ, but must be there. ``before`` are the devices before the manifest was
    applied: what is ignored must be on them as it was.
    """
    held = world.snapshot
    types = {declared["id"]: declared for declared in fleet["deviceTypes"]}
    for type_id, declared in types.items():
        assert_fields(type_id, declared, held["deviceTypes"][type_id], excused)
    for declared in fleet["devices"]:
        name = name_of(declared)
        ignored = ignored_paths(declared, types[declared["typeId"]]) if name in before else []
        for path in ignored:
            assert same_value(part(held["devices"][name], path), part(before[name], path)), path
        wanted, found = without(declared, ignored), without(held["devices"][name], ignored)
        assert_fields(name, wanted, found, excused)
    assert_who_is_there(held, fleet, set(before))


def assert_who_is_there(held: dict[str, Any], fleet: dict[str, Any], before: set[str]) -> None:
    """Of managed types the declared devices are there and no others, but for what is not pruned."""
    managed = {declared["id"] for declared in fleet["deviceTypes"]}
    unpruned = {d["id"] for d in fleet["deviceTypes"] if not prunes(d)}
    removed = set(fleet["removedDeviceTypes"])
    expected = {name_of(declared) for declared in fleet["devices"]}
    expected |= {name for name in before if name.split("/")[0] in unpruned}
    assert removed.isdisjoint(held["deviceTypes"])
    assert expected == {name for name in held["devices"] if name.split("/")[0] in managed | removed}


def prunes(declared_type: dict[str, Any]) -> bool:
    return bool(declared_type.get("lifecycle", {}).get("prune", True))


def ignored_paths(device: dict[str, Any], of_type: dict[str, Any]) -> list[tuple[str, ...]]:
    lifecycles = [device.get("lifecycle", {}), of_type.get("lifecycle", {})]
    return [IGNORED[text] for each in lifecycles for text in each.get("ignoreChanges", [])]


def part(device: dict[str, Any], path: tuple[str, ...]) -> Any:
    """Give what a device has at a path, null for nothing; the tool's own mark is not counted."""
    found: Any = device
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if path == ("metadata",) and found:
        found = {key: value for key, value in found.items() if key != "fleetsync"}
    return found or None if path[0] in ("metadata", "deviceInfo") and len(path) == 1 else found


def without(device: dict[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    """Copy a device without what stands at these paths; an alert goes with all of its status."""
    copied = copy.deepcopy(device)
    for section, *rest in paths:
        if section in copied and rest and section != "status":
            copied[section].pop(rest[0], None)
        else:
            copied.pop(section, None)
    return copied


def assert_fields(
    name: str, declared: dict[str, Any], held: dict[str, Any], excused: set[str]
) -> None:
    if name in excused:
        return
    for field, text in declared.get("deviceInfo", {}).items():
        assert (held["deviceInfo"].get(field) or "") == (text or ""), (name, field)
    if "metadata" in declared:
        live = {k: v for k, v in held.get("metadata", {}).items() if k != "fleetsync"}
        assert same_value(live, declared["metadata"]), (name, live, declared["metadata"])
    if "location" in declared:
        measured = {"measuredDateTime"} - declared["location"].keys()  # then it is not compared
        assert declared["location"] == {
            key: value for key, value in held["location"].items() if key not in measured
        }
    if "status" in declared:
        assert held["status"] == declared["status"]
    if declared.get("description"):
        assert held["description"] == declared["description"]


def assert_tokens_are_valid(world: World) -> None:
    """Every device that fleetsync registered has its valid token in the file, and no other."""
    tokens = world.tokens()
    registered = set(world.snapshot["devices"]) - {"stranger/s-1"}
    assert set(tokens) == registered
    for name, token in tokens.items():
        type_id, device_id = name.split("/")
        assert world.org.state.check_token(type_id, device_id, token), name


def may_be_kept(switches: Switches) -> bool:
    """Whether these answers leave something that the platform does not honour."""
    merges = switches.metadata_put == "merge" or switches.type_metadata_put == "merge"
    return merges or "dropped" in (switches.empty_info, switches.empty_description)


def protected_and_gone(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """Name the protected devices of one fleet that the other would delete."""
    pruned = {declared["id"] for declared in other["deviceTypes"] if prunes(declared)}
    doomed = pruned | set(other["removedDeviceTypes"])
    protected = {
        name_of(device)
        for device in one["devices"]
        if device["typeId"] in doomed and device.get("lifecycle", {}).get("protect")
    }
    return protected - {name_of(device) for device in other["devices"]}


def lift_protection(world: World, one: dict[str, Any], other: dict[str, Any]) -> list[Outcome]:
    """See that the other fleet is refused by name, then apply the one without protection."""
    world.write(other)
    refused = [r for r in world.plan().refusals if r.code is RefusalCode.PROTECTED]
    assert len(refused) == 1
    named = sorted(protected_and_gone(one, other))[:5]  # a message names no more
    assert all(name in refused[0].message for name in named)
    lifted = copy.deepcopy(one)
    for device in lifted["devices"]:
        device.get("lifecycle", {}).pop("protect", None)
    world.write(lifted)
    return world.apply()


def test_each_switch_is_answered_either_way_or_left_out_for_a_reason() -> None:
    answered = {text for row in ANSWERS.values() for text in row}
    names = {text.partition("=")[0] for text in answered}
    left_out = set()
    for switch in describe_switches():
        if "|" in switch.values:
            others = {f"{switch.name}={v}" for v in switch.values.split("|") if v != switch.default}
            left_out |= others - answered
        elif switch.name not in names:
            left_out.add(switch.name)
    assert left_out == set(NOT_ANSWERED)


@given(fleet=fleets())
@LAW
def test_a_plan_after_apply_is_empty(answers: Switches, fleet: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder), answers) as world:
        world.write(fleet)
        outcomes = world.apply()
        failed = failures(outcomes)
        if failed and may_be_kept(answers):
            world.apply()
        again = world.plan()
        assert again.changes == ()
        assert again.records == ()
        assert may_be_kept(answers) or failed == []
        assert_org_is(world, fleet, {name for name, _ in failed}, {})
        assert_tokens_are_valid(world)


@given(one=fleets(), other=fleets())
@example(one=ONE, other=OTHER)
@LAW
def test_applying_one_fleet_and_then_another_makes_the_org_the_other(
    answers: Switches, one: dict[str, Any], other: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder), answers) as world:
        before = add_strangers(world)
        world.write(one)
        first = failures(world.apply())
        if protected_and_gone(one, other):
            first += failures(lift_protection(world, one, other))
        devices = world.snapshot["devices"]
        world.write(other)
        plan = world.plan()
        assert [r for r in plan.refusals if r.code is not RefusalCode.WHOLE_TYPE] == []
        second = failures(world.apply(plan))
        if (first or second) and may_be_kept(answers):
            second += failures(world.apply())
        assert may_be_kept(answers) or first + second == []
        again = world.plan()
        assert [(c.name, c.fields) for c in again.changes] == []
        assert again.records == ()
        assert_org_is(world, other, {name for name, _ in first + second}, devices)
        after = world.snapshot
        assert after["deviceTypes"]["stranger"] == before["deviceTypes"]["stranger"]
        assert after["devices"]["stranger/s-1"] == before["devices"]["stranger/s-1"]
        assert_tokens_are_valid(world)


@given(fleet=fleets())
@settings(LAW, max_examples=4 * ROUNDS)
def test_the_plan_that_is_shown_holds_every_declared_value(fleet: dict[str, Any]) -> None:
    from fleetsync.diff import change_fields  # noqa: PLC0415  # used here alone

    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        world.write(fleet)
        shown = {
            change.name: {field.path: field.after for field in change_fields(change)}
            for change in world.plan().changes
        }
        templates = {d["id"]: d.get("deviceInfo", {}) for d in fleet["deviceTypes"]}
        for declared in fleet["devices"]:
            fields = shown[name_of(declared)]
            template = templates[declared["typeId"]]
            for name, text in declared.get("deviceInfo", {}).items():
                empty = "" if template.get(name) else None  # it keeps the type's value away
                assert fields.get(f"deviceInfo.{name}") == (text or empty)
            values = [v for path, v in leaves(declared.get("metadata", {})) if path]
            assert sum(path.startswith("metadata") for path in fields) == len(values)
