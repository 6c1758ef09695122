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


def test_each_delete_says_whether_anybody_would_miss_the_device(
    org: Emulator, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    org.state.note_disconnection("pump", "p-2")
    file = str(tmp_path / "plan.json")
    saved = fleetsync("plan", "--out", file)
    plan = json.loads(Path(file).read_text("ascii"))
    Draft202012Validator(SCHEMA).validate(plan)
    told = {each["deviceId"]: each["presence"] for each in plan["changes"]}
    assert told["p-1"] == {"state": "connected", "seenAt": None}
    assert told["p-2"]["state"] == "disconnected"
    assert told["p-2"]["seenAt"].startswith("20")
    assert told["p-3"] == {"state": "neverSeen", "seenAt": None}
    why = "no manifest declares it; "
    words = [why + "connected now", why + "seen within the last hour", why + "never seen"]
    for text in (saved.out, fleetsync("show", file).out):
        assert [word for word in words if word in text] == words
    for form in ("markdown", "html"):
        for command in (("plan",), ("show", file)):
            text = fleetsync(*command, "--format", form).out
            assert [word for word in words if word in text] == words


def test_a_log_tells_of_one_whose_state_is_not_told(org: Emulator, fleetsync: Fleetsync) -> None:
    org.state.switches = parse_switches(["clientStates=404"])
    presences = {
        change["deviceId"]: change["presence"]
        for change in fleetsync("plan", "--format", "json").json["changes"]
    }
    assert {each["state"] for each in presences.values()} == {"unknown"}
    assert presences["p-1"]["seenAt"].startswith("20")
    assert presences["p-3"]["seenAt"] is None
    words = "no manifest declares it; connection unknown, seen within the last hour"
    assert words in fleetsync("plan").out


def test_undo_does_not_delete_what_has_come_up_since(
    org: Emulator, fleetsync: Fleetsync, folder: Folder
) -> None:
    folder.manifest(fleet(1, 2, 3, 4))
    assert fleetsync("apply", "--yes").code == 0
    org.state.note_connection("pump", "p-4")
    result = fleetsync("undo", "--plan", "--format", "json").json
    assert [refusal["code"] for refusal in result["refusals"]] == ["connected"]
    refused = fleetsync("undo", "--yes", "--allow-deletes", "1")
    assert refused.code == 4
    assert "undo with --allow-delete-connected pump/p-4" in refused.out + refused.err
    assert "p-4" in names(org)
    named = ("--allow-delete-connected", "pump/p-4")
    assert fleetsync("undo", "--yes", "--allow-deletes", "1", *named).code == 0
    assert "p-4" not in names(org)


def test_many_deletes_are_looked_up_in_lists(
    org: Emulator, fleetsync: Fleetsync, folder: Folder
) -> None:
    folder.manifest(fleet(*range(1, 51)))
    assert fleetsync("apply", "--yes").code == 0
    org.state.note_connection("pump", "p-40")
    folder.manifest(fleet())
    org.state.reset_calls()
    plan = fleetsync("plan", "--format", "json").json
    states = {each["deviceId"]: each["presence"]["state"] for each in plan["changes"]}
    assert [name for name, state in states.items() if state == "connected"] == [
        "p-1",
        "p-2",
        "p-40",
    ]
    assert sum("clientconnectionstates" in call for call in org.state.calls) < 50


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
