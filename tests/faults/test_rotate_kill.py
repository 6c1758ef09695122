"""Kill rotations of the real process: whatever comes next, each device is registered again."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleetsync.journal.folder import run_names
from tests.faults.doors import Fate
from tests.faults.plans import FIRST, CutPlan
from tests.faults.promises import leaks, timeless
from tests.faults.rig import Rig, Start, Zygote, at_start, fates, open_rig

KILLS = int(os.environ.get("FLEETSYNC_ROTATE_KILLS", "3"))
"""How many points each test tries for each plan; all of them by hand: 100000."""

KILLED = -9
ROTATE = ("rotate", "pump", "hub", "--yes", "--enough", "0%", "--wave", "3")
NEXT = (("apply", "--yes"), ("rotate", "--resume", "--yes", "--enough", "0%"))
_SEED = 20261127
_ALERT = {"status": {"alert": {"enabled": True}}}
_FLEET = {
    **FIRST,
    "devices": [
        {**device, **(_ALERT if n % 2 else {})} for n, device in enumerate(FIRST["devices"])
    ],
}
PLANS = (
    CutPlan("rotate", _FLEET, _FLEET),
    CutPlan("rotate-platform", _FLEET, _FLEET, tokens="platform"),
    CutPlan("rotate-small", _FLEET, _FLEET, switches=("requestBytes=500",)),
)

pytestmark = [
    pytest.mark.timeout(60 + 2 * KILLS),
    pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name),
]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as running:
        yield running


@pytest.fixture
def start(zygote: Zygote, tmp_path: Path, plan: CutPlan) -> Iterator[Start]:
    with open_rig(zygote, tmp_path, plan) as rig, at_start(rig) as begun:
        yield begun


def held(rig: Rig) -> dict[str, Any]:
    return timeless(rig.front.snapshot)


def is_valid(rig: Rig, name: str, token: str) -> bool:
    type_id, device_id = name.split("/")
    return rig.front.org.state.check_token(type_id, device_id, token)


def points(start: Start, *words: str) -> list[Fate]:
    """Learn which ways to die a run has; some of them by a fixed lot."""
    start.reset()
    noted = start.rig.place / "passed.json"
    assert start.rig.run(*words, passed=str(noted)).code == 0, start.rig.told
    found = fates(json.loads(noted.read_text("utf-8")))
    return sorted(random.Random(_SEED).sample(found, min(KILLS, len(found))))  # noqa: S311 - no secret


def problems(rig: Rig, wanted: dict[str, Any]) -> Iterator[str]:
    """Say what is not as it was, or as it must be."""
    if (now := held(rig)) != wanted:
        yield f"the org is {now}, not {wanted}"
    ours = wanted["devices"].keys() - {"stranger/s-1"}
    tokens = rig.front.tokens()
    if tokens.keys() != ours:
        yield f"the secrets file knows {sorted(tokens)}, not {sorted(ours)}"
    for name, token in tokens.items():
        if not is_valid(rig, name, token):
            yield f"the token of {name} is not valid"
    touched = {name for each in rig.ledger for name in each.removed}
    if stranger := touched - ours:
        yield f"{stranger} were deleted, which are not ours"
    yield from leaks(rig)
    told = "".join(rig.told)
    yield from (word for word in ("Traceback", "itself is at fault") if word in told)
    end = rig.run("plan", "--exit-code")
    if end.code != 0:
        yield f"a plan ends with {end.code} afterwards: {rig.told[-2:]}"


def report(broken: dict[str, list[str]]) -> str:
    lines = [line for point, found in list(broken.items())[:3] for line in (point, *found)]
    return "\n".join([f"{len(broken)} points", *lines])[:6000]


def test_after_a_kill_whatever_comes_next_registers_each_device_again(start: Start) -> None:
    rig = start.rig
    wanted = held(rig)
    broken: dict[str, list[str]] = {}
    killed = 0
    for number, point in enumerate(points(start, *ROTATE)):
        start.reset()
        killed += rig.run(*ROTATE, fate=point).code == KILLED
        words = NEXT[number % 2]
        end = rig.run(*words)
        found = list(problems(rig, wanted))
        if found or end.code != 0:
            broken[f"{point.at}:{point.side}, then {words[0]}: {end.code}"] = [*found, *rig.told]
    assert killed > 0.8 * min(KILLS, killed + 5)
    assert not broken, report(broken)


def test_rotations_that_are_killed_one_after_another_lose_no_device(start: Start) -> None:
    rig = start.rig
    wanted = held(rig)
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    found = points(start, *ROTATE)
    broken: dict[str, list[str]] = {}
    for _ in range(max(2, KILLS // 3)):
        start.reset()
        chain = chance.choices(found, k=3)
        for point, words in zip(chain, (ROTATE, NEXT[1], NEXT[0]), strict=True):
            rig.run(*words, fate=point)
        end = rig.run(*NEXT[0])
        bad = list(problems(rig, wanted))
        if bad or end.code != 0:
            broken[f"{chain}: {end.code}"] = [*bad, *rig.told]
    assert not broken, report(broken)


def test_after_a_kill_a_rotation_goes_on_until_each_device_has_a_new_token(start: Start) -> None:
    rig = start.rig
    wanted, old = held(rig), rig.front.tokens()
    broken: dict[str, list[str]] = {}
    for point in points(start, *ROTATE)[: max(2, KILLS // 3)]:
        start.reset()
        before = run_names(rig.folder)
        rig.run(*ROTATE, fate=point)
        begun = len(run_names(rig.folder)) > len(before)
        end = rig.run(*(NEXT[1] if begun else ROTATE))
        found = list(problems(rig, wanted))
        now = rig.front.tokens()
        found += [f"{name} has its old token" for name in old if begun and now[name] == old[name]]
        if found or end.code != 0:
            broken[f"{point.at}:{point.side}: {end.code}"] = [*found, *rig.told]
    assert not broken, report(broken)


def test_the_way_back_gives_each_device_its_old_token_and_may_be_killed_too(start: Start) -> None:
    rig = start.rig
    wanted, old = held(rig), rig.front.tokens()
    start.reset()
    assert rig.run(*ROTATE).code == 0, rig.told
    run = run_names(rig.folder)[0]
    back = ("rotate", "--back", run, "--yes", "--enough", "0%")
    noted = rig.place / "passed.json"
    assert rig.run(*back, passed=str(noted)).code == 0, rig.told
    assert rig.front.tokens() == old
    found = fates(json.loads(noted.read_text("utf-8")))
    broken: dict[str, list[str]] = {}
    for point in random.Random(_SEED).sample(found, max(2, KILLS // 3)):  # noqa: S311 - no secret
        start.reset()
        rig.run(*ROTATE)
        run = run_names(rig.folder)[0]
        rig.run("rotate", "--back", run, "--yes", "--enough", "0%", fate=point)
        begun = run_names(rig.folder)[0] != run
        words = NEXT[1] if begun else ("rotate", "--back", run, "--yes", "--enough", "0%")
        end = rig.run(*words)
        bad = list(problems(rig, wanted))
        if bad or end.code != 0 or rig.front.tokens() != old:
            broken[f"{point.at}:{point.side}: {end.code}"] = [*bad, *rig.told]
    assert not broken, report(broken)
