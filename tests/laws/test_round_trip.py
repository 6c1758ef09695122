"""What holds for all fleets, under every answer that the platform might give."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fleetsync.emulator.switches import Switches, parse_switches
from fleetsync.model.path import leaves
from fleetsync.model.value import DEVICE_INFO_FIELDS, same_value
from tests.world import World, failures, open_world

TYPE_IDS = ("pump", "hub", "T.1_x-y")
CLASSES: dict[str, str | None] = {"pump": "Device", "hub": "Gateway", "T.1_x-y": None}
DEVICE_IDS = ("p-1", "p-2", "0", "Z.9")

ANSWERS = {
    "defaults": [],
    "merge": ["metadataPut=merge", "typeMetadataPut=merge"],
    "keywise": ["metadataInheritance=keywise", "nullIsGiven=yes"],
    "keywise-merge": ["metadataInheritance=keywise", "metadataPut=merge"],
    "empty-dropped": ["emptyInfo=dropped", "emptyDescription=dropped"],
    "empty-cleared": ["emptyInfo=cleared", "emptyTextIsGiven=no", "emptyMetadataIsGiven=no"],
    "small-pages": ["pageCap=1"],
    "clamped-pages": ["pageCap=2", "limitTooLarge=clamp", "typesLastPage=extra"],
    "odd-pages": ["pageCap=25", "devicesLastPage=extra", "facets=ignored"],
    "floats": ["numbers=floats", "metadataNulls=dropped"],
    "statuses": ["typeDeleteInUse=409", "bulkAdd=202", "bulkRemove=200", "unknownType=400"],
    "words": ["failedItemMessage=no", "errorBody=full", "gatewayPrefix=d", "tokens=lenient"],
    "all-at-once": [
        "metadataInheritance=keywise",
        "typeMetadataPut=merge",
        "metadataNulls=dropped",
        "emptyTextIsGiven=no",
    ],
    "keys": ["registrationAuth=apikey", "absentTypeDelete=204", "bulkRemove=201"],
}
"""Each open question of the platform page is answered either way in at least one of these."""

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
INFO = st.dictionaries(st.sampled_from(DEVICE_INFO_FIELDS[:4]), st.none() | st.just("") | TEXTS)
KEYS = st.sampled_from(["a", "b", "c.d", "e f", "ü"])
NUMBERS = st.integers(-(2**40), 2**40) | st.floats(-1e6, 1e6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | NUMBERS | TEXTS | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
METADATA = st.dictionaries(KEYS, VALUES, max_size=3)


def rounded(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers that differ by more than a number suffers on its way through JSON."""
    return st.floats(least, most).map(lambda number: round(number, 7))


LOCATION = st.fixed_dictionaries(
    {"latitude": rounded(-90, 90), "longitude": rounded(-180, 180)},
    optional={"elevation": rounded(-100, 9000), "accuracy": rounded(0, 100)},
)
LIFECYCLE = st.fixed_dictionaries({}, optional={"propagate": st.booleans(), "prune": st.just(True)})


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid manifest of up to three types with up to four devices each."""
    types, devices = [], []
    for type_id in draw(st.lists(st.sampled_from(TYPE_IDS), unique=True)):
        optional: dict[str, st.SearchStrategy[Any]] = {
            "description": TEXTS,
            "deviceInfo": INFO,
            "metadata": METADATA,
            "lifecycle": LIFECYCLE,
        }
        declared: dict[str, Any] = draw(
            st.fixed_dictionaries({"id": st.just(type_id)}, optional=optional)
        )
        if CLASSES[type_id]:
            declared["classId"] = CLASSES[type_id]
        types.append(declared)
        for device_id in draw(st.lists(st.sampled_from(DEVICE_IDS), unique=True)):
            fixed = {"typeId": st.just(type_id), "deviceId": st.just(device_id)}
            alert = st.booleans().map(lambda on: {"alert": {"enabled": on}})
            parts = {
                "deviceInfo": INFO,
                "metadata": METADATA,
                "location": LOCATION,
                "status": alert,
            }
            devices.append(draw(st.fixed_dictionaries(fixed, optional=parts)))
    return {"deviceTypes": types, "devices": devices}


LAW = settings(
    max_examples=25,
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


def assert_org_is(world: World, fleet: dict[str, Any], excused: set[str]) -> None:
    """Hold the org against a manifest, field by declared field."""
    held = world.snapshot
    for declared in fleet["deviceTypes"]:
        assert_fields(declared["id"], declared, held["deviceTypes"][declared["id"]], excused)
    names = set()
    for declared in fleet["devices"]:
        name = f"{declared['typeId']}/{declared['deviceId']}"
        names.add(name)
        assert_fields(name, declared, held["devices"][name], excused)
        if "location" in declared:
            assert held["devices"][name]["location"] == declared["location"]
    managed = {declared["id"] for declared in fleet["deviceTypes"]}
    assert names == {name for name in held["devices"] if name.split("/")[0] in managed}


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
        assert_org_is(world, fleet, {name for name, _ in failed})
        assert_tokens_are_valid(world)


@given(one=fleets(), other=fleets())
@LAW
def test_applying_one_fleet_and_then_another_makes_the_org_the_other(
    answers: Switches, one: dict[str, Any], other: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder), answers) as world:
        before = add_strangers(world)
        world.write(one)
        first = failures(world.apply())
        world.write(other)
        second = failures(world.apply())
        if (first or second) and may_be_kept(answers):
            second += failures(world.apply())
        assert may_be_kept(answers) or first + second == []
        again = world.plan()
        assert [(c.name, c.fields) for c in again.changes] == []
        assert again.records == ()
        assert_org_is(world, other, {name for name, _ in first + second})
        after = world.snapshot
        assert after["deviceTypes"]["stranger"] == before["deviceTypes"]["stranger"]
        assert after["devices"]["stranger/s-1"] == before["devices"]["stranger/s-1"]
        assert_tokens_are_valid(world)


@given(fleet=fleets())
@settings(LAW, max_examples=50)
def test_the_plan_that_is_shown_holds_every_declared_value(fleet: dict[str, Any]) -> None:
    from fleetsync.diff import change_fields  # noqa: PLC0415  # used here alone

    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        world.write(fleet)
        shown = {
            change.name: {field.path: field.after for field in change_fields(change)}
            for change in world.plan().changes
        }
        for declared in fleet["devices"]:
            fields = shown[f"{declared['typeId']}/{declared['deviceId']}"]
            for name, text in declared.get("deviceInfo", {}).items():
                assert fields.get(f"deviceInfo.{name}") == (text or None)
            values = [v for path, v in leaves(declared.get("metadata", {})) if path]
            assert sum(path.startswith("metadata") for path in fields) == len(values)
