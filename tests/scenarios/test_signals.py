"""A signal in the middle: what was begun is finished, and told."""

from __future__ import annotations

import gc
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.app import make_app
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState
from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder, Start

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# From Python 3.13 on, cheroot's buffers complain when they are collected if a client hung up before
# its answer came, as the clients of this module do.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}, {"id": "valve"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)],
}
ENV = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}


class HeldUp:
    """An org that keeps one kind of request waiting until it is let go."""

    def __init__(self, app: WSGIApplication, kind: str) -> None:
        self._app = app
        self._kind = kind
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}" == self._kind:
            self.asked.set()
            self.go.wait(20)
        return self._app(environ, start_response)


@contextmanager
def held_up(kind: str) -> Iterator[tuple[OrgState, HeldUp, str]]:
    with ExitStack() as stack:
        state = stack.enter_context(OrgState.open(None))
        app = HeldUp(make_app(state), kind)
        server = stack.enter_context(Server(app))
        stack.callback(app.go.set)
        yield state, app, server.url
    gc.collect()  # here, and not in a later test that knows nothing of it


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_request_in_flight_is_finished_and_the_report_is_true(
    folder: Folder, start: Start, number: signal.Signals
) -> None:
    folder.manifest(FLEET)
    with held_up("POST /api/v0002/bulk/devices/add") as (state, app, url):
        command = ("apply", "--yes", "--org-url", url, "--format", "json")
        process = start(*command, env=ENV)
        assert app.asked.wait(20)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline() == (
            f"{number.name}: finishing what was begun; once more stops at once\n"
        )
        app.go.set()
        out, err = process.communicate(timeout=20)
        report = json.loads(out)
        assert report["summary"] == {
            "done": 5,
            "already": 0,
            "failed": 0,
            "notTried": 0,
            "records": {"done": 0, "already": 0, "failed": 0, "notTried": 0},
        }
        assert len(state.snapshot()["devices"]) == len(folder.tokens()) == 3
    assert (process.returncode, err) == (0, "")


def test_what_was_not_begun_is_told_and_the_next_run_goes_on(
    folder: Folder, start: Start, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> None:
    folder.manifest(FLEET)
    credentials(KEY, TOKEN)
    with held_up("POST /api/v0002/device/types") as (state, app, url):
        process = start("apply", "--yes", "--org-url", url, "--format", "json")
        assert app.asked.wait(20)
        process.terminate()
        assert process.stderr is not None
        assert process.stderr.readline().startswith("SIGTERM: finishing what was begun")
        app.go.set()
        out, err = process.communicate(timeout=20)
        ends = {
            f"{each['typeId']}/{each.get('deviceId', '')}": each["status"]
            for each in json.loads(out)["outcomes"]
        }
        assert ends.pop("pump/") == "done"
        assert set(ends.values()) == {"notTried"}
        assert (process.returncode, err) == (
            130,
            "Error: interrupted: what was begun was finished, the rest was not tried; run again to"
            " go on\n",
        )
        assert state.calls["POST /device/types"] == 1
        assert fleetsync("apply", "--yes", "--org-url", url).code == 0
        assert len(folder.tokens()) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_stops_at_once_and_no_token_is_lost(
    folder: Folder, start: Start, number: signal.Signals
) -> None:
    folder.manifest(FLEET)
    with held_up("POST /api/v0002/bulk/devices/add") as (_, app, url):
        process = start("apply", "--yes", "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        process.send_signal(number)
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(number)
        assert process.wait(20) == 130
        assert len(folder.tokens()) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_reading_stops_at_once(folder: Folder, start: Start, number: signal.Signals) -> None:
    folder.manifest(FLEET)
    with held_up("GET /api/v0002/device/types") as (_, app, url):
        process = start("apply", "--yes", "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert not app.go.is_set()
    assert (process.returncode, out, err.strip()) == (
        130,
        "",
        "Error: interrupted; run again to go on",
    )
    assert not folder.secrets.exists()


def test_what_nohup_ignores_stays_ignored(folder: Folder, start: Start) -> None:
    folder.manifest(FLEET)
    with held_up("POST /api/v0002/device/types") as (_, app, url):
        shell = """trap '' HUP; exec "$@" """
        process = start("apply", "--yes", "--org-url", url, env=ENV, shell=shell)
        assert app.asked.wait(20)
        os.kill(process.pid, signal.SIGHUP)
        app.go.set()
        assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 0


def test_of_two_applies_at_once_one_is_told_to_wait(folder: Folder, start: Start) -> None:
    folder.manifest(FLEET)
    with held_up("POST /api/v0002/device/types") as (state, app, url):
        first = start("apply", "--yes", "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        second = start("apply", "--yes", "--org-url", url, env=ENV)
        _, err = second.communicate(timeout=20)
        assert second.returncode == 1
        assert "another apply" in err
        app.go.set()
        assert first.communicate(timeout=20)[1] == ""
        assert first.returncode == 0
        assert len(state.snapshot()["devices"]) == len(folder.tokens()) == 3


def state_of_the_newest_run(fleetsync: Fleetsync) -> str:
    runs = fleetsync("journal", "--format", "json").json["runs"]
    return str(runs[0]["state"])


@pytest.fixture
def declared(folder: Folder, credentials: Callable[[str, str], None]) -> None:
    credentials(KEY, TOKEN)
    folder.manifest(FLEET)


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize("command", ["apply", "undo"])
@pytest.mark.parametrize("signals", [1, 2])
def test_a_signal_during_a_request_is_told_by_the_journal(
    fleetsync: Fleetsync, start: Start, command: str, signals: int
) -> None:
    held = {"apply": "POST /api/v0002/device/types", "undo": "POST /api/v0002/bulk/devices/remove"}
    with held_up(held[command]) as (state, app, url):
        if command == "undo":
            assert fleetsync("apply", "--yes", "--org-url", url).code == 0
        allow = ("--allow-deletes", "9") if command == "undo" else ()
        process = start(command, "--yes", *allow, "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        process.terminate()
        assert process.stderr is not None
        assert any(line.startswith("SIGTERM: finishing") for line in process.stderr)
        if signals == 2:
            process.terminate()
            assert process.wait(20) == 130
        app.go.set()
        process.communicate(timeout=20)
        assert process.returncode == 130
        assert state_of_the_newest_run(fleetsync) == ("interrupted", "cut off")[signals - 1]
        assert fleetsync(command, "--yes", *allow, "--org-url", url).code == 0
        assert len(state.snapshot()["devices"]) == (3 if command == "apply" else 0)


@pytest.mark.parametrize("call", ["remove", "add"])
def test_a_rotation_that_is_interrupted_leaves_no_device_deleted(
    folder: Folder,
    fleetsync: Fleetsync,
    start: Start,
    credentials: Callable[[str, str], None],
    call: str,
) -> None:
    credentials(KEY, TOKEN)
    with held_up(f"POST /api/v0002/bulk/devices/{call}") as (state, app, url):
        folder.settings({"org": {"url": url, "callsPerSecond": 1000}})
        folder.manifest(FLEET)
        app.go.set()
        assert fleetsync("apply", "--yes").code == 0
        app.go.clear()
        app.asked.clear()
        before = state.snapshot()
        process = start("rotate", "--yes", "--enough", "0%", env=ENV)
        assert app.asked.wait(20)
        process.send_signal(signal.SIGINT)
        app.go.set()
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130, err
        assert "To come: 2 devices, whose tokens are as before." in out
        assert_same_but_for_marks(before, state.snapshot())
        for line in folder.tokens():
            assert state.check_token(line["typeId"], line["deviceId"], line["authToken"])


def assert_same_but_for_marks(one: dict[str, Any], other: dict[str, Any]) -> None:
    for each in (*one["devices"].values(), *other["devices"].values()):
        each.get("metadata", {}).pop("fleetsync", None)
    assert one == other
