"""An apply finds the run before it cut off, and settles it against the org.

A journal is cut where a killed process would have left it: any first part of one is what a kill
leaves behind. The kills themselves are in tests/faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.state import OrgState
from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder

NAMES = ("p-0", "p-1", "p-2")


def pumps(*names: str) -> dict[str, Any]:
    devices = [{"typeId": "pump", "deviceId": name} for name in names]
    return {"deviceTypes": [{"id": "pump"}], "devices": devices}


def journals(folder: Folder) -> list[Path]:
    return sorted((folder.path / ".fleetsync" / "runs").glob("*.jsonl"))


def cut(folder: Folder, *, behind: str) -> None:
    """Leave the last run's journal as a process left it that was killed after this request."""
    journal = journals(folder)[-1]
    lines = journal.read_bytes().splitlines(keepends=True)
    deeds = [json.loads(line).get("deed") for line in lines]
    journal.write_bytes(b"".join(lines[: deeds.index(behind) + 1]) + b'{"at": "20')


@pytest.fixture
def org(folder: Folder) -> Iterator[OrgState]:
    (folder.path / ".fleetsync").mkdir(exist_ok=True)
    with OrgState.open(folder.path / ".fleetsync" / "org.db") as state:
        yield state


def tokens(folder: Folder) -> dict[str, str]:
    return {line["deviceId"]: line["authToken"] for line in folder.tokens()}


def remove(org: OrgState, name: str) -> None:
    with org.turn(writing=True) as turn:
        turn.connection.execute("DELETE FROM device WHERE device_id = ?", (name,))


def assert_valid(org: OrgState, folder: Folder, *names: str) -> None:
    assert tokens(folder).keys() == set(names)
    for name, token in tokens(folder).items():
        assert org.check_token("pump", name, token), name


@pytest.mark.parametrize("mode", ["client", "platform"])
def test_what_was_registered_keeps_its_token_and_is_not_registered_again(
    folder: Folder, fleetsync: Fleetsync, org: OrgState, mode: str
) -> None:
    folder.settings({"secrets": {"file": "secrets/tokens.jsonl", "tokens": mode}})
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    before = tokens(folder)
    cut(folder, behind="create devices")
    again = fleetsync("apply", "--yes")
    assert again.code == 0
    assert "was cut off; looking what became of it" in again.err
    assert "3 devices are registered" in again.err
    assert again.out.startswith("No changes")
    assert tokens(folder) == before
    assert_valid(org, folder, *NAMES)
    assert fleetsync("apply", "--yes").err == ""


def test_what_is_seen_of_many_devices_is_one_line_of_the_journal(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.manifest(pumps(*(f"p-{number}" for number in range(60))))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    assert "60 devices are registered" in fleetsync("apply", "--yes").err
    lines = [json.loads(line) for line in journals(folder)[0].read_bytes().splitlines()]
    seen = [line for line in lines if line["what"] == "seen"]
    assert [(line["sight"], len(line["names"]["pump"])) for line in seen] == [("ours", 60)]
    assert len(org.snapshot()["devices"]) == 60


def test_what_was_not_registered_is_registered_with_the_token_that_was_promised(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    before = tokens(folder)
    cut(folder, behind="create devices")
    remove(org, "p-1")
    again = fleetsync("apply", "--yes")
    assert again.code == 0
    assert "2 devices are registered, 1 device is not" in again.err
    assert tokens(folder) == before
    assert_valid(org, folder, *NAMES)


def test_the_token_of_a_device_that_nobody_has_and_nobody_wants_goes(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    remove(org, "p-1")
    folder.manifest(pumps("p-0", "p-2"))
    assert fleetsync("apply", "--yes").code == 0
    assert_valid(org, folder, "p-0", "p-2")


def test_the_token_goes_of_a_device_that_somebody_else_registered_instead(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    remove(org, "p-1")
    org.register_as_person("pump", "p-1")
    assert fleetsync("apply", "--yes").code == 0
    assert_valid(org, folder, "p-0", "p-2")


def forget_tokens(folder: Folder) -> None:
    folder.secrets.write_bytes(b"")


def test_devices_whose_platform_token_nobody_wrote_down_are_registered_anew(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.settings({"secrets": {"file": "secrets/tokens.jsonl", "tokens": "platform"}})
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    forget_tokens(folder)
    again = fleetsync("apply", "--yes")
    assert again.code == 0
    assert "3 devices were removed, for their tokens are lost" in again.err
    assert_valid(org, folder, *NAMES)


def test_a_tokenless_device_that_has_connected_or_is_not_declared_stays(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.settings(
        {
            "secrets": {"file": "secrets/tokens.jsonl", "tokens": "platform"},
            "prune": False,
        }
    )
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    forget_tokens(folder)
    folder.manifest(pumps("p-0", "p-2"))
    again = fleetsync("apply", "--yes")
    assert again.code == 0
    assert "pump/p-1: token unknown: no manifest declares it" in again.err
    assert "1 device is registered, but its token is lost" in again.err
    assert_valid(org, folder, "p-0", "p-2")
    assert "pump/p-1" in org.snapshot()["devices"]


def test_an_undo_leaves_a_tokenless_device_open_for_the_apply_that_registers_it_anew(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.settings({"secrets": {"file": "secrets/tokens.jsonl", "tokens": "platform"}})
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    forget_tokens(folder)
    undone = fleetsync("undo")  # nobody can be asked here, so it only settles
    assert undone.code == 4
    assert (
        "Warning: pump/p-1: token unknown: an undo reads no manifest; the next apply registers it"
        " anew if one declares it\n"
    ) in undone.err
    assert ": 3 devices are registered, but their tokens are lost\n" in undone.err
    assert "3 devices were removed" in fleetsync("apply", "--yes").err
    assert_valid(org, folder, *NAMES)


@pytest.mark.parametrize("came_back", [False, True])
def test_tokens_of_devices_that_were_deleted_are_retired(
    folder: Folder, fleetsync: Fleetsync, org: OrgState, *, came_back: bool
) -> None:
    folder.settings({"limits": {"deleteCount": 9}})
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    secrets = folder.secrets.read_bytes()
    folder.manifest(pumps("p-0", "p-2"))
    fleetsync("apply", "--yes")
    cut(folder, behind="delete devices")
    folder.secrets.write_bytes(secrets)  # as it was before the run that was killed
    if came_back:
        org.register_by_gateway("pump", "p-1", gateway=("pump", "p-0"))
    again = fleetsync("apply", "--yes")
    assert again.code == 0
    assert "1 device is deleted" in again.err
    assert_valid(org, folder, "p-0", "p-2")
    retired = [json.loads(line) for line in folder.secrets.read_text().splitlines()]
    assert [line["retired"]["deviceId"] for line in retired if "retired" in line] == ["p-1"]


def test_a_run_that_was_killed_before_its_first_request_is_settled_in_silence_of_the_org(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    journal = journals(folder)[-1]
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    again = fleetsync("apply", "--yes")
    assert (again.code, again.out.startswith("No changes")) == (0, True)
    assert "nothing was left open" in again.err


def test_a_run_of_another_org_waits_for_its_turn(
    folder: Folder, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> None:
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    cut(folder, behind="create devices")
    credentials(KEY, TOKEN)
    with OrgState.open(None, org="other") as state, run_emulator(state) as other:
        elsewhere = fleetsync("apply", "--yes", "--org-url", other.url)
    assert (elsewhere.code, "settled" in elsewhere.err) == (0, False)
    here = fleetsync("apply", "--yes")
    assert "3 devices are registered" in here.err


def test_a_damaged_journal_is_set_aside_and_every_token_is_kept(
    folder: Folder, fleetsync: Fleetsync, org: OrgState
) -> None:
    folder.manifest(pumps(*NAMES))
    fleetsync("apply", "--yes")
    before = tokens(folder)
    cut(folder, behind="create devices")
    journal = journals(folder)[-1]
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], *lines[2:]]))
    again = fleetsync("apply", "--yes")
    assert again.code == 0
    assert "the journal is damaged" in again.err
    assert not journal.exists()
    assert tokens(folder) == before
    assert_valid(org, folder, *NAMES)
