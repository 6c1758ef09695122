"""A saved plan does what apply would do, and nothing to what somebody edited meanwhile."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader, Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.live import Reading, read_fleet
from fleetsync.manifest.load import load_fleet
from fleetsync.model import DeviceKey
from fleetsync.model.value import same_value
from fleetsync.plan import Plan, make_plan
from fleetsync.plan.match import Matched, Now, match_plan
from tests.laws.drawn import DEVICE_IDS, ONE, OTHER, TYPE_IDS, fleets
from tests.plan.plans import save
from tests.world import NO_LIMITS, World, failures, open_world

LAW = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)


class Edit(NamedTuple):
    """What somebody else does to a device: to ``deviceInfo`` or ``metadata``, or all of it."""

    type_id: str
    device_id: str
    section: str
    name: str
    value: Any

    @property
    def device(self) -> str:
        return f"{self.type_id}/{self.device_id}"


EDITS = st.builds(
    Edit,
    st.sampled_from(TYPE_IDS),
    st.sampled_from(DEVICE_IDS),
    st.sampled_from(["deviceInfo", "metadata", "delete", "register"]),
    st.sampled_from(["model", "serialNumber", "a", "b"]),
    st.sampled_from(["edited", "text 1", "text 2"]),
).filter(lambda edit: (edit.section == "deviceInfo") is (len(edit.name) > 1))


def look(world: World) -> Now:
    """Read the org and plan, as apply does."""
    desired = load_fleet(world.folder, ["manifest.yaml"], fleet_file=world.folder / "fleet.yaml")
    with Reader(world.connection()) as reader:
        live = read_fleet(Registry(reader), desired, Reading())
    plan = make_plan(
        desired=desired, live=live, rules=world.rules, created_at="2026-11-23T10:00:00Z"
    )
    return Now(plan, desired, live, NO_LIMITS)


def do(edit: Edit, world: World) -> bool:
    """Edit the org past fleetsync; tell whether it is another one then."""
    before = world.snapshot
    there = before["devices"].get(edit.device)
    if edit.section == "register" and there is None and edit.type_id in before["deviceTypes"]:
        world.org.state.register_as_person(edit.type_id, edit.device_id, body={})
    elif edit.section != "register" and there is not None:
        with Transport(world.connection()) as transport:
            _write(edit, there, RegistryWriter(transport, settle_seconds=0))
    return bool(world.snapshot["devices"].get(edit.device) != there)


def _write(edit: Edit, there: dict[str, Any], writer: RegistryWriter) -> None:
    key = DeviceKey(edit.type_id, edit.device_id)
    if edit.section == "delete":
        writer.remove_devices([key])
    elif edit.section == "metadata":
        writer.update_device(key, {"metadata": {**there["metadata"], edit.name: edit.value}})
    else:
        writer.update_device(key, {"deviceInfo": {edit.name: edit.value}})


def assert_stands(edit: Edit, edited: dict[str, Any], after: dict[str, Any], plan: Plan) -> None:
    """What somebody wrote is still there, unless all of it was left to the device."""
    there, then = edited["devices"].get(edit.device), after["devices"].get(edit.device)
    if there is None or then is None:
        left_to_it = any(change.name == edit.device for change in plan.changes)
        assert there == then or (there is not None and left_to_it), edit
    elif edit.section == "register":
        assert then == there
    else:
        one, other = (each.get(edit.section, {}).get(edit.name) for each in (there, then))
        assert same_value(one, other), edit


def begin(world: World, one: dict[str, Any], other: dict[str, Any]) -> Now:
    """Bring the org to one fleet and plan for the other."""
    world.write(one)
    assert failures(world.apply()) == []
    world.write(other)
    return look(world)


def names(matched: Matched) -> set[str]:
    return {aside.change.name for aside in matched.asides}


@given(one=fleets(), other=fleets())
@example(one=ONE, other=OTHER)
@LAW
def test_a_saved_plan_that_is_applied_at_once_does_what_apply_does(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        saved = save(begin(world, one, other).plan)
        now = look(world)
        matched = match_plan(saved, now)
        assert matched == Matched(now.plan, (), 0)
        assert (matched.plan.digest, failures(world.apply(matched.plan))) == (saved.digest, [])
        afterwards = look(world)
        assert afterwards.plan.empty
        again = match_plan(saved, afterwards)
        assert (again.plan.changes, {aside.fate.value for aside in again.asides}) in (
            ((), {"already so"}),
            ((), set()),
        )


@given(one=fleets(), other=fleets(), edits=st.lists(EDITS, min_size=1, max_size=4))
@example(one=ONE, other=OTHER, edits=[Edit("pump", "p-1", "metadata", "b", "edited")])
@example(one=ONE, other=OTHER, edits=[Edit("pump", "p-2", "deviceInfo", "model", "edited")])
@example(one=ONE, other=OTHER, edits=[Edit("T.1_x-y", "0", "delete", "a", "")])
@example(one=ONE, other=OTHER, edits=[Edit("T.1_x-y", "p-1", "register", "a", "")])
@example(one=ONE, other=OTHER, edits=[Edit("pump", "Z.9", "register", "a", "")])
@LAW
def test_what_somebody_edits_meanwhile_stands_and_all_else_is_done(
    one: dict[str, Any], other: dict[str, Any], edits: list[Edit]
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        saved = save(begin(world, one, other).plan)
        last = {edit.device: edit for edit in edits}
        done = [edit for edit in last.values() if do(edit, world)]
        edited = copy.deepcopy(world.snapshot)
        matched = match_plan(saved, look(world))
        assert failures(world.apply(matched.plan)) == []
        after = world.snapshot
        for edit in done:
            assert_stands(edit, edited, after, matched.plan)
        touched = {edit.device for edit in done} | {edit.type_id for edit in done}
        assert names(matched) <= touched
        for change in matched.plan.changes:
            gone = change.name not in {**after["devices"], **after["deviceTypes"]}
            assert gone is (change.action.value == "delete"), change.name
