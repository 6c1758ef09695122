"""After an apply, `--wait-online` tells which of the new devices came up, and holds nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fleetsync.cli.session import utc_now
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.journal.folder import open_runs
from fleetsync.lock.folder import lock_fleet
from fleetsync.messaging.device import DeviceMessaging
from fleetsync.messaging.endpoint import Endpoint, device_login
from fleetsync.model import DeviceKey
from fleetsync.tokens.file import TokenFile
from tests.api.hostile import Asked, Hangup, reply
from tests.apply.front import ANSWERS, Forward, Front, on, open_front, refusal
from tests.scenarios.conftest import IMPATIENT, TOKEN, Fleetsync, Folder
from tests.scenarios.test_events import events_of
from tests.scenarios.test_settle import cut
from tests.world import KEY

STATES = "/clientconnectionstates"
UP = ("apply", "--yes", "--wait-online")
MOMENT = "0.1s"
FIRST_LOOK = 5
"""Requests: for two pumps, for the hub under both names that it may have, and for a list."""


def fleet(count: int = 3) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "hub", "classId": "Gateway"}, {"id": "pump"}],
        "devices": [
            {"typeId": "hub", "deviceId": "h-0"},
            *({"typeId": "pump", "deviceId": f"p-{number}"} for number in range(count - 1)),
        ],
    }


@pytest.fixture
def front(folder: Folder, credentials: Callable[[str, str], None]) -> Iterator[Front]:
    credentials(KEY.key, TOKEN)
    folder.manifest(fleet())
    with open_front(folder.path) as opened:
        folder.settings({"org": {"url": opened.org.url, "callsPerSecond": 1000}})
        yield opened


def at_look(act: Callable[[], None], number: int = 1) -> Callable[[Asked, Forward], None]:
    """Do something right before the org tells for the so-manieth time of a device."""
    left = [number]

    def twist(asked: Asked, _forward: Forward) -> None:
        if asked.path.startswith(STATES):
            left[0] -= 1
            if left[0] == 0:
                act()

    return twist


def coming(front: Front, *names: str) -> Callable[[], None]:
    def come() -> None:
        for name in names:
            front.org.state.note_connection(*name.split("/"))

    return come


def named(group: dict[str, Any]) -> list[str]:
    assert group["count"] == len(group["devices"])
    return [f"{each['typeId']}/{each['deviceId']}" for each in group["devices"]]


def looks(front: Front) -> list[str]:
    return [each.path for each in front.asked if each.path.startswith(STATES)]


def test_it_ends_as_soon_as_all_have_come(fleetsync: Fleetsync, front: Front) -> None:
    front.twists = [at_look(coming(front, "hub/h-0", "pump/p-0", "pump/p-1"))]
    told = fleetsync(*UP, "10m", "--format", "json")
    assert told.code == 0, told
    online = told.json["online"]
    assert (online["end"], online["devices"]) == ("all", 3)
    assert named(online["connected"]) == ["hub/h-0", "pump/p-0", "pump/p-1"]
    assert "5 changes carried out; waiting up to 10 min 0 s for 3 new devices" in told.err
    assert f"{STATES}/g:embedded:hub:h-0" in looks(front)


def test_those_that_stay_away_are_named_and_the_exit_code_is_that_of_the_apply(
    fleetsync: Fleetsync, front: Front, tmp_path: Path
) -> None:
    front.twists = [at_look(coming(front, "pump/p-1"), FIRST_LOOK)]
    files = {form: tmp_path / form for form in ("markdown", "html", "json")}
    outputs = [word for form, path in files.items() for word in ("--output", f"{form}={path}")]
    told = fleetsync(*UP, MOMENT, *outputs)
    assert told.code == 0, told
    assert "1 of 3 new devices have connected within 0.1 s.\n  Connected: pump/p-1\n" in told.out
    assert "  Not connected: hub/h-0, pump/p-0\n" in told.out
    assert "- Not connected: `hub/h-0, pump/p-0`\n" in files["markdown"].read_text()
    page = files["html"].read_text()
    assert "<h2>New devices: not connected</h2>\n<ul>\n<li>hub/h-0</li>\n<li>pump/p-0</li>" in page
    document = json.loads(files["json"].read_text())
    assert named(document["online"]["notConnected"]) == ["hub/h-0", "pump/p-0"]
    assert document["apiCalls"] == len(front.asked) - reads_of_the_plan(front)


def reads_of_the_plan(front: Front) -> int:
    writes = [number for number, each in enumerate(front.asked) if each.method != "GET"]
    return writes[0]


def test_nothing_is_held_while_it_waits(fleetsync: Fleetsync, front: Front, folder: Folder) -> None:
    free: list[bool] = []

    def look() -> None:
        with (
            lock_fleet(folder.path, now=utc_now(), wait=0, notify=print),
            TokenFile.open(folder.secrets, org=front.org.state.org) as tokens,
        ):
            known = tokens.known("d:embedded:pump:p-0") is not None
            types = front.org.state.snapshot()["deviceTypes"]
            free.append(known and not list(open_runs(folder.path)) and len(types) == 2)

    front.twists = [at_look(look)]
    assert fleetsync(*UP, "0").code == 0
    assert free == [True]


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_org_does_not_tell_is_unknown_and_nobody_waits_for_it(
    fleetsync: Fleetsync, front: Front, status: int
) -> None:
    def refused(asked: Asked, _forward: Forward) -> ANSWERS | None:
        return refusal(status) if asked.path.startswith(STATES) else None

    front.twists = [refused]
    told = fleetsync(*UP, "10m", "--format", "json")
    assert told.code == 0, told
    online = told.json["online"]
    assert online["end"] == "untold"
    assert named(online["unknown"]) == ["hub/h-0", "pump/p-0", "pump/p-1"]
    assert all(str(status) in each["reason"] for each in online["unknown"]["devices"])
    assert online["connected"]["count"] == online["notConnected"]["count"] == 0


def test_a_word_that_nobody_knows_is_no_state(fleetsync: Fleetsync, front: Front) -> None:
    name = "d:embedded:pump:p-0"
    state = reply(200, {"id": name, "connectionStatus": "asleep"})
    front.twists = [on(f"GET {STATES}/{name}", state)]
    online = fleetsync(*UP, "0", "--format", "json").json["online"]
    assert named(online["unknown"]) == ["pump/p-0"]
    assert named(online["notConnected"]) == ["hub/h-0", "pump/p-1"]


def test_a_session_of_before_is_unknown(fleetsync: Fleetsync, front: Front) -> None:
    name = "d:embedded:pump:p-0"
    state = reply(200, {"id": name, "connectionStatus": "connected"})
    front.twists = [on(f"GET {STATES}/{name}", state)]
    told = fleetsync(*UP, "0")
    assert "  Unknown: pump/p-0 (shown as connected, but with an empty connection log" in told.out


def test_one_that_came_and_went_has_come(fleetsync: Fleetsync, front: Front) -> None:
    def come_and_go() -> None:
        front.org.state.note_connection("pump", "p-0")
        front.org.state.note_disconnection("pump", "p-0")

    front.twists = [at_look(come_and_go, FIRST_LOOK)]
    online = fleetsync(*UP, MOMENT, "--format", "json").json["online"]
    assert named(online["connected"]) == ["pump/p-0"]


def test_trouble_is_told_and_the_waiting_goes_on(fleetsync: Fleetsync, front: Front) -> None:
    hung = [4]

    def hang_up(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if not asked.path.startswith(STATES) or hung[0] == 0:
            return None
        hung[0] -= 1
        return Hangup() if hung[0] else None

    front.twists = [hang_up, at_look(coming(front, "hub/h-0", "pump/p-0", "pump/p-1"))]
    told = fleetsync(*UP, "10m", "--format", "json", waits=IMPATIENT)
    assert told.code == 0, told
    assert "Warning: nobody could see who has connected: " in told.err
    assert told.json["online"]["end"] == "all"


def test_what_the_last_look_could_not_see_is_unknown(fleetsync: Fleetsync, front: Front) -> None:
    front.twists = [lambda asked, _: Hangup() if asked.path.startswith(STATES) else None]
    told = fleetsync(*UP, "0", "--format", "json", waits=IMPATIENT)
    assert told.code == 0
    assert told.json["online"]["unknown"]["count"] == 3


def test_ctrl_c_ends_the_waiting_and_keeps_the_report(fleetsync: Fleetsync, front: Front) -> None:
    front.twists = [at_look(lambda: os.kill(os.getpid(), signal.SIGINT), FIRST_LOOK + 1)]
    begun = time.monotonic()
    told = fleetsync(*UP, "10m", "--format", "json")
    assert time.monotonic() - begun < 60
    assert told.code == 0
    assert "interrupted: nobody waits any longer; what was applied stands" in told.err
    assert told.json["error"] is None
    assert told.json["online"]["end"] == "interrupted"
    assert named(told.json["online"]["notConnected"]) == ["hub/h-0", "pump/p-0", "pump/p-1"]


def test_a_failed_change_is_told_as_ever(fleetsync: Fleetsync, front: Front) -> None:
    front.twists = [on("POST /device/types", refusal(400), times=1)]
    told = fleetsync(*UP, "0", "--format", "json")
    assert told.code == 6
    assert told.json["online"]["devices"] == 2
    assert "3 changes carried out, 2 not; waiting" in told.err


@pytest.mark.parametrize(
    ("call", "code", "registered"), [("/device/types", 130, 0), ("/bulk/devices/add", 0, 3)]
)
def test_a_run_that_was_stopped_does_not_wait(
    fleetsync: Fleetsync, front: Front, call: str, code: int, registered: int
) -> None:
    def stop(asked: Asked, _forward: Forward) -> None:
        if (asked.method, asked.path) == ("POST", call):
            front.twists.clear()
            os.kill(os.getpid(), signal.SIGINT)

    front.twists = [stop]
    told = fleetsync(*UP, "10m", "--format", "json")
    assert told.code == code
    assert told.json["online"]["end"] == "notBegun"
    assert told.json["online"]["unknown"]["count"] == registered
    assert looks(front) == []


def test_without_new_devices_nothing_is_asked(
    fleetsync: Fleetsync, front: Front, folder: Folder
) -> None:
    assert fleetsync("apply", "--yes").code == 0
    plain = fleetsync("apply", "--yes")
    assert fleetsync(*UP, "10m") == plain
    changed = fleet()
    changed["devices"][1]["metadata"] = {"floor": 1}
    folder.manifest(changed)
    told = fleetsync(*UP, "10m")
    assert told.code == 0
    assert "No device was registered, so none was waited for.\n" in told.out
    assert looks(front) == []


def test_devices_of_a_run_that_was_cut_off_are_waited_for(
    fleetsync: Fleetsync, front: Front, folder: Folder
) -> None:
    assert fleetsync("apply", "--yes").code == 0
    cut(folder, behind="create devices")
    told = fleetsync(*UP, "0")
    assert told.code == 0
    assert "0 of 3 new devices have connected" in told.out
    assert f"with the tokens in {folder.secrets}" in told.err


@pytest.mark.parametrize("resumed", [False, True])
def test_a_plan_that_was_made_before_is_waited_for_too(
    fleetsync: Fleetsync, front: Front, tmp_path: Path, resumed: bool
) -> None:
    path = tmp_path / "plan.json"
    assert fleetsync("plan", "--out", path).code == 0
    if resumed:
        front.twists = [on("POST /device/types", refusal(400), times=2)]
        assert fleetsync("apply", path).code == 6
    told = fleetsync("apply", *(["--resume"] if resumed else [path]), "--wait-online", "0")
    assert told.code == 0, told
    assert "0 of 3 new devices have connected" in told.out


def test_events_tell_each_device_as_it_comes(
    fleetsync: Fleetsync, front: Front, folder: Folder
) -> None:
    folder.manifest(fleet(30))
    names = [f"pump/p-{number}" for number in range(29)]
    front.twists = [at_look(coming(front, "hub/h-0", *names))]
    events = events_of(fleetsync(*UP, "10m", "--format", "jsonl").out)
    came = [each for each in events if each["event"] == "online"]
    assert [each["done"] for each in came] == list(range(1, 31))
    assert {f"{each['typeId']}/{each['deviceId']}" for each in came} == {"hub/h-0", *names}
    report = next(each for each in events if each["event"] == "report")
    assert report["online"]["connected"]["count"] == report["online"]["devices"] == 30


def test_a_device_that_logs_in_with_its_new_token_has_come(
    fleetsync: Fleetsync, folder: Folder, credentials: Callable[[str, str], None]
) -> None:
    credentials(KEY.key, TOKEN)
    folder.manifest({"deviceTypes": [{"id": "pump"}], "devices": fleet(2)["devices"][1:]})
    with (
        OrgState.open(None) as state,
        run_emulator(state, Place(mqtt_port=0)) as org,
        ThreadPoolExecutor(1) as field,
    ):
        folder.settings({"org": {"url": org.url, "callsPerSecond": 1000}})
        life = field.submit(log_in, folder, org)
        online = fleetsync(*UP, "20s", "--format", "json").json["online"]
        assert life.result()
    assert named(online["connected"]) == ["pump/p-0"]


def log_in(folder: Folder, org: Emulator) -> bool:
    """Be the device: take the token from the secrets file once the run waits, and log in."""
    pause = Event()
    for _ in range(2_000):
        if any("clientconnectionstates" in call for call in org.state.calls):
            break
        pause.wait(0.01)
    (line,) = folder.tokens()
    login = device_login("embedded", DeviceKey("pump", "p-0"), line["authToken"])
    with DeviceMessaging(Endpoint("127.0.0.1", org.mqtt_port, tls=False), login) as device:
        return device.is_connected


def test_a_time_that_is_none_is_told(fleetsync: Fleetsync, front: Front) -> None:
    told = fleetsync(*UP, "soon")
    assert told.code == 2
    assert "is not a duration such as 90s, 10m or 1h" in told.err
    assert front.asked == []
