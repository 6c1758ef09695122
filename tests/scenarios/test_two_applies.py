"""Two applies started together: one works, the other waits or says who does; nothing is lost."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fleetsync.emulator.running import Emulator
from fleetsync.emulator.state import OrgState
from tests.scenarios.conftest import KEY, TOKEN, TOP, Fleetsync, Folder

RACES = int(os.environ.get("FLEETSYNC_RACES", "1"))
FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}, {"id": "valve"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(12)],
}
HELD_FOLDER = re.compile(r"another apply is at work on this fleet( \(process \d+, since [^)]+\))?;")
HELD_ORG = re.compile(
    r"another apply holds the lock in the org \(fleet test, .+, process \d+, run [^,]+, expires "
)


class Ended(NamedTuple):
    """How one of the applies ended."""

    code: int
    out: str
    err: str


def begin(folder: Path, url: str, *words: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(TOP), "WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
    return subprocess.Popen(
        [sys.executable, "-m", "fleetsync", "apply", "--yes", "--org-url", url, *words],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def race(folders: list[Path], url: str, chance: random.Random, *words: str) -> list[Ended]:
    """Start an apply in each folder, a random moment apart, and wait for all."""
    processes = []
    for folder in folders:
        processes.append(begin(folder, url, *words))
        time.sleep(chance.random() * 0.05)
    ended = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        ended.append(Ended(process.returncode, out, err))
    return ended


def empty(state: OrgState) -> None:
    with state.turn(writing=True) as turn:
        turn.connection.execute("DELETE FROM device")
        turn.connection.execute("DELETE FROM device_type")
    state.reset_calls()


def tokens_in(folder: Path) -> dict[str, str]:
    file = folder / "secrets" / "tokens.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return {each["deviceId"]: each["authToken"] for each in map(json.loads, lines)}


def check_end_state(state: OrgState, folders: list[Path]) -> None:
    """Each device is registered once, and its one valid token is in one of the clones."""
    snapshot = state.snapshot()
    assert sorted(snapshot["deviceTypes"]) == ["pump", "valve"]
    assert len(snapshot["devices"]) == 12
    assert state.calls["POST /bulk/devices/add"] == 1
    known = [tokens_in(folder) for folder in folders]
    for number in range(12):
        name = f"p-{number}"
        tokens = [each[name] for each in known if name in each]
        assert [state.check_token("pump", name, token) for token in tokens] == [True]


def check_ends(ended: list[Ended], held: re.Pattern[str], *, waits: bool) -> None:
    """One has done it; the other came after it, or says who was at work."""
    assert 0 in [each.code for each in ended], ended
    for each in ended:
        if each.code != 0:
            assert not waits, each
            assert each.code == 1, each
            assert held.search(each.err), each
        assert "Traceback" not in each.err


@pytest.fixture
def two(folder: Folder, tmp_path: Path) -> list[Path]:
    """Two clones of a fleet that locks its org."""
    folder.settings({"lock": "org"})
    folder.manifest(FLEET)
    shutil.copytree(folder.path, tmp_path / "clone")
    return [folder.path, tmp_path / "clone"]


def clear(folder: Path) -> None:
    for name in ("secrets", ".fleetsync"):
        shutil.rmtree(folder / name, ignore_errors=True)


@pytest.mark.parametrize("waits", [False, True])
def test_two_in_one_folder(folder: Folder, emulator: Emulator, waits: bool) -> None:
    folder.manifest(FLEET)
    words = ["--wait", "60"] if waits else []
    for seed in range(RACES):
        empty(emulator.state)
        clear(folder.path)
        chance = random.Random(seed)  # noqa: S311 - a test, to be repeated
        ended = race([folder.path, folder.path], emulator.url, chance, *words)
        check_ends(ended, HELD_FOLDER, waits=waits)
        check_end_state(emulator.state, [folder.path])


@pytest.mark.parametrize("waits", [False, True])
def test_two_clones_of_a_fleet_that_locks_its_org(
    two: list[Path], emulator: Emulator, waits: bool
) -> None:
    words = ["--wait", "60"] if waits else []
    for seed in range(RACES):
        empty(emulator.state)
        for each in two:
            clear(each)
        chance = random.Random(seed)  # noqa: S311 - a test, to be repeated
        ended = race(two, emulator.url, chance, *words)
        check_ends(ended, HELD_ORG, waits=waits)
        check_end_state(emulator.state, two)


def test_after_a_kill_the_same_folder_goes_on_and_another_clone_does_not(
    two: list[Path], emulator: Emulator
) -> None:
    process = begin(two[0], emulator.url)
    ends_at = time.monotonic() + 60
    while "fleetsync-lock" not in emulator.state.snapshot()["deviceTypes"]:
        assert time.monotonic() < ends_at
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert "fleetsync-lock" in emulator.state.snapshot()["deviceTypes"]
    chance = random.Random(0)  # noqa: S311 - it decides nothing here
    (other,) = race(two[1:], emulator.url, chance)
    assert other.code == 1
    assert HELD_ORG.search(other.err)
    (again,) = race(two[:1], emulator.url, chance)
    assert again.code == 0, again
    check_end_state(emulator.state, two[:1])


def test_with_a_lock_in_the_org_a_plan_only_reads_and_does_not_count_it(
    folder: Folder,
    fleetsync: Fleetsync,
    emulator: Emulator,
    credentials: Callable[[str, str], None],
) -> None:
    credentials(KEY, TOKEN)
    folder.settings({"lock": "org"})
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes", "--org-url", emulator.url).code == 0
    body = {"id": "fleetsync-lock", "metadata": {"nonce": "00000000000000aa"}}
    with emulator.state.turn(writing=True) as turn:
        turn.connection.execute(
            "INSERT INTO device_type (id, class_id, device_info, metadata, created, updated)"
            " VALUES ('fleetsync-lock', 'Device', '{}', ?, '', '')",
            (json.dumps(body["metadata"]),),
        )
    emulator.state.reset_calls()
    planned = fleetsync("plan", "--exit-code", "--format", "json", "--org-url", emulator.url)
    assert (planned.code, planned.json["summary"]["unmanaged"]["deviceTypes"]) == (0, 0)
    assert {call.split()[0] for call in emulator.state.calls} == {"GET"}


def test_an_embedded_org_can_be_locked_as_well(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.settings({"lock": "org"})
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    assert fleetsync("plan", "--exit-code").code == 0
    assert len(folder.tokens()) == 12
