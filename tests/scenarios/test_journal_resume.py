"""An apply that was stopped is gone on with: its very plan, without being asked again."""

from __future__ import annotations

import gc
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
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
# its answer came, as a killed client does.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ENV = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
DEVICES = [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)]
FLEET: dict[str, Any] = {"deviceTypes": [{"id": "pump"}], "devices": DEVICES}
MOVED_ON = FLEET | {"devices": DEVICES[:2]}
ADD = "POST /api/v0002/bulk/devices/add"
NOTHING = "Nothing to resume: no apply has left its plan unfinished.\n"


class Silent:
    """An org that does not answer the first request of a kind, be it that it acts on it or not."""

    def __init__(self, app: WSGIApplication, *, acts: bool, kind: str) -> None:
        self._app = app
        self._acts = acts
        self._kind = kind
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kind = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if kind != self._kind or self.asked.is_set():
            return self._app(environ, start_response)
        answer = list(self._app(environ, start_response)) if self._acts else [b""]
        if not self._acts:
            start_response("503 Service Unavailable", [])
        self.asked.set()
        self.go.wait(20)
        return answer


@contextmanager
def silent(*, acts: bool, kind: str = ADD) -> Iterator[tuple[OrgState, Silent, str]]:
    with ExitStack() as stack:
        state = stack.enter_context(OrgState.open(None))
        app = Silent(make_app(state), acts=acts, kind=kind)
        server = stack.enter_context(Server(app))
        stack.callback(app.go.set)
        yield state, app, server.url
    gc.collect()  # here, and not in a later test that knows nothing of it


def plans(folder: Folder) -> list[Path]:
    return sorted((folder.path / ".fleetsync" / "runs").glob("*.plan.json"))


def kill_apply(start: Start, app: Silent, url: str) -> None:
    """Kill an apply that waits for its answer."""
    process = start("apply", "--yes", "--org-url", url, env=ENV)
    assert app.asked.wait(20)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    app.go.set()


@pytest.fixture
def to_org(fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch) -> Fleetsync:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    return fleetsync


@pytest.mark.parametrize("acts", [False, True])
def test_the_rest_of_the_plan_is_carried_out_without_asking(
    folder: Folder, to_org: Fleetsync, start: Start, acts: bool
) -> None:
    folder.manifest(FLEET)
    with silent(acts=acts) as (state, app, url):
        kill_apply(start, app, url)
        (plan,) = plans(folder)
        assert plan.stat().st_mode & 0o777 == 0o600
        told = to_org("apply", "--resume", "--org-url", url)
        assert told.code == 0, told.err
        assert state.calls["POST /device/types"] == 1
        assert state.calls["POST /bulk/devices/add"] == 1
        devices = state.snapshot()["devices"]
        assert len(devices) == len(folder.tokens()) == 3
        for each in folder.tokens():
            assert state.check_token(each["typeId"], each["deviceId"], each["authToken"])
    run = plan.name.removesuffix(".plan.json")
    assert f"going on with {run}: apply, " in told.err
    assert "  set out to: create 1 device type and create 3 devices\n" in told.err
    assert ("4 changes" if acts else "1 change") + " had happened already.\n" in told.out
    assert ("3 devices created" in told.out) is not acts
    assert plans(folder) == []
    assert to_org("apply", "--resume").out == NOTHING


def test_nothing_is_done_where_nothing_was_left(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(FLEET)
    before = folder.files()
    told = fleetsync("apply", "--resume")
    assert (told.code, told.out, told.err) == (0, NOTHING, "")
    assert folder.files() == before
    assert fleetsync("apply", "--yes").code == 0
    before = folder.files()
    told = fleetsync("apply", "--resume", "--format", "json")
    assert (told.code, told.err) == (0, "")
    assert told.json["outcomes"] == told.json["records"] == []
    assert set(told.json["summary"]) == {"done", "already", "failed", "notTried", "records"}
    assert folder.files() == before


def test_a_plan_beside_resume_is_wrong_usage(folder: Folder, fleetsync: Fleetsync) -> None:
    told = fleetsync("apply", "plan.json", "--resume")
    assert (told.code, told.out) == (2, "")
    assert told.err == (
        "Error: --resume goes on with the plan that was begun, so plan.json has no place beside it;"
        " leave one of the two away\n"
    )


def test_a_plan_whose_manifests_moved_on_is_not_gone_on_with(
    folder: Folder, to_org: Fleetsync, start: Start
) -> None:
    folder.manifest(FLEET)
    with silent(acts=True) as (state, app, url):
        kill_apply(start, app, url)
        folder.manifest(MOVED_ON)
        told = to_org("apply", "--resume", "--org-url", url)
        assert told.code == 5
        assert "fleet.yaml or a manifest was changed since the plan was made" in told.err
        assert len(state.snapshot()["devices"]) == 3
        assert len(plans(folder)) == 1
        assert to_org("apply", "--yes", "--allow-deletes", "1", "--org-url", url).code == 0
        assert len(state.snapshot()["devices"]) == len(folder.tokens()) == 2
    assert plans(folder) == []
    assert to_org("apply", "--resume").out == NOTHING


def test_a_plain_apply_settles_what_was_cut_off_and_goes_on(
    folder: Folder, to_org: Fleetsync, start: Start
) -> None:
    folder.manifest(FLEET)
    with silent(acts=True) as (state, app, url):
        kill_apply(start, app, url)
        told = to_org("apply", "--yes", "--org-url", url)
        assert told.code == 0
        assert told.err.count("\n") == 2
        assert told.err.endswith(": 3 devices are registered\n")
        assert told.out.startswith("No changes: ")
        assert len(state.snapshot()["devices"]) == len(folder.tokens()) == 3
    assert plans(folder) == []


def test_an_interrupted_apply_can_be_gone_on_with(
    folder: Folder, to_org: Fleetsync, start: Start
) -> None:
    folder.manifest(FLEET)
    with silent(acts=True, kind="POST /api/v0002/device/types") as (state, app, url):
        process = start("apply", "--yes", "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        process.terminate()
        assert process.stderr is not None
        process.stderr.readline()
        app.go.set()
        process.communicate(timeout=20)
        assert process.returncode == 130
        listed = to_org("journal", "--format", "json").json["runs"]
        assert [(each["state"], each["resumable"]) for each in listed] == [("interrupted", True)]
        assert to_org("apply", "--resume", "--org-url", url).code == 0
        assert len(state.snapshot()["devices"]) == 3
    assert plans(folder) == []


def test_a_plan_that_somebody_altered_is_not_gone_on_with(
    folder: Folder, to_org: Fleetsync, start: Start
) -> None:
    folder.manifest(FLEET)
    with silent(acts=False) as (state, app, url):
        kill_apply(start, app, url)
        (plan,) = plans(folder)
        plan.write_text(plan.read_text().replace('"p-2"', '"p-9"'))
        told = to_org("apply", "--resume", "--org-url", url)
        assert told.code == 5
        assert "was changed or cut short since it was saved" in told.err
        assert state.snapshot()["devices"] == {}


def test_deletes_beyond_the_limits_are_weighed_anew(
    folder: Folder, to_org: Fleetsync, start: Start
) -> None:
    folder.settings({"limits": {"deletePercent": 0, "deleteCount": 0}})
    folder.manifest(FLEET)
    with silent(acts=False, kind="POST /api/v0002/bulk/devices/remove") as (state, app, url):
        assert to_org("apply", "--yes", "--org-url", url).code == 0
        folder.manifest(MOVED_ON)
        process = start("apply", "--yes", "--allow-deletes", "1", "--org-url", url, env=ENV)
        assert app.asked.wait(20)
        process.kill()
        process.wait(20)
        app.go.set()
        refused = to_org("apply", "--resume", "--org-url", url)
        assert refused.code == 4
        assert len(state.snapshot()["devices"]) == 3
        assert len(plans(folder)) == 1
        assert to_org("apply", "--resume", "--allow-deletes", "1", "--org-url", url).code == 0
        assert len(state.snapshot()["devices"]) == len(live_tokens(folder)) == 2
    assert plans(folder) == []


def live_tokens(folder: Folder) -> list[dict[str, str]]:
    """The lines of the secrets file that are valid: a retired token stands deeper."""
    return [each for each in folder.tokens() if "clientId" in each]


def test_no_plan_that_is_kept_holds_a_token(folder: Folder, start: Start) -> None:
    folder.manifest(FLEET)
    with silent(acts=True) as (_, app, url):
        kill_apply(start, app, url)
    (plan,) = plans(folder)
    text = plan.read_text()
    assert json.loads(text)["formatVersion"] == 1
    assert not [each for each in folder.tokens() if each["authToken"] in text]
