"""After an apply, somebody waits for the devices that it registered."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.cli.session import utc_now
from fleetsync.emulator.app import make_app
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import parse_switches
from fleetsync.lock.folder import lock_fleet
from fleetsync.messaging.device import DeviceMessaging
from fleetsync.messaging.endpoint import Endpoint, device_login
from fleetsync.model import DeviceKey
from tests.scenarios.conftest import IMPATIENT, KEY, TOKEN, TOP, Fleetsync, Folder, Start
from tests.scenarios.test_settle import cut

EVENTS = json.loads((TOP / "schemas" / "events.schema.json").read_text("utf-8"))
MOMENT = 0.01
STATES = "/clientconnectionstates"
APPLY = ("apply", "--yes", "--wait-online")


def fleet(pumps: int) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}, {"id": "hub", "classId": "Gateway"}],
        "devices": [
            {"typeId": "hub", "deviceId": "h-0"},
            *({"typeId": "pump", "deviceId": f"p-{number}"} for number in range(pumps)),
        ],
    }


@pytest.fixture
def org(folder: Folder, credentials: Callable[[str, str], None]) -> Iterator[Emulator]:
    """An org in which nothing is registered yet; the manifests declare a hub and two pumps."""
    credentials(KEY, TOKEN)
    with OrgState.open(None) as state, run_emulator(state, accounts={KEY: TOKEN}) as running:
        folder.settings({"org": {"url": running.url, "callsPerSecond": 1000}})
        folder.manifest(fleet(2))
        yield running


def comes_up(org: Emulator, *names: str) -> Thread:
    """Let devices connect as soon as they are registered."""

    def work() -> None:
        for name in names:
            type_id, device_id = name.split("/")
            while name not in org.state.snapshot()["devices"]:
                time.sleep(MOMENT)
            org.state.note_connection(type_id, device_id)

    thread = Thread(target=work)
    thread.start()
    return thread


def test_all_that_come_up_end_the_waiting(org: Emulator, fleetsync: Fleetsync) -> None:
    thread = comes_up(org, "hub/h-0", "pump/p-0", "pump/p-1")
    result = fleetsync(*APPLY, "10m")
    thread.join()
    assert result.code == 0
    assert "for 3 devices: 3 came up." in result.out


def test_those_that_stay_away_are_named_and_are_no_failure(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    thread = comes_up(org, "pump/p-1")
    result = fleetsync(*APPLY, "1.5", "--format", "json")
    thread.join()
    assert result.code == 0
    online = result.json["online"]
    assert (online["up"], online["away"], online["unknown"]) == (1, 2, 0)
    assert online["upDevices"] == ["pump/p-1"]
    assert online["awayDevices"] == ["hub/h-0", "pump/p-0"]
    assert online["seconds"] >= 1.5


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_tells_of_them(org: Emulator, fleetsync: Fleetsync, form: str) -> None:
    result = fleetsync(*APPLY, "0", "--format", form)
    assert result.code == 0
    assert "for 3 devices: 3 did not" in result.out
    assert "hub/h-0" in result.out
    assert "Error" not in result.err


@pytest.mark.parametrize("status", ["403", "404"])
def test_what_the_org_does_not_tell_is_unknown_and_not_waited_for(
    org: Emulator, fleetsync: Fleetsync, status: str
) -> None:
    org.state.switches = parse_switches([f"clientStates={status}"])
    result = fleetsync(*APPLY, "10m", "--format", "json")
    assert result.code == 0
    online = result.json["online"]
    assert (online["up"], online["away"], online["unknown"]) == (0, 0, 3)
    assert status in online["reason"]


def test_nobody_waits_where_nothing_was_registered(org: Emulator, fleetsync: Fleetsync) -> None:
    assert fleetsync("apply", "--yes").code == 0
    for words in (APPLY, ("apply", "--resume", "--wait-online")):
        result = fleetsync(*words, "10m", "--format", "json")
        assert result.code == 0
        assert "waiting" not in result.err
        assert "online" not in result.out


def is_waiting(org: Emulator) -> bool:
    return any("clientconnectionstates" in call for call in org.state.calls)


def test_neither_lock_nor_journal_waits_with_it(
    org: Emulator, fleetsync: Fleetsync, folder: Folder, start: Start
) -> None:
    """Another apply may go on meanwhile, and finds nothing to settle."""
    ends: list[tuple[int, str]] = []

    def another() -> None:
        while not is_waiting(org):
            time.sleep(MOMENT)
        folder.manifest(fleet(3))
        process = start("apply", "--yes")
        ends.append((process.wait(), "".join(process.communicate())))
        for name in ("h-0", "p-0", "p-1"):
            org.state.note_connection("hub" if name == "h-0" else "pump", name)

    thread = Thread(target=another)
    thread.start()
    assert "3 came up" in fleetsync(*APPLY, "1m").out
    thread.join()
    ((code, told),) = ends
    assert code == 0
    assert "1 device created" in told
    assert "cut off" not in told


def test_a_signal_ends_the_waiting_and_the_report_is_told(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    def interrupt() -> None:
        while not is_waiting(org):
            time.sleep(MOMENT)
        os.kill(os.getpid(), signal.SIGINT)

    thread = Thread(target=interrupt)
    thread.start()
    result = fleetsync(*APPLY, "10m", "--format", "json")
    thread.join()
    assert result.code == 130
    assert result.json["summary"]["done"] == 5
    assert result.json["online"]["away"] + result.json["online"]["unknown"] == 3
    assert "what was applied stays" in result.err
    assert fleetsync("plan", "--exit-code").code == 0


def test_events_tell_of_each_that_comes_up(org: Emulator, fleetsync: Fleetsync) -> None:
    thread = comes_up(org, "hub/h-0", "pump/p-0", "pump/p-1")
    events = [
        json.loads(line) for line in fleetsync(*APPLY, "10m", "--format", "jsonl").out.splitlines()
    ]
    thread.join()
    for event in events:
        Draft202012Validator(EVENTS).validate(event)
    told = [event["deviceId"] for event in events if event["event"] == "online"]
    assert sorted(told) == ["h-0", "p-0", "p-1"]
    (report,) = [event for event in events if event["event"] == "report"]
    assert report["online"]["up"] == 3


def test_nobody_waits_for_devices_of_an_embedded_org(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(fleet(1))
    result = fleetsync(*APPLY, "10m")
    assert result.code == 0
    assert "2 did not (no device can connect to an embedded org" in result.out


@pytest.mark.parametrize("word", ["soon", "-1", "1d"])
def test_what_is_no_time_is_told(org: Emulator, fleetsync: Fleetsync, word: str) -> None:
    result = fleetsync(*APPLY, word)
    assert result.code == 2
    assert org.state.snapshot()["devices"] == {}


@pytest.mark.parametrize(
    ("kind", "code", "registered"),
    [("POST /device/types", 130, 0), ("POST /bulk/devices/add", 0, 3)],
)
def test_a_run_that_was_stopped_waits_for_nobody(
    org: Emulator, fleetsync: Fleetsync, kind: str, code: int, registered: int
) -> None:
    """Also where the signal came during the last request, so that nothing was left undone."""
    with open_front_of(org.state, lambda: os.kill(os.getpid(), signal.SIGINT), kind) as url:
        result = fleetsync(*APPLY, "10m", "--format", "json", "--org-url", url)
    assert result.code == code
    assert "online" not in result.json
    assert len(org.state.snapshot()["devices"]) == registered
    assert not is_waiting(org)


@contextmanager
def open_front_of(
    state: OrgState, act: Callable[[], None], kind: str, states: Sequence[int] = ()
) -> Iterator[str]:
    """Serve an org and do something, once, when a request of a kind comes.

    ``states`` are errors that come first where somebody asks who is connected.
    """
    app, waits, errors = make_app(state), [True], list(states)

    def acting(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"].removeprefix("/api/v0002")
        if errors and "clientconnectionstates" in path:
            start_response(f"{errors.pop()} No", [])
            return [b""]
        if waits[0] and f"{environ['REQUEST_METHOD']} {path}" == kind:
            waits[0] = False
            act()
        return app(environ, start_response)

    with Server(acting) as server:
        yield server.url


def test_devices_of_a_run_that_was_cut_off_are_waited_for(
    org: Emulator, fleetsync: Fleetsync, folder: Folder
) -> None:
    assert fleetsync("apply", "--yes").code == 0
    cut(folder, behind="create devices")
    result = fleetsync(*APPLY, "0")
    assert result.code == 0
    assert "for 3 devices: 3 did not" in result.out
    assert f"with the tokens in {folder.secrets}" in result.err


@pytest.mark.parametrize("lock", ["folder", "org"])
def test_no_lock_is_held_meanwhile_and_the_calls_are_counted(
    org: Emulator, fleetsync: Fleetsync, folder: Folder, lock: str
) -> None:
    folder.settings({"org": {"url": org.url, "callsPerSecond": 1000}, "lock": lock})
    free: list[bool] = []

    def look() -> None:
        with lock_fleet(folder.path, now=utc_now(), wait=0, notify=print):
            free.append(len(org.state.snapshot()["deviceTypes"]) == 2)

    with open_front_of(org.state, look, "GET /clientconnectionstates/d:embedded:pump:p-0") as url:
        waited = fleetsync(*APPLY, "0", "--format", "json", "--org-url", url)
    assert free == [True]
    assert (
        waited.json["apiCalls"] == 3 + 5
    )  # writes; then three devices, one under both names, and a list


def test_a_signal_ends_the_waiting_at_once_although_nobody_answers(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    """The report is told, and no retry of what was asked goes on behind it."""
    silence = threading.Event()

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        silence.wait(5)

    asked = "GET /clientconnectionstates/d:embedded:pump:p-0"
    with open_front_of(org.state, interrupt, asked) as url:
        begun = time.monotonic()
        result = fleetsync(*APPLY, "10m", "--format", "json", "--org-url", url)
        took = time.monotonic() - begun
        silence.set()
    assert result.code == 130
    assert took < 4
    assert result.json["online"]["unknown"] == 3
    assert result.json["online"]["reason"] == "interrupted before all were asked for"


def test_trouble_is_told_and_looked_beyond(org: Emulator, fleetsync: Fleetsync) -> None:
    with open_front_of(org.state, lambda: None, "", states=[503]) as url:
        thread = comes_up(org, "hub/h-0", "pump/p-0", "pump/p-1")
        result = fleetsync(*APPLY, "10m", "--org-url", url, waits=IMPATIENT)
        thread.join()
    assert result.code == 0
    assert "Warning: nobody could see who has come up: " in result.err
    assert "3 came up." in result.out


def test_a_session_that_nobody_saw_begin_may_be_one_from_before(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    def forget_logins() -> None:
        org.state.note_connection("pump", "p-0")
        with org.state.turn(writing=True) as turn:
            turn.connection.execute("DELETE FROM connection_log")

    with open_front_of(org.state, forget_logins, f"GET {STATES}/d:embedded:pump:p-0") as url:
        online = fleetsync(*APPLY, "0", "--format", "json", "--org-url", url).json["online"]
    assert online["unknownDevices"] == ["pump/p-0"]
    assert "it may be a session from before" in online["reason"]


def test_one_that_came_and_went_between_two_looks_has_come(
    org: Emulator, fleetsync: Fleetsync
) -> None:
    def come_and_go() -> None:
        org.state.note_connection("pump", "p-0")
        org.state.note_disconnection("pump", "p-0")

    with open_front_of(org.state, come_and_go, f"GET {STATES}") as url:  # when all were asked for
        told = fleetsync(*APPLY, "0.1", "--format", "json", "--org-url", url)
    assert told.json["online"]["upDevices"] == ["pump/p-0"]


def test_a_device_that_logs_in_with_its_new_token_comes_up(
    fleetsync: Fleetsync, folder: Folder, credentials: Callable[[str, str], None]
) -> None:
    credentials(KEY, TOKEN)
    folder.manifest({"deviceTypes": [{"id": "pump"}], "devices": fleet(1)["devices"][1:]})
    with (
        OrgState.open(None) as state,
        run_emulator(state, Place(mqtt_port=0)) as org,
        ThreadPoolExecutor(1) as field,
    ):
        folder.settings({"org": {"url": org.url, "callsPerSecond": 1000}})
        life = field.submit(log_in, folder, org)
        online = fleetsync(*APPLY, "20s", "--format", "json").json["online"]
        assert life.result()
    assert online["upDevices"] == ["pump/p-0"]


def log_in(folder: Folder, org: Emulator) -> bool:
    """Be the device: take the token from the secrets file once the run waits, and log in."""
    for _ in range(2_000):
        if is_waiting(org):
            break
        time.sleep(MOMENT)
    (line,) = folder.tokens()
    login = device_login("embedded", DeviceKey("pump", "p-0"), line["authToken"])
    with DeviceMessaging(Endpoint("127.0.0.1", org.mqtt_port, tls=False), login) as device:
        return device.is_connected
