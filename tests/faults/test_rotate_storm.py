"""Every fifth call meets a fault while tokens are rotated: no device stays deleted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.faults.promises import timeless
from tests.faults.storm import Storm, generations, open_storm
from tests.faults.test_storm import switches_of

SEEDS = int(os.environ.get("FLEETSYNC_ROTATE_STORM_SEEDS", "4"))
"""How many seeds are tried; 200 by hand."""

pytestmark = pytest.mark.filterwarnings(
    # cheroot's buffers complain when they are collected after a client hung up
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


def rotate(storm: Storm, *words: str) -> int:
    return storm.call("rotate", *words, "--yes", "--enough", "0%", "--allow-deletes", "9999")


def mine(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the second writer does."""
    ours = (each for each in snapshot["devices"].items() if not each[0].startswith("stranger/"))
    return dict(ours)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_rotation_in_a_storm_is_made_good_by_what_comes_next(seed: int, tmp_path: Path) -> None:
    tokens = "platform" if seed % 4 == 3 else "client"
    with open_storm(tmp_path, tokens, switches_of(seed)) as storm:
        manifest: dict[str, Any] = generations(seed)[0]
        storm.declare(manifest)
        with storm.calm():
            assert storm.call("apply", "--yes") == 0, storm.told
        old, before = storm.kept_tokens(), timeless(storm.state.snapshot())
        types = [each["id"] for each in manifest["deviceTypes"]]
        for number in range(3):
            storm.rage(seed=seed * 10 + number)
            code = rotate(storm, "--resume") if number else rotate(storm, *types)
            assert code in {0, 1, 6, 8}, storm.told[-2:]
        with storm.calm():
            storm.removals.clear()
            assert storm.call("apply", "--yes") == 0, storm.told[-2:]
            assert storm.call("plan", "--exit-code") == 0, storm.told[-2:]
            assert mine(timeless(storm.state.snapshot())) == mine(before)
            assert rotate(storm, "--resume") == 0, storm.told[-2:]
            if storm.kept_tokens() == old:  # the storm let none begin
                assert rotate(storm, *types) == 0
            renewed = {name for name, token in storm.kept_tokens().items() if token != old[name]}
            assert renewed == old.keys()
            assert all(storm.is_valid(*each) for each in storm.kept_tokens().items())
