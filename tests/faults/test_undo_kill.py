"""Kill applies and undos of the real process: an undo afterwards brings back what was there."""

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
from tests.faults.plans import PLANS, CutPlan
from tests.faults.promises import bare
from tests.faults.rig import Rig, Start, Zygote, at_start, fates, open_rig

KILLS = int(os.environ.get("FLEETSYNC_UNDO_KILLS", "3"))
"""How many points each test tries for each plan; several hundred by hand."""

KILLED = -9
YES = ("--yes", "--allow-deletes", "99")
_SEED = 20261124
_MIXED = [plan for plan in PLANS if plan.name in {"mixed", "mixed-platform"}]

pytestmark = [
    pytest.mark.timeout(60 + 10 * KILLS),
    pytest.mark.parametrize("plan", _MIXED, ids=lambda plan: plan.name),
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
    """What the org holds, empty as good as absent; tests/laws look at measuring times as well."""
    snapshot = bare(rig.front.snapshot)
    for each in snapshot["devices"].values():
        each.get("location", {}).pop("measuredDateTime", None)
    return {
        kind: {
            name: {k: v for k, v in each.items() if v not in ("", {})}
            for name, each in all_.items()
        }
        for kind, all_ in snapshot.items()
    }


def doors_of(rig: Rig, *words: str) -> list[Fate]:
    """Learn which ways to die a run has; some of them by a fixed lot."""
    noted = rig.place / "passed.json"
    rig.run(*words, passed=str(noted))
    points = fates(json.loads(noted.read_text("utf-8")))
    return random.Random(_SEED).sample(points, min(KILLS, len(points)))  # noqa: S311 - no secret


def problems(rig: Rig, wanted: dict[str, Any], tokens: dict[str, str]) -> list[str]:
    """Say what is not as it was; a type that nobody knows who created may be left, but empty."""
    now = held(rig)
    unsure = "nobody knows whether this run created the type" in "".join(rig.told)
    devices = {name.split("/")[0] for name in now["devices"]}
    extra = now["deviceTypes"].keys() - wanted["deviceTypes"].keys() - devices if unsure else ()
    for type_id in extra:
        del now["deviceTypes"][type_id]
    found = [] if now == wanted else [f"the org is {now}, not {wanted}"]
    if rig.front.tokens() != tokens:
        found.append("other tokens are in the file")
    for name, token in rig.front.tokens().items():
        type_id, device_id = name.split("/")
        if not rig.front.org.state.check_token(type_id, device_id, token):
            found.append(f"the token of {name} is not valid")
    told = "".join(rig.told)
    return found + [word for word in ("Traceback", "itself is at fault") if word in told]


def test_an_apply_that_was_killed_is_taken_back(start: Start) -> None:
    rig = start.rig
    wanted, tokens = held(rig), rig.front.tokens()
    before = run_names(rig.folder)
    broken: dict[str, list[str]] = {}
    for point in doors_of(rig, "apply", *YES):
        start.reset()
        end = rig.apply(fate=point)
        runs = [name for name in run_names(rig.folder) if name not in before]
        undone = rig.run("undo", runs[0], *YES) if runs else end
        found = problems(rig, wanted, tokens)
        if found or (runs and undone.code not in (0, 2)):
            broken[str(point)] = [*found, *rig.told]
    assert not broken, report(broken)


def report(broken: dict[str, list[str]]) -> str:
    """Write out the first few in full."""
    lines = [line for point, found in list(broken.items())[:3] for line in (point, *found)]
    return "\n".join([f"{len(broken)} points", *lines])


def applied(start: Start) -> str:
    """Apply the plan undisturbed, and give its run."""
    start.reset()
    assert start.rig.apply().code == 0
    return run_names(start.rig.folder)[0]


def test_an_undo_that_was_killed_goes_on(start: Start) -> None:
    rig = start.rig
    wanted, tokens = held(rig), rig.front.tokens()
    applied(start)
    broken: dict[str, list[str]] = {}
    for point in doors_of(rig, "undo", *YES):
        run = applied(start)
        rig.run("undo", *YES, fate=point)
        again = rig.run("undo", run, *YES)
        found = problems(rig, wanted, tokens)
        if found or again.code != 0:
            broken[str(point)] = [*found, *rig.told]
    assert not broken, report(broken)


def test_an_apply_after_an_undo_that_was_killed_loses_no_token(start: Start) -> None:
    rig = start.rig
    tokens = rig.front.tokens()
    applied(start)
    wanted = held(rig)
    broken: dict[str, list[str]] = {}
    for point in doors_of(rig, "undo", *YES):
        run = applied(start)
        rig.run("undo", *YES, fate=point)
        rig.apply()
        found = problems(rig, wanted, rig.front.tokens())
        rig.run("undo", run, *YES)
        back = rig.front.tokens()
        found += [f"{name} has another token" for name in tokens if back.get(name) != tokens[name]]
        if found:
            broken[str(point)] = [*found, *rig.told]
    assert not broken, report(broken)
