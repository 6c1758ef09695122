"""Journals that are damaged, torn, old or in the way; and no token in any file but one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.app import make_app
from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.faults import NO_FAULTS
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState
from fleetsync.journal.folder import KEPT_RUNS
from tests.scenarios.conftest import IMPATIENT, KEY, TOKEN, Fleetsync, Folder, Result, Start
from tests.scenarios.test_journal import runs
from tests.scenarios.test_journal_resume import ADD, kill_apply, live_tokens, silent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# From Python 3.13 on, cheroot's buffers complain when they are collected if a client hung up before
# its answer came, as a killed client does.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

DEVICES = [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)]
FLEET: dict[str, Any] = {"deviceTypes": [{"id": "pump"}], "devices": DEVICES}
FEWER = FLEET | {"devices": DEVICES[:2]}


def floor(number: int) -> dict[str, Any]:
    """The fleet with one device on another floor: a plan of one change."""
    return FLEET | {"devices": [DEVICES[0] | {"metadata": {"floor": number}}, *DEVICES[1:]]}


@pytest.fixture
def to_org(fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch) -> Fleetsync:
    monkeypatch.setenv("WIOTP_AUTH_KEY", KEY)
    monkeypatch.setenv("WIOTP_AUTH_TOKEN", TOKEN)
    return fleetsync


@pytest.mark.parametrize("acts", [False, True])
def test_a_damaged_journal_is_set_aside_and_nothing_is_guessed_from_it(
    folder: Folder, to_org: Fleetsync, start: Start, acts: bool
) -> None:
    folder.manifest(FLEET)
    with silent(acts=acts) as (state, app, url):
        kill_apply(start, app, url)
        promised = folder.tokens()
        (journal,) = runs(folder)
        journal.write_bytes(journal.read_bytes().replace(b"p-1", b"p-7"))
        damaged = journal.read_bytes()
        told = to_org("apply", "--yes", "--org-url", url)
        assert told.code == 0, told.err
        assert len(state.snapshot()["devices"]) == 3
        for each in folder.tokens():
            assert state.check_token(each["typeId"], each["deviceId"], each["authToken"])
    assert told.err == (
        f"Warning: {journal}: the journal is damaged (line 4 is not as it was written): it is set"
        f" aside as {journal.stem}.damaged, and what its run left open is not settled;"
        " every token is kept\n"
    )
    assert journal.with_suffix(".damaged").read_bytes() == damaged
    kept = {each["authToken"] for each in folder.tokens()}
    assert kept == {each["authToken"] for each in promised}
    assert to_org("apply", "--resume").err == ""


def test_a_torn_last_line_is_nothing_to_speak_of(
    folder: Folder, to_org: Fleetsync, start: Start
) -> None:
    folder.manifest(FLEET)
    with silent(acts=True) as (state, app, url):
        kill_apply(start, app, url)
        (journal,) = runs(folder)
        with journal.open("ab") as file:
            file.write(b'{"at": "2026-11-23T17:0')
        told = to_org("apply", "--yes", "--org-url", url)
        assert told.code == 0
        assert len(state.snapshot()["devices"]) == len(folder.tokens()) == 3
    assert "damaged" not in told.err
    assert "settled" in to_org("journal").out


def test_the_last_runs_are_kept_with_the_tokens_that_they_retired(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    folder.manifest(FEWER)
    assert fleetsync("apply", "--yes", "--allow-deletes", "1").code == 0
    deleting = runs(folder)[-1]
    for number in range(KEPT_RUNS):
        assert "retired" in folder.secrets.read_text()
        assert deleting.exists()
        changed = floor(number)
        folder.manifest(changed | {"devices": changed["devices"][:2]})
        assert fleetsync("apply", "--yes").code == 0
    assert "retired" not in folder.secrets.read_text()
    assert not deleting.exists()
    assert len(runs(folder)) == KEPT_RUNS
    assert len(fleetsync("journal", "--format", "json").json["runs"]) == KEPT_RUNS
    assert len(folder.tokens()) == 2


def spoil_with_file(place: Path) -> None:
    place.write_text("mine")


def spoil_with_link(place: Path) -> None:
    (place.parent / "elsewhere").mkdir()
    place.symlink_to("elsewhere")


@pytest.mark.parametrize("spoil", [spoil_with_file, spoil_with_link])
@pytest.mark.parametrize("part", [(), ("runs",)])
def test_where_no_journal_can_be_kept_nothing_is_changed(
    folder: Folder, fleetsync: Fleetsync, spoil: Any, part: tuple[str, ...]
) -> None:
    folder.settings({"org": {"emulator": "org.db", "callsPerSecond": 1000}})
    folder.manifest(FLEET)
    place = folder.path / ".fleetsync"
    if part:
        place.mkdir()
    spoil(place.joinpath(*part))
    told = fleetsync("apply", "--yes")
    assert told.code == 1
    assert told.err.startswith(f"Error: {place}")
    assert told.err.endswith("mend it, and run again\n")
    assert planned(fleetsync("plan", "--format", "json")) == (1, 3)
    assert not (folder.path / "elsewhere").is_dir() or not [*(folder.path / "elsewhere").iterdir()]
    assert not folder.secrets.exists() or folder.tokens() == []


def planned(told: Result) -> tuple[int, int]:
    summary = told.json["summary"]
    return summary["deviceTypes"]["create"], summary["devices"]["create"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_to_lets_nothing_be_changed(
    folder: Folder, fleetsync: Fleetsync
) -> None:
    folder.settings({"org": {"emulator": "org.db", "callsPerSecond": 1000}})
    folder.manifest(FLEET)
    place = folder.path / ".fleetsync"
    place.mkdir()
    place.chmod(0o500)
    told = fleetsync("apply", "--yes")
    place.chmod(0o700)
    assert told.code == 1
    assert "Permission denied; " in told.err
    assert planned(fleetsync("plan", "--format", "json")) == (1, 3)


class FillsTheDisk:
    """An org that acts on a request, and meanwhile the journal's disk gets full."""

    def __init__(self, app: WSGIApplication, kind: str, folder: Folder) -> None:
        self._app = app
        self._kind = kind
        self._folder = folder

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = list(self._app(environ, start_response))
        if f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}" == self._kind:
            self._fill()
        return answer

    def _fill(self) -> None:
        """Let the system answer each further write to the journal as a full disk does."""
        (journal,) = runs(self._folder)
        full = os.open("/dev/full", os.O_WRONLY)
        for open_file in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                if open_file.readlink() == journal:
                    os.dup2(full, int(open_file.name))
        os.close(full)


HEAVY = [each | {"metadata": {"load": "x" * 300_000}} for each in DEVICES]
"""Only one of them goes into a bulk request (platform page 4.2: 512 KB)."""


@pytest.mark.parametrize("tokens", ["client", "platform"])
def test_a_disk_that_fills_lets_nothing_more_begin_and_loses_no_token(
    folder: Folder, to_org: Fleetsync, tokens: str
) -> None:
    folder.settings({"secrets": {"tokens": tokens}})
    folder.manifest(FLEET | {"devices": HEAVY})
    with OrgState.open(None) as state:
        with Server(FillsTheDisk(make_app(state), ADD, folder)) as server:
            told = to_org("apply", "--yes", "--org-url", server.url)
        (journal,) = runs(folder)
        assert told.code == 6
        assert told.err == (
            f"Error: {journal}: the journal cannot be written: No space left on device;"
            " nothing is done that is not noted there: mend it, and run again\n"
        )
        assert "1 device type created and 1 device created" in told.out
        assert "2 changes not tried:\n" in told.out
        assert state.calls["POST /bulk/devices/add"] == 1
        token = next(each for each in folder.tokens() if each["deviceId"] == "p-0")
        assert state.check_token("pump", "p-0", token["authToken"])
        assert "cut off" in to_org("journal").out
        with Server(make_app(state)) as server:
            again = to_org("apply", "--yes", "--org-url", server.url)
        assert again.code == 0, again.err
        assert len(state.snapshot()["devices"]) == len(folder.tokens()) == 3
        for each in folder.tokens():
            assert state.check_token(each["typeId"], each["deviceId"], each["authToken"])


FAULTS = ("itemFails=30%", "itemSeemsFailed=20%", "itemLeftOut=20%", "statusAfter=20%")
YES = ("--yes", "--allow-deletes", "3", "--format", "json", "-v")


@pytest.mark.parametrize("tokens", ["client", "platform"])
@pytest.mark.parametrize("trouble", [False, True])
def test_no_token_stands_in_any_file_but_the_secrets_file(
    folder: Folder, to_org: Fleetsync, start: Start, tokens: str, trouble: bool
) -> None:
    folder.settings({"secrets": {"tokens": tokens}})
    seen: set[str] = set()
    with silent(acts=True, kind=ADD) as (state, app, url):
        if trouble:
            folder.manifest(FLEET)
            kill_apply(start, app, url)
            state.faults = parse_behaviour([*FAULTS, "faultSeed=7"]).faults
        app.asked.set()
        for manifest in (FLEET, FEWER, floor(2), FLEET, FEWER):
            folder.manifest(manifest)
            told = to_org("apply", *YES, "--org-url", url, waits=IMPATIENT)
            assert trouble or told.code == 0, told.err
            seen |= tokens_in(folder)
            listed = to_org("journal", "-v").out
            one = to_org("journal", runs(folder)[-1].stem, "-v").out
            assert not [each for each in seen if each in told.out + told.err + listed + one]
        state.faults = NO_FAULTS
        assert to_org("apply", *YES, "--org-url", url).code == 0
        assert len(state.snapshot()["devices"]) == 2
        for each in live_tokens(folder):
            assert state.check_token(each["typeId"], each["deviceId"], each["authToken"])
    assert len(live_tokens(folder)) == 2
    seen |= tokens_in(folder)
    for name, content in folder.files().items():
        if name != "secrets/tokens.jsonl":
            assert not [token for token in seen if token.encode() in content], name


def tokens_in(folder: Folder) -> set[str]:
    lines = folder.tokens()
    whole: list[Any] = [each.get("retired", each) for each in lines]
    return {each["authToken"] for each in whole}
