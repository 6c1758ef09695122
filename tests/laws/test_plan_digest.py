"""An approved digest is that of one set of changes: another set has another, an order has none."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from fleetsync.cli.approval import check_digest
from fleetsync.errors import StalePlanError
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from tests.laws.drawn import ONE, OTHER, TEXTS, fleets
from tests.laws.test_saved_plan import EDITS, Edit, begin, do
from tests.world import World, open_world

LAW = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
SEEDS = st.integers(0, 2**16)


def changes(plan: Plan) -> list[str]:
    """What a reviewer is shown of each change, but for where it stands and why."""
    document = json.loads("".join(plan_text(plan)))
    names = ("action", "kind", "typeId", "deviceId", "fields")
    shown = [{name: each.get(name) for name in names} for each in document["changes"]]
    for each in shown:
        each["fields"] = sorted(each["fields"], key=lambda field: str(field["path"]))
    return sorted(json.dumps(each, sort_keys=True) for each in shown)


def reordered(value: Any, lot: random.Random, depth: int = 0) -> Any:
    """Write the same in another order: files have none, nor has a mapping."""
    if isinstance(value, dict):
        items = [(key, reordered(each, lot, depth + 1)) for key, each in value.items()]
        lot.shuffle(items)
        return dict(items)
    if isinstance(value, list) and depth <= 1:  # deeper, the order of a list has a meaning
        return lot.sample([reordered(each, lot, depth + 1) for each in value], len(value))
    return value


def changed(fleet: dict[str, Any], words: str, lot: random.Random) -> dict[str, Any]:
    """Change one thing that manifests declare."""
    new = copy.deepcopy(fleet)
    item = lot.choice([*new["deviceTypes"], *new["devices"]])
    if lot.random() < 0.5:
        item.setdefault("deviceInfo", {})["model"] = words
    elif "deviceId" in item and lot.random() < 0.5:
        new["devices"].remove(item)
    else:
        item.setdefault("metadata", {})["a"] = words
    return new


def assert_bound(approved: Plan, now: Plan) -> None:
    """What is due is carried out if it is what was approved, and only then."""
    same = changes(approved) == changes(now)
    assert (approved.digest == now.digest) is same
    if same or now.empty:
        check_digest(now, approved.digest)
    else:
        with pytest.raises(StalePlanError):
            check_digest(now, approved.digest)


def planned(world: World, fleet: dict[str, Any]) -> Plan:
    world.write(fleet)
    return world.plan()


@given(one=fleets(), other=fleets(), seed=SEEDS)
@example(one=ONE, other=OTHER, seed=1)
@LAW
def test_mere_reordering_keeps_the_digest(
    one: dict[str, Any], other: dict[str, Any], seed: int
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        approved = begin(world, one, other).plan
        now = planned(world, reordered(other, random.Random(seed)))  # noqa: S311 - it chooses what a test does
        assert now.digest == approved.digest
        assert changes(now) == changes(approved)


@given(one=fleets(), other=fleets(), words=TEXTS, seed=SEEDS)
@example(one=ONE, other=OTHER, words="else", seed=1)
@example(one=ONE, other=OTHER, words="else", seed=2)
@LAW
def test_a_change_of_the_manifests_is_approved_only_if_the_changes_are_the_same(
    one: dict[str, Any], other: dict[str, Any], words: str, seed: int
) -> None:
    assume(other["deviceTypes"])
    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        approved = begin(world, one, other).plan
        lot = random.Random(seed)  # noqa: S311 - it chooses what a test does
        assert_bound(approved, planned(world, changed(other, words, lot)))


@given(one=fleets(), other=fleets(), edits=st.lists(EDITS, min_size=1, max_size=3))
@example(one=ONE, other=OTHER, edits=[Edit("pump", "p-1", "metadata", "b", "edited")])
@example(one=ONE, other=OTHER, edits=[Edit("T.1_x-y", "0", "delete", "a", "")])
@example(one=ONE, other=OTHER, edits=[Edit("pump", "Z.9", "register", "a", "")])
@LAW
def test_a_change_of_the_org_is_approved_only_if_the_changes_are_the_same(
    one: dict[str, Any], other: dict[str, Any], edits: list[Edit]
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder)) as world:
        approved = begin(world, one, other).plan
        for edit in edits:
            do(edit, world)
        assert_bound(approved, world.plan())
