"""`--format jsonl`: what a command does, told while it does it, in a form that a schema holds."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.cli.event_stream import EventStream, _put_patiently
from fleetsync.cli.main import run
from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.state import OrgState
from tests.scenarios.conftest import KEY, TOKEN, TOP, Fleetsync, Folder, Start
from tests.scenarios.terminal import Terminal

FORMS: dict[str, Any] = json.loads((TOP / "schemas" / "events.schema.json").read_text("utf-8"))
SCHEMA = Draft202012Validator(FORMS)
FACTS = {form["properties"]["event"]["const"]: form["properties"].keys() for form in FORMS["oneOf"]}
FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)],
}
SAVED = "what was carried out stands: see fleetsync journal\n"


def events_of(text: str) -> list[dict[str, Any]]:
    """Read a stream, and hold it against what is promised of all streams."""
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        assert not list(SCHEMA.iter_errors(event)), event
        assert event.keys() <= FACTS[event["event"]], event
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [event["event"] for event in events][0 :: len(events) - 1] == ["start", "end"]
    return events


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def test_a_plan_tells_how_it_is_made_and_each_change(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(FLEET)
    told = fleetsync("plan", "--exit-code", "--format", "jsonl")
    events = events_of(told.out)
    assert names(events) == ["start", "reading", "read", "plan", *["change"] * 4, "end"]
    document = fleetsync("plan", "--format", "json").json
    assert events[3]["digest"] == document["digest"]
    assert events[3]["summary"] == document["summary"]
    assert [event["change"] for event in events[4:8]] == document["changes"]
    assert (told.code, events[-1]["exitCode"], events[-1]["error"]) == (3, 3, None)


def test_an_apply_and_its_undo_tell_each_stage_before_it_and_each_end(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    told = fleetsync("apply", "--yes", "--format", "jsonl")
    events = events_of(told.out)
    assert names(events)[3:] == [
        *("plan", "run", "stage", "outcome", "stage", *["outcome"] * 3, "report", "end")
    ]
    outcomes = [event for event in events if event["event"] == "outcome"]
    assert [(o.get("deviceId"), o["status"], o["done"], o["total"]) for o in outcomes] == [
        (None, "done", 1, 4),
        ("p-0", "done", 2, 4),
        ("p-1", "done", 3, 4),
        ("p-2", "done", 4, 4),
    ]
    assert outcomes[-1]["calls"] == events[-2]["apiCalls"] == 2
    assert events[-2]["summary"]["done"] == 4
    run = fleetsync("journal", "--format", "json").json["runs"][0]["run"]
    assert events[4]["run"] == run
    for token in folder.tokens():
        assert token["authToken"] not in told.out
    undone = events_of(fleetsync("undo", "--allow-deletes", "3", "-y", "--format", "jsonl").out)
    assert undone[0]["command"] == "undo"
    run_event = next(event for event in undone if event["event"] == "run")
    assert run_event["undoes"] == run
    assert undone[-2]["summary"]["done"] == 4


def test_what_is_refused_failed_or_wrong_is_told_with_its_exit_code(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    refused = fleetsync("apply", "--format", "jsonl")
    events = events_of(refused.out)
    assert events[-1]["exitCode"] == refused.code == 4
    assert refused.err == f"Error: {events[-1]['error']}\n"
    assert events[-2]["summary"]["notTried"] == 4
    folder.manifest({"deviceTypes": [{"id": "pump"}], "devices": [{"typeId": "pmp"}, 1]})
    for command in ("validate", "plan", "apply"):
        told = fleetsync(command, "--format", "jsonl")
        events = events_of(told.out)
        assert names(events) == ["start", "problem", "problem", "end"]
        assert events[1]["file"] == "manifests/fleet.yaml"
        assert events[-1]["exitCode"] == told.code == 7


def test_a_valid_fleet_is_counted(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(FLEET)
    events = events_of(fleetsync("validate", "--format", "jsonl").out)
    assert names(events) == ["start", "valid", "end"]
    assert (events[1]["deviceTypes"], events[1]["devices"]) == (1, 3)


def test_waits_are_told_with_their_length(
    folder: Folder, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> None:
    credentials(KEY, TOKEN)
    folder.manifest(FLEET)
    wishes = ["throttled=1", "faultsFirst=2", "faultsOn=POST", "retryAfter=absent"]
    switches, faults = parse_behaviour(wishes)
    with (
        OrgState.open(None, switches=switches, faults=faults) as state,
        run_emulator(state) as org,
    ):
        told = fleetsync("apply", "--yes", "--format", "jsonl", "--org-url", org.url)
    waits = [event for event in events_of(told.out) if event["event"] == "waiting"]
    assert [wait["status"] for wait in waits] == [429, 429]
    assert all(0.2 < wait["seconds"] < 2 for wait in waits)
    assert told.err.splitlines() == [wait["message"] for wait in waits]


def test_a_stream_may_go_to_a_file_beside_another_result(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(FLEET)
    places = [tmp_path / "one", tmp_path / "two"]
    outputs = [word for place in places for word in ("--output", f"jsonl={place}")]
    told = fleetsync("apply", "--yes", *outputs)
    assert told.out.startswith("Plan for test in org embedded")
    for place in places:
        assert events_of(place.read_text("utf-8"))[-1]["exitCode"] == 0


def test_a_file_of_the_fleet_is_never_a_place_for_events(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    before = folder.files()
    manifest = folder.path / "manifests" / "fleet.yaml"
    for command in ("validate", "plan", "apply", "undo"):
        assert fleetsync(command, "--output", f"jsonl={manifest}").code == 2
    assert folder.files() == before


@pytest.mark.parametrize("command", ["show", "journal"])
def test_a_command_that_does_nothing_for_long_has_no_events(
    fleetsync: Fleetsync, command: str
) -> None:
    told = fleetsync(command, "--format", "jsonl", *(["x"] if command == "show" else []))
    assert told.code == 2
    assert f"{command} has no form jsonl" in told.err


def test_each_event_can_be_read_before_the_next_thing_is_done(folder: Folder) -> None:
    folder.manifest(FLEET)
    reading, writing = os.pipe()
    with Terminal(folder.path, "apply", "--format", "jsonl", result=writing) as terminal:
        os.close(writing)
        terminal.wait_for("Apply these changes? [y/N]: ")
        before = os.read(reading, 65536).decode()
        assert names([json.loads(line) for line in before.splitlines()])[-1] == "plan"
        terminal.type("y\r")
        assert terminal.end() == 0
    with os.fdopen(reading, encoding="ascii") as rest:
        assert events_of(before + rest.read())[-1]["exitCode"] == 0


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, err = process.communicate(timeout=30)
    return process.returncode, err


def test_a_reader_that_goes_away_stops_no_apply(folder: Folder, start: Start) -> None:
    folder.manifest(FLEET)
    reading, writing = os.pipe()
    os.close(reading)
    code, err = ended(start("apply", "--yes", "--format", "jsonl", stdout=writing))
    os.close(writing)
    assert (code, err) == (
        1,
        f"Error: stdout: the events cannot be written: Broken pipe; {SAVED}",
    )
    assert len(folder.tokens()) == 3


def test_a_reader_that_goes_away_from_a_plan_needs_no_words(folder: Folder, start: Start) -> None:
    folder.manifest(FLEET)
    reading, writing = os.pipe()
    os.close(reading)
    assert ended(start("plan", "--format", "jsonl", stdout=writing)) == (1, "")
    os.close(writing)


def test_a_full_disk_stops_no_apply_and_is_told(folder: Folder, start: Start) -> None:
    folder.manifest(FLEET)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        code, err = ended(start("apply", "--yes", "--format", "jsonl", stdout=full))
    assert code == 1
    assert err == (f"Error: stdout: the events cannot be written: No space left on device; {SAVED}")
    assert len(folder.tokens()) == 3


def test_a_reader_that_is_stuck_is_given_up_and_what_he_has_is_whole_lines_but_the_last() -> None:
    reading, writing = os.pipe()
    stream = EventStream("stdout", partial(_put_patiently, writing, 0.01))
    for _ in range(200):
        stream.hear("notice", {"message": "x" * 1000})
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as rest:
        *lines, _ = rest.read().split("\n")
    assert stream.fault is not None
    assert stream.fault.strerror == "nobody has read for 0.01 s"
    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) > 10


def test_nothing_is_written_behind_half_a_line() -> None:
    written: list[bytes] = []

    def put(data: bytes) -> None:
        written.append(data[:10])
        raise KeyboardInterrupt

    stream = EventStream("stdout", put)
    with pytest.raises(KeyboardInterrupt):
        stream.hear("notice", {"message": "x"})
    stream.hear("end", {"exitCode": 130, "error": None})
    assert written == [b'{"event": ']


def test_on_a_terminal_events_stand_on_lines_of_their_own(folder: Folder) -> None:
    many = {**FLEET, "deviceSets": [{"typeId": "pump", "deviceIds": ["q-{0001..2000}"]}]}
    folder.manifest(many)
    with Terminal(folder.path, "apply", "--yes", "--format", "jsonl") as terminal:
        assert terminal.end() == 0
    lines = [line.rpartition("\x1b[K")[2] for line in terminal.screen.split("\n")]
    assert len(events_of("\n".join(filter(None, lines)))) > 2000


class StuckAtTheEnd(io.StringIO):
    """A stdout whose reader takes all but the last event, until somebody presses Ctrl-C."""

    def write(self, text: str) -> int:
        if '"event": "end"' in text:
            raise KeyboardInterrupt
        return super().write(text)


def test_ctrl_c_while_a_reader_is_stuck_is_no_traceback(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.manifest(FLEET)
    out = StuckAtTheEnd()
    monkeypatch.setattr(sys, "stdout", out)
    assert run(["-C", str(folder.path), "validate", "--format", "jsonl"]) == 130
    assert names([json.loads(line) for line in out.getvalue().splitlines()]) == ["start", "valid"]
