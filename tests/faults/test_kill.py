"""Kill the real process at every boundary: nothing is lost, done twice or deleted by mistake."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.doors import Fate
from tests.faults.plans import PLANS, CutPlan
from tests.faults.promises import bare, broken_promises
from tests.faults.rig import Rig, Start, Zygote, at_start, fates, open_rig

POINTS = int(os.environ.get("FLEETSYNC_KILL_POINTS", "85"))
"""How many points of all plans are tried; 100000 tries each of them."""

ONE_POINT = os.environ.get("FLEETSYNC_KILL_AT", "")
"""A single point to try again, such as ``12:before``, together with ``-k``."""

KILLED = -9

_SEED = 20261123

pytestmark = pytest.mark.timeout(60 + POINTS)


each_plan = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as running:
        yield running


@pytest.fixture
def start(zygote: Zygote, tmp_path: Path, plan: CutPlan) -> Iterator[Start]:
    with open_rig(zygote, tmp_path, plan) as rig, at_start(rig) as begun:
        yield begun


def begin(start: Start) -> Rig:
    start.reset()
    start.rig.misbehave(start.rig.plan.faults, start.rig.plan.slow)
    return start.rig


def passed_doors(start: Start) -> list[str]:
    """Learn which doors a whole run of the plan passes."""
    rig = begin(start)
    noted = rig.place / "passed.json"
    rig.run("apply", "--yes", passed=str(noted))
    doors: list[str] = json.loads(noted.read_text("utf-8"))
    return doors


def wanted_org(start: Start) -> dict[str, Any]:
    """Learn what the org shall hold, from a run that nothing disturbs."""
    start.reset()
    assert start.rig.apply().code == 0, start.rig.told
    wanted = bare(start.rig.front.snapshot)
    assert broken_promises(start, wanted) == []
    return wanted


def finish(start: Start, wanted: dict[str, Any]) -> list[str]:
    """Run once more, undisturbed, and give what is broken then."""
    start.rig.misbehave((), 0)
    end = start.rig.apply()
    failed = [] if end.code == 0 else [f"the apply after it ends with {end.code}"]
    said = start.rig.told[-2:] if failed else []
    return [*failed, *said, *broken_promises(start, wanted)]


def report(broken: dict[str, list[str]]) -> str:
    """Name the points at which something broke, with the first of its problems."""
    return "\n".join(f"{point}: {problems}"[:1500] for point, problems in broken.items())


def sample(points: list[Fate], count: int) -> list[Fate]:
    if ONE_POINT:
        number, _, side = ONE_POINT.partition(":")
        return [Fate(int(number), side)]
    return sorted(dice().sample(points, min(count, len(points))))


def dice() -> random.Random:
    return random.Random(_SEED)  # noqa: S311  # nothing secret hangs on it


def try_chains(start: Start, chains: Sequence[Sequence[Fate]], wanted: dict[str, Any]) -> None:
    """Cut off as many runs in a row as each chain is long, and look at what one more makes."""
    broken: dict[str, list[str]] = {}
    killed = 0
    for chain in chains:
        rig = begin(start)
        codes = [rig.apply(fate).code for fate in chain]
        killed += KILLED in codes  # threads: a run may pass a door less than the one counted
        if problems := finish(start, wanted):
            broken[" ".join(f"{fate.at}:{fate.side}" for fate in chain)] = problems
    print(f"{start.rig.plan.name}: {len(chains)} points, {killed} killed, {len(broken)} broken")  # noqa: T201
    assert killed > len(chains) * 0.8
    assert not broken, report(broken)


@each_plan
def test_after_a_kill_at_any_boundary_one_more_apply_makes_all_good(start: Start) -> None:
    wanted = wanted_org(start)
    points = sample(fates(passed_doors(start)), max(1, POINTS // len(PLANS)))
    try_chains(start, [[point] for point in points], wanted)


@pytest.mark.parametrize("plan", [p for p in PLANS if p.faults], ids=lambda plan: plan.name)
def test_a_run_whose_items_failed_is_made_good_by_the_next(start: Start) -> None:
    wanted = wanted_org(start)
    assert begin(start).apply().code in {0, 6}
    assert finish(start, wanted) == []


@each_plan
def test_runs_that_are_killed_one_after_another_are_made_good_by_the_next(start: Start) -> None:
    wanted = wanted_org(start)
    points = fates(passed_doors(start))
    chance = dice()
    chains = [
        chance.choices(points, k=chance.choice([2, 3]))
        for _ in range(max(1, POINTS // len(PLANS) // 5))
    ]
    try_chains(start, chains, wanted)


@each_plan
def test_a_kill_at_any_moment_is_made_good(start: Start) -> None:
    """The kernel chooses the instruction: this finds what no door shows."""
    wanted = wanted_org(start)
    seconds = begin(start).apply().seconds
    chance = dice()
    broken: dict[str, list[str]] = {}
    for _ in range(max(1, POINTS // len(PLANS) // 5)):
        moment = chance.uniform(0.002, seconds)
        begin(start).apply(kill_after=moment)
        if problems := finish(start, wanted):
            broken[f"{moment:.4f} s"] = problems
    assert not broken, report(broken)
