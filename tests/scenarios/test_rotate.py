"""Give devices new tokens, as a user does, while the org is well or refuses what it can."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.journal.folder import run_names
from tests.api.hostile import Hangup
from tests.apply.front import Front, Twist, after, altered, on, open_front, refusal
from tests.faults.promises import timeless
from tests.scenarios.conftest import IMPATIENT, TOKEN, TOP, Fleetsync, Folder
from tests.scenarios.terminal import Terminal
from tests.scenarios.test_events import events_of
from tests.world import KEY

ADD, REMOVE = "POST /bulk/devices/add", "POST /bulk/devices/remove"
BLIND = ("--yes", "--enough", "0%")
SCHEMA = Draft202012Validator(json.loads((TOP / "schemas" / "rotation.schema.json").read_text()))


def device(name: str, **values: Any) -> dict[str, Any]:
    return {"typeId": "pump", "deviceId": name, **values}


FLEET: dict[str, Any] = {
    "deviceTypes": [
        {"id": "pump", "deviceInfo": {"model": "M"}, "metadata": {"line": 7}},
        {"id": "hub", "classId": "Gateway"},
    ],
    "devices": [
        device("p-1", metadata={"a": 1}, location={"latitude": 1, "longitude": 2, "elevation": 3}),
        device("p-2", deviceInfo={"model": ""}, status={"alert": {"enabled": True}}),
        device("p-3"),
        device("p-4", lifecycle={"protect": True}),
        {"typeId": "hub", "deviceId": "h-1"},
    ],
}
PUMPS = ("pump/p-1", "pump/p-2", "pump/p-3")


@pytest.fixture
def front(folder: Folder, credentials: Callable[[str, str], None]) -> Iterator[Front]:
    credentials(KEY.key, TOKEN)
    with open_front(folder.path) as opened:
        folder.settings({"org": {"url": opened.org.url, "callsPerSecond": 1000}})
        yield opened


@pytest.fixture
def fleet(folder: Folder, fleetsync: Fleetsync, front: Front) -> Front:
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    return front


def held(front: Front) -> dict[str, Any]:
    return timeless(front.snapshot)


def is_valid(front: Front, name: str, token: str) -> bool:
    type_id, device_id = name.split("/")
    return front.org.state.check_token(type_id, device_id, token)


def valid(front: Front) -> set[str]:
    """The devices whose token in the secrets file is the one that the org takes."""
    tokens = front.tokens().items()
    return {name for name, token in tokens if is_valid(front, name, token)}


def test_devices_get_new_tokens_and_are_otherwise_as_before(
    fleetsync: Fleetsync, fleet: Front
) -> None:
    before, old = held(fleet), fleet.tokens()
    told = fleetsync("rotate", *BLIND)
    assert told.code == 0, told
    assert held(fleet) == before
    now = fleet.tokens()
    assert {name for name in old if now[name] != old[name]} == set(PUMPS)
    assert valid(fleet) == old.keys()
    assert not any(is_valid(fleet, name, old[name]) for name in PUMPS)
    assert fleetsync("plan", "--exit-code").code == 0
    assert "Left as they are: hub/h-1: it is a gateway: to rotate it all the same" in told.out
    assert "Left as they are: pump/p-4: it is protected by lifecycle.protect" in told.out
    assert not any(token in told.out + told.err for token in (*old.values(), *now.values()))


def test_what_is_named_is_rotated_protected_or_not(fleetsync: Fleetsync, fleet: Front) -> None:
    before, old = held(fleet), fleet.tokens()
    assert fleetsync("rotate", "pump/p-4", "hub", *BLIND).code == 0
    assert held(fleet) == before
    assert {name for name in old if fleet.tokens()[name] != old[name]} == {"pump/p-4", "hub/h-1"}
    assert valid(fleet) == old.keys()
    assert fleetsync("plan", "--exit-code").code == 0


@pytest.mark.parametrize("words", [("nothing",), ("pump/p-9",), ("--type", "fan")])
def test_what_no_manifest_declares_is_not_rotated(
    fleetsync: Fleetsync, fleet: Front, words: tuple[str, ...]
) -> None:
    told = fleetsync("rotate", *words, *BLIND)
    assert told.code == 2
    assert "no manifest declares" in told.err


def test_a_plan_asks_and_writes_nothing_and_fits_its_schema(
    folder: Folder, fleetsync: Fleetsync, fleet: Front
) -> None:
    fleet.asked.clear()
    files = folder.files()
    told = fleetsync("rotate", "--plan", "--format", "json")
    assert told.code == 0
    assert fleet.writes() == []
    assert folder.files() == files
    assert not list(SCHEMA.iter_errors(told.json))
    assert [each["deviceId"] for each in told.json["devices"]] == ["p-1", "p-2", "p-3"]
    assert told.json["summary"]["waves"] == [1, 2]
    assert {each["deviceId"] for each in told.json["stays"]} == {"p-4", "h-1"}


def test_the_report_fits_its_schema_and_events_tell_each_device(
    fleetsync: Fleetsync, fleet: Front
) -> None:
    told = fleetsync("rotate", *BLIND, "--format", "jsonl")
    events = events_of(told.out)
    names = [each["event"] for each in events if each["event"] not in {"reading", "read", "notice"}]
    assert names == [
        *("start", "rotation", "run", "wave", "renewal", "waveEnd"),
        *("wave", "renewal", "renewal", "waveEnd", "rotated", "end"),
    ]
    told = fleetsync("rotate", *BLIND, "--format", "json")
    assert not list(SCHEMA.iter_errors(told.json))
    assert told.json["summary"] == {
        "renewed": 3,
        "kept": 0,
        "unregistered": 0,
        "tokenless": 0,
        "theirs": 0,
        "toCome": 0,
    }
    told = fleetsync("rotate", *BLIND, "--format", "markdown")
    assert told.out.startswith("<!-- fleetsync-rotation: fleet=test digest=sha256:")
    assert "3 devices with new tokens" in told.out


def test_where_nobody_can_be_asked_nothing_is_done(fleetsync: Fleetsync, fleet: Front) -> None:
    fleet.asked.clear()
    told = fleetsync("rotate", "--enough", "0%")
    assert (told.code, fleet.writes()) == (4, [])
    assert "nobody can be asked here: run again with --yes" in told.err


def test_a_wave_beyond_the_limits_is_refused(fleetsync: Fleetsync, fleet: Front) -> None:
    fleet.asked.clear()
    words = ("rotate", "pump", "pump/p-4", "--wave", "100%", *BLIND)
    told = fleetsync(*words)
    assert (told.code, fleet.writes()) == (4, [])
    assert "a wave deletes 4 of 5 devices to register them again" in told.err
    assert fleetsync(*words, "--allow-deletes", "4").code == 0
    assert len(valid(fleet)) == 5


REFUSALS: dict[str, Callable[[], list[Twist]]] = {
    "quota": lambda: [on(ADD, refusal(403, "quota"))],
    "server": lambda: [on(ADD, refusal(503))],
    "server-all-the-same": lambda: [after(ADD, refusal(500))],
    "hangup": lambda: [on(ADD, Hangup())],
    "hangup-all-the-same": lambda: [after(ADD, Hangup())],
    "bad-request": lambda: [on(ADD, refusal(400))],
    "senseless": lambda: [altered(ADD, lambda _: {"what": 1})],
    "all-failed": lambda: [
        altered(ADD, lambda items: [{**item, "success": False} for item in items])
    ],
    "delete-refused": lambda: [on(REMOVE, refusal(403))],
    "delete-all-the-same": lambda: [after(REMOVE, refusal(500))],
    "delete-hangup": lambda: [after(REMOVE, Hangup())],
    "delete-lies": lambda: [
        on(REMOVE, refusal(200)),
    ],
}


@pytest.mark.parametrize("tokens", ["client", "platform"])
@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_registered_is_told_and_the_next_run_registers_it(
    folder: Folder, fleetsync: Fleetsync, front: Front, name: str, tokens: str
) -> None:
    secrets = {"file": "secrets/tokens.jsonl", "tokens": tokens}
    folder.settings({"org": {"url": front.org.url, "callsPerSecond": 1000}, "secrets": secrets})
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    before, old = held(front), front.tokens()
    front.twists = REFUSALS[name]()
    told = fleetsync("rotate", "--wave", "2", *BLIND, waits=IMPATIENT)
    front.twists = []
    there = held(front)["devices"].keys()
    gone = old.keys() - there
    reported = {device for device in PUMPS if f"{device}: " in told.out and "deleted" in told.out}
    assert gone <= reported, told
    if gone:
        assert told.code == 6
        assert "could not be registered again" in told.out
        assert "deleted and not registered again" in told.out
    assert fleetsync("apply", "--yes").code == 0
    assert held(front) == before
    assert valid(front) == old.keys()
    assert fleetsync("plan", "--exit-code").code == 0
    if tokens == "client" and name in {"quota", "bad-request"}:  # nobody can have the new one
        assert all(front.tokens()[device] == old[device] for device in gone)


def test_where_devices_cannot_be_registered_no_more_are_deleted(
    folder: Folder, fleetsync: Fleetsync, fleet: Front
) -> None:
    folder.manifest(
        {**FLEET, "devices": [*FLEET["devices"], *(device(f"q-{n:02}") for n in range(50))]}
    )
    assert fleetsync("apply", "--yes").code == 0
    before = held(fleet)
    fleet.twists = [on(ADD, refusal(403, "quota"))]
    words = ("--wave", "45", "--allow-deletes", "45", *BLIND)
    told = fleetsync("rotate", "pump", *words, "--format", "json", waits=IMPATIENT)
    assert told.code == 6
    summary = told.json["summary"]
    assert (summary["unregistered"], summary["kept"], summary["toCome"]) == (20, 25, 8)
    assert len(before["devices"]) - len(held(fleet)["devices"]) == 20
    fleet.twists = []
    assert fleetsync("rotate", "--resume", *words).code == 0
    assert held(fleet) == before
    assert len(valid(fleet)) == 55


def test_where_nothing_can_be_deleted_it_stops_at_once(fleetsync: Fleetsync, fleet: Front) -> None:
    old = fleet.tokens()
    fleet.twists = [on(REMOVE, refusal(403))]
    told = fleetsync("rotate", *BLIND, waits=IMPATIENT)
    assert told.code == 6
    assert "Stopped: no device of this wave got another token." in told.out
    assert "To come: 2 devices" in told.out
    fleet.twists = []
    assert fleet.tokens() == old
    assert valid(fleet) == old.keys()


def test_a_refusal_that_passes_is_waited_out(fleetsync: Fleetsync, fleet: Front) -> None:
    before = held(fleet)
    fleet.twists = [on(ADD, refusal(403, "quota"), times=1)]
    assert fleetsync("rotate", "pump/p-1", *BLIND).code == 0
    assert held(fleet) == before
    assert len(valid(fleet)) == 5


def test_a_rotation_goes_back_to_the_old_tokens(
    folder: Folder, fleetsync: Fleetsync, fleet: Front
) -> None:
    before, old = held(fleet), fleet.tokens()
    assert fleetsync("rotate", *BLIND).code == 0
    run = run_names(folder.path)[0]
    told = fleetsync("rotate", "--back", run[:15], *BLIND)
    assert told.code == 0
    assert f"3 devices get the tokens from before run {run}" in told.out
    assert (held(fleet), fleet.tokens()) == (before, old)
    assert valid(fleet) == old.keys()
    again = fleetsync("rotate", "--back", run_names(folder.path)[0], *BLIND)
    assert again.code == 0
    assert valid(fleet) == old.keys()
    assert all(fleet.tokens()[name] != old[name] for name in PUMPS)


def test_an_undo_passes_over_a_rotation_and_takes_back_what_was_before(
    folder: Folder, fleetsync: Fleetsync, fleet: Front
) -> None:
    assert fleetsync("rotate", "pump/p-1", *BLIND).code == 0
    run = run_names(folder.path)[0]
    named = fleetsync("undo", run, "--yes")
    assert named.code == 2
    assert f"fleetsync rotate --back {run}" in named.err
    assert fleetsync("undo", "--yes", "--allow-deletes", "9").code == 4  # p-4 is protected
    folder.manifest({**FLEET, "devices": [*FLEET["devices"], device("p-5")]})
    assert fleetsync("apply", "--yes").code == 0
    assert fleetsync("rotate", "pump/p-5", *BLIND).code == 0
    undone = fleetsync("undo", "--yes", "--allow-deletes", "9")
    assert undone.code == 0, undone
    assert "pump/p-5" not in held(fleet)["devices"]
    assert valid(fleet) == held(fleet)["devices"].keys()


def test_some_waves_now_and_the_others_later(fleetsync: Fleetsync, fleet: Front) -> None:
    old = fleet.tokens()
    told = fleetsync("rotate", "--waves", "1", *BLIND)
    assert told.code == 0
    assert "To come: 2 devices, whose tokens are as before." in told.out
    assert [name for name in PUMPS if fleet.tokens()[name] != old[name]] == ["pump/p-1"]
    first = fleet.tokens()["pump/p-1"]
    assert fleetsync("rotate", "--resume", *BLIND).code == 0
    assert fleet.tokens()["pump/p-1"] == first
    assert all(fleet.tokens()[name] != old[name] for name in PUMPS)
    told = fleetsync("rotate", "--resume", *BLIND)
    assert (told.code, told.out) == (
        0,
        "Nothing to resume: the last rotation has left no device with its old token.\n",
    )


def test_a_device_that_somebody_registered_anew_meanwhile_is_left(
    fleetsync: Fleetsync, fleet: Front
) -> None:
    state = fleet.org.state

    def meanwhile(asked: Any, _forward: Any) -> None:
        if asked.path == "/device/types/pump/devices/p-2" and asked.method == "GET":
            fleet.twists = []
            with state.turn(writing=True) as turn:
                turn.connection.execute(
                    "UPDATE device SET registered = '2020-01-01T00:00:00.000Z'"
                    " WHERE device_id = 'p-2'"
                )

    fleet.twists = [meanwhile]
    old = fleet.tokens()
    told = fleetsync("rotate", *BLIND)
    assert told.code == 6
    assert "pump/p-2: it was registered anew since the org was read" in told.out
    assert fleet.tokens()["pump/p-2"] == old["pump/p-2"]
    assert valid(fleet) == old.keys()


def test_policies_are_asked(folder: Folder, fleetsync: Fleetsync, fleet: Front) -> None:
    policy = {
        "name": "stay",
        "message": "a pump stays",
        "over": "change",
        "when": {"action": "delete", "typeId": "pump"},
        "schema": False,
    }
    org = {"url": fleet.org.url, "callsPerSecond": 1000}
    folder.settings({"org": org, "policies": [policy]})
    fleet.asked.clear()
    told = fleetsync("rotate", *BLIND)
    assert (told.code, fleet.writes()) == (4, [])
    assert "a pump stays" in told.err


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_asks(
    folder: Folder, fleetsync: Fleetsync, fleet: Front, answer: str
) -> None:
    old = fleet.tokens()
    env = {"WIOTP_AUTH_KEY": KEY.key, "WIOTP_AUTH_TOKEN": TOKEN}
    with Terminal(folder.path, "rotate", "--enough", "0%", env=env) as terminal:
        terminal.wait_for("Apply these changes? [y/N]: ")
        terminal.type(f"{answer}\r")
        assert terminal.end() == (0 if answer == "y" else 4)
    assert (fleet.tokens() == old) is (answer == "n")
    assert valid(fleet) == old.keys()


def test_a_device_whose_location_cannot_be_read_is_not_deleted(
    fleetsync: Fleetsync, fleet: Front
) -> None:
    old = fleet.tokens()
    fleet.twists = [on("GET /device/types/pump/devices/p-1/location", refusal(403))]
    told = fleetsync("rotate", *BLIND)
    assert told.code == 6
    assert "pump/p-1: it could not be read as a whole, so it was not deleted" in told.out
    assert fleet.tokens()["pump/p-1"] == old["pump/p-1"]
    assert valid(fleet) == old.keys()


def test_a_device_whose_type_is_gone_meanwhile_is_given_up_and_told(
    folder: Folder, fleetsync: Fleetsync, fleet: Front
) -> None:
    fleet.twists = [on(ADD, refusal(403, "quota"))]
    assert fleetsync("rotate", *BLIND, waits=IMPATIENT).code == 6
    fleet.twists = []
    with fleet.org.state.turn(writing=True) as turn:
        for table, column in (("device", "type_id"), ("device_type", "id")):
            turn.connection.execute(f"DELETE FROM {table} WHERE {column} = 'pump'")  # noqa: S608
    folder.manifest({"deviceTypes": FLEET["deviceTypes"][1:], "devices": FLEET["devices"][4:]})
    told = fleetsync("apply", "--yes")
    assert told.code == 0
    assert "pump/p-1: its device type is gone, so it is not registered again" in told.err
    assert "settled" not in fleetsync("apply", "--yes").err


def test_an_open_rotation_is_shown_by_the_journal(
    folder: Folder, fleetsync: Fleetsync, fleet: Front
) -> None:
    fleet.twists = [on(ADD, refusal(403, "quota"))]
    assert fleetsync("rotate", *BLIND, waits=IMPATIENT).code == 6
    shown = fleetsync("journal").out
    assert "open: 1 device deleted for a new token, maybe not registered again" in shown
    run = fleetsync("journal", run_names(folder.path)[0], "--format", "json").json
    assert (run["unregistered"], run["open"]) == (1, True)
    fleet.twists = []
    assert "1 device was deleted for a new token and is registered again" in (
        fleetsync("undo", "--yes", "--allow-deletes", "9").err
    )
    assert "open: " not in fleetsync("journal").out
