"""A device that is connected is not deleted unless it is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fleetsync.cli.main import run
from fleetsync.emulator.running import Emulator, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import parse_switches
from tests.scenarios.conftest import KEY, TOKEN, TOP, Fleetsync, Folder

SCHEMA = json.loads((TOP / "schemas" / "plan.schema.json").read_text("utf-8"))
LIMITS = {"deletePercent": 100, "deleteCount": 100}


def fleet(*numbers: int) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}, {"id": "hub", "classId": "Gateway"}],
        "devices": [
            {"typeId": "hub", "deviceId": "h-0"},
            {"typeId": "pump", "deviceId": "kept"},
            *({"typeId": "pump", "deviceId": f"p-{number}"} for number in numbers),
        ],
    }


@pytest.fixture
def org(
    folder: Folder, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> Iterator[Emulator]:
    """Three pumps of which the first two are connected; the manifests keep none of them."""
    credentials(KEY, TOKEN)
    with OrgState.open(None) as state, run_emulator(state, accounts={KEY: TOKEN}) as running:
        folder.settings({"org": {"url": running.url, "callsPerSecond": 1000}, "limits": LIMITS})
        folder.manifest(fleet(1, 2, 3))
        assert fleetsync("apply", "--yes").code == 0
        state.note_connection("pump", "p-1")
        state.note_connection("pump", "p-2")
        folder.manifest(fleet())
        yield running


def names(org: Emulator) -> set[str]:
    return {key.split("/")[1] for key in org.state.snapshot()["devices"]}


def test_a_plan_that_deletes_connected_devices_is_refused(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    plan = fleetsync("plan", "--format", "json").json
    Draft202012Validator(SCHEMA).validate(plan)
    (refusal,) = plan["refusals"]
    assert refusal["code"] == "connected"
    assert "connected now, so not deleted unless named: pump/p-1, pump/p-2" in refusal["message"]
    assert fleetsync("plan", "--exit-code").code == 4
    for words in (("--yes",), ("--yes", "--allow-deletes", "9")):
        assert fleetsync("apply", *words).code == 4
    assert names(org) == {"h-0", "kept", "p-1", "p-2", "p-3"}


def test_named_ones_are_deleted_and_only_those(org: Emulator, fleetsync: Fleetsync) -> None:
    one, both = ("--allow-delete-connected", "pump/p-1"), ("--allow-delete-connected", "pump/p-2")
    result = fleetsync("apply", "--yes", *one)
    assert result.code == 4
    assert "not deleted unless named: pump/p-2" in result.out + result.err
    result = fleetsync("apply", "--yes", *one, *both)
    assert result.code == 0
    assert names(org) == {"h-0", "kept"}


def test_those_that_have_gone_are_deleted(org: Emulator, fleetsync: Fleetsync) -> None:
    for name in ("p-1", "p-2"):
        org.state.note_disconnection("pump", name)
    assert fleetsync("apply", "--yes").code == 0
    assert names(org) == {"h-0", "kept"}


def test_a_saved_plan_is_looked_at_anew(
    org: Emulator, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    file = str(tmp_path / "plan.json")
    for name in ("p-1", "p-2"):
        org.state.note_disconnection("pump", name)
    assert fleetsync("plan", "--out", file).code == 0
    org.state.note_connection("pump", "p-2")
    assert fleetsync("apply", file).code == 4
    assert fleetsync("apply", file, "--allow-delete-connected", "pump/p-2").code == 0


def test_being_connected_does_not_alter_the_digest(org: Emulator, fleetsync: Fleetsync) -> None:
    before = fleetsync("plan", "--format", "json").json["digest"]
    org.state.note_disconnection("pump", "p-1")
    assert fleetsync("plan", "--format", "json").json["digest"] == before


@pytest.mark.parametrize("switch", ["clientStates=403", "clientStates=404"])
def test_what_the_org_does_not_tell_is_told_as_unknown(
    org: Emulator, fleetsync: Fleetsync, switch: str
) -> None:
    org.state.switches = parse_switches([switch])
    plan = fleetsync("plan", "--format", "json").json
    assert plan["refusals"] == []
    assert any("connected now is unknown" in words for words in plan["warnings"])


def test_nothing_is_asked_where_nothing_is_deleted(
    org: Emulator, fleetsync: Fleetsync, folder: Folder
) -> None:
    folder.manifest(fleet(1, 2, 3, 4))
    org.state.reset_calls()
    assert fleetsync("apply", "--yes").code == 0
    assert not any("clientconnectionstates" in call for call in org.state.calls)


def test_one_who_names_no_device_is_told_how(org: Emulator, fleetsync: Fleetsync) -> None:
    result = fleetsync("apply", "--yes", "--allow-delete-connected", "p-1")
    assert result.code == 2
    assert "TYPE/DEVICE" in result.err


NUMBERS = st.frozensets(st.integers(1, 5))


@given(there=NUMBERS, kept=NUMBERS, on=NUMBERS, named=NUMBERS)
@settings(max_examples=20)
def test_no_connected_device_is_ever_deleted_unless_it_is_named(
    there: frozenset[int], kept: frozenset[int], on: frozenset[int], named: frozenset[int]
) -> None:
    with (
        TemporaryDirectory() as path,
        OrgState.open(None) as state,
        run_emulator(state) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("WIOTP_AUTH_KEY", KEY)
        patch.setenv("WIOTP_AUTH_TOKEN", TOKEN)
        folder = Folder(Path(path))
        folder.settings({"org": {"url": running.url, "callsPerSecond": 1000}, "limits": LIMITS})
        folder.manifest(fleet(*there))
        assert run(["-C", path, "apply", "--yes"]) == 0
        for number in there & on:
            state.note_connection("pump", f"p-{number}")
        folder.manifest(fleet(*kept))
        words = [w for n in named for w in ("--allow-delete-connected", f"pump/p-{n}")]
        code = run(["-C", path, "apply", "--yes", "--allow-deletes", "9", *words])
        left = {int(name[2:]) for name in names(running) if name.startswith("p-")}
        assert there & on - named <= left
        refused = bool((there - kept) & on - named)
        assert code == (4 if refused else 0)
        assert left == (there if refused else kept)
