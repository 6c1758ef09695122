"""What the journal of a fleet tells a person, while apply works and after it was stopped."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder, Start
from tests.scenarios.test_signals import held_up

# From Python 3.13 on, cheroot's buffers complain when they are collected if a client hung up before
# its answer came, as a killed client does.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ENV = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
DEVICES = [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)]
FLEET: dict[str, Any] = {"deviceTypes": [{"id": "pump"}], "devices": DEVICES}
FLOOR = {"metadata": {"floor": 1}}
ADD = "POST /api/v0002/bulk/devices/add"
PLACE = "2026-01-02 03:04:05 UTC"
RUN = "20260102T030405-0123456789"


def runs(folder: Folder) -> list[Path]:
    """The journals of a folder, the oldest first."""
    return sorted((folder.path / ".fleetsync" / "runs").glob("*.jsonl"))


def steady(text: str, folder: Folder) -> str:
    """Put one id, one time and one place for those that differ from run to run."""
    text = text.replace(str(folder.path), "FOLDER")
    text = re.sub(r"\d{8}T\d{6}-[0-9a-f]{10}", RUN, text)
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:0f", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", PLACE, text)


def test_a_folder_without_runs_says_so(folder: Folder, fleetsync: Fleetsync) -> None:
    before = folder.files()
    told = fleetsync("journal")
    place = folder.path / ".fleetsync" / "runs"
    assert (told.code, told.err) == (0, "")
    assert told.out == f"No runs yet: {place} holds no journal.\n"
    assert fleetsync("journal", "--format", "json").json == {"formatVersion": 1, "runs": []}
    assert folder.files() == before
    assert not (folder.path / ".fleetsync").exists()


def test_the_list_tells_of_each_run_the_newest_first(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    folder.manifest(FLEET | {"devices": [DEVICES[0] | FLOOR, DEVICES[1]]})
    assert fleetsync("apply", "--yes", "--allow-deletes", "1").code == 0
    before = folder.files()
    told = fleetsync("journal")
    assert (told.code, told.err) == (0, "")
    assert steady(told.out, folder).splitlines() == [
        f"{RUN}  apply, {PLACE}: done",
        "  set out to: update 1 device and delete 1 device",
        "  came of it: 1 device updated and 1 device deleted",
        f"{RUN}  apply, {PLACE}: done",
        "  set out to: create 1 device type and create 3 devices",
        "  came of it: 1 device type created and 3 devices created",
    ]
    assert folder.files() == before


def test_one_run_is_shown_with_each_request_and_what_was_before(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    fleetsync("apply", "--yes")
    folder.manifest(FLEET | {"devices": [DEVICES[0] | FLOOR, DEVICES[1]]})
    fleetsync("apply", "--yes", "--allow-deletes", "1")
    name = runs(folder)[-1].stem
    told = fleetsync("journal", name.partition("-")[2][:7])
    assert (told.code, told.err) == (0, "")
    assert steady(told.out, folder) == (
        f"{RUN}  apply, {PLACE}: done\n"
        f"  file: FOLDER/.fleetsync/runs/{RUN}.jsonl\n"
        "  fleet test, org embedded, plan sha256:0f, tokens: client\n"
        "  set out to: update 1 device and delete 1 device\n"
        "  came of it: 1 device updated and 1 device deleted\n"
        "\n"
        "Recorded before it was changed:\n"
        f"  {PLACE}  2 devices, 1 with what is known of the location\n"
        "      pump/p-0, pump/p-2\n"
        "\n"
        "Requests:\n"
        f"  {PLACE}  update 1 device: answered\n"
        "      pump/p-0\n"
        f"  {PLACE}  delete 1 device: answered\n"
        "      pump/p-2\n"
        "\n"
        "Seen when somebody looked:\n"
        f"  {PLACE}  gone: 1 device\n"
        "      pump/p-2\n"
    )


def test_the_json_of_a_run_tells_the_same(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(FLEET)
    fleetsync("apply", "--yes")
    folder.manifest(FLEET | {"devices": [DEVICES[0] | FLOOR, *DEVICES[1:]]})
    fleetsync("apply", "--yes")
    (listed,) = fleetsync("journal", "--format", "json").json["runs"][:1]
    assert listed["planned"] == {"device update": 1}
    assert (listed["state"], listed["open"], listed["resumable"]) == ("done", False, False)
    assert (listed["done"], listed["outcomes"]) == ({"update device": 1}, {"done": 1})
    one = fleetsync("journal", listed["run"], "--format", "json").json
    assert {key: one[key] for key in listed} == listed
    (request,) = one["requests"]
    assert request.pop("askedAt") <= request.pop("answeredAt")
    assert request == {
        "number": 1,
        "does": "update device",
        "items": [{"typeId": "pump", "deviceId": "p-0"}],
        "ending": "answered",
        "words": "",
        "failed": [],
        "untold": [],
    }
    (before,) = one["before"]
    assert before["metadata"] == {}
    assert before["fields"] == [{"path": "metadata.floor", "before": None, "after": 1}]
    assert one["seen"] == []


def test_a_run_is_at_work_then_cut_off_then_settled(
    folder: Folder, fleetsync: Fleetsync, start: Start
) -> None:
    folder.manifest(FLEET)
    with held_up(ADD) as (state, app, url):
        process = start("apply", "--yes", "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        working = fleetsync("journal").out
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        app.go.set()
        stopped = fleetsync("journal")
        again = start("apply", "--yes", "--org-url", url, env=ENV)
        _, err = again.communicate(timeout=30)
        assert again.returncode == 0, err
        assert len(state.snapshot()["devices"]) == 3
    settled = fleetsync("journal").out
    assert steady(working, folder) == (
        f"{RUN}  apply, {PLACE}: at work\n"
        "  set out to: create 1 device type and create 3 devices\n"
        "  came of it: 1 device type created\n"
    )
    apply = "fleetsync -C FOLDER apply"
    assert (stopped.code, stopped.err) == (0, "")
    assert steady(stopped.out, folder) == (
        f"{RUN}  apply, {PLACE}: cut off\n"
        "  set out to: create 1 device type and create 3 devices\n"
        "  came of it: 1 device type created\n"
        "  open: nobody knows whether 3 devices were created\n"
        "  its plan is kept: apply --resume carries out the rest\n"
        f"The next apply looks what became of what is open: {apply}\n"
    )
    assert f"apply, {PLACE}: cut off, settled {PLACE}\n" in steady(settled, folder)
    assert "the apply of " in err
    assert " was cut off; looking what became of it\n" in err
    assert err.count("\n") == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_damaged_journal_is_shown_as_such_and_hides_no_other(
    folder: Folder, fleetsync: Fleetsync, form: str
) -> None:
    folder.manifest(FLEET)
    fleetsync("apply", "--yes")
    folder.manifest(FLEET | {"devices": [DEVICES[0] | FLOOR, *DEVICES[1:]]})
    fleetsync("apply", "--yes")
    first, second = runs(folder)
    second.write_bytes(second.read_bytes().replace(b"p-0", b"p-1", 1))
    told = fleetsync("journal", "--format", form)
    assert (told.code, told.err) == (0, "")
    if form == "json":
        broken, whole = told.json["runs"]
        assert (broken["state"], broken["damage"]) == ("damaged", "line 2 is not as it was written")
        assert (broken["file"], whole["state"]) == (str(second), "done")
    else:
        assert told.out.startswith(
            f"{second.stem}  damaged\n  {second}: line 2 is not as it was written\n"
            f"  nothing is guessed from it; the next apply sets it aside\n{first.stem}  apply,"
        )
    assert fleetsync("journal", second.stem).out.startswith(f"{second.stem}  damaged\n")


def test_a_journal_that_nobody_may_read_hides_no_other(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    fleetsync("apply", "--yes")
    (journal,) = runs(folder)
    odd = journal.with_name("20260102T030405-0123456789.jsonl")
    odd.mkdir()
    link = journal.with_name("20260102T030406-0123456789.jsonl")
    link.symlink_to(journal)
    told = fleetsync("journal")
    assert told.code == 0
    assert f"{odd}: it is no file\n" in told.out
    assert f"{link}: it is a link, which could lead anywhere\n" in told.out
    assert f"{journal.stem}  apply" in told.out


def test_a_run_that_nobody_knows_is_told_with_those_near(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    none = fleetsync("journal", "2026")
    assert (none.code, none.out) == (2, "")
    assert "there is no run '2026'; there is none" in none.err
    folder.manifest(FLEET)
    fleetsync("apply", "--yes")
    folder.manifest({})
    folder.manifest({"removedDeviceTypes": ["pump"]})
    assert fleetsync("apply", "--yes", "--allow-deletes", "3").code == 0
    one, two = (path.stem for path in runs(folder))
    several = fleetsync("journal", one[:4])
    assert several.code == 2
    assert f"run '{one[:4]}' may be any of {two}, {one}: write more of it" in several.err
    near = fleetsync("journal", one[:-1] + "x")
    assert near.code == 2
    assert one in near.err
    assert fleetsync("journal", "").code == 2
    assert fleetsync("journal", one).code == 0


def test_a_result_never_replaces_a_journal(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(FLEET)
    fleetsync("apply", "--yes")
    (journal,) = runs(folder)
    before = journal.read_bytes()
    told = fleetsync("journal", "--output", f"json={journal}")
    assert told.code == 1
    assert "it is the journal of a run" in told.err
    assert journal.read_bytes() == before
