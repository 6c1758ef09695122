"""What is logged of a device: shown, added to, cleared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.hostile import in_turn, reply
from tests.scenarios.conftest import IMPATIENT, KEY, TOKEN
from tests.scenarios.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.emulator.running import Emulator
    from tests.scenarios.conftest import Fleetsync, Folder, Serve

FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": "p-1"}],
}
NAME = "pump/p-1"
HOSTILE = "\x1b[2J| `x` <b>@team</b>\n::error::\u202e"


@pytest.fixture
def pump(folder: Folder, fleetsync: Fleetsync) -> Fleetsync:
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    return fleetsync


def shown(fleetsync: Fleetsync) -> Any:
    told = fleetsync("logs", NAME, "--format", "json")
    assert (told.code, told.err) == (0, "")
    return told.json


def test_a_device_of_which_nothing_is_known(pump: Fleetsync) -> None:
    told = pump("logs", NAME)
    assert told == (
        0,
        "pump/p-1\nConnection log: nothing\nDiagnostic log: nothing\nError codes: nothing\n",
        "",
    )
    assert shown(pump) == {
        "formatVersion": 1,
        "typeId": "pump",
        "deviceId": "p-1",
        "connectionLog": [],
        "diagnosticLog": [],
        "errorCodes": [],
    }


def test_what_was_added_is_shown_in_every_form(pump: Fleetsync, folder: Folder) -> None:
    added = pump("logs", NAME, "--add", "Filter changed", "--severity", "warning", "--data", "x")
    assert (added.code, added.err) == (0, "")
    assert added.out.startswith("pump/p-1: added an entry to the diagnostic log\n")
    assert pump("logs", NAME, "--add-error", "-7", "--format", "json").json["done"] == [
        {"added": "errorCodes"}
    ]
    [entry] = shown(pump)["diagnosticLog"]
    assert (entry["message"], entry["severity"], entry["data"]) == ("Filter changed", 1, "x")
    assert [each["errorCode"] for each in shown(pump)["errorCodes"]] == [-7]
    file = folder.path / "logs.md"
    told = pump("logs", NAME, "--output", f"markdown={file}")
    assert f"  {entry['timestamp']}  warning  Filter changed  x\n" in told.out
    assert "Error codes: 1 entry\n" in told.out
    row = f"| `{entry['timestamp']}` | `warning` | `Filter changed` | `x` |"
    assert row in file.read_text("utf-8").splitlines()


CLEARS = [
    ("diagnostics", [{"cleared": "diagnosticLog"}], (0, 1)),
    ("errors", [{"cleared": "errorCodes"}], (1, 0)),
    ("all", [{"cleared": "diagnosticLog"}, {"cleared": "errorCodes"}], (0, 0)),
]


@pytest.mark.parametrize(("what", "done", "left"), CLEARS)
def test_what_is_cleared_is_gone(
    what: str, done: list[dict[str, str]], left: tuple[int, int], pump: Fleetsync
) -> None:
    pump("logs", NAME, "--add", "m", "--add-error", "7")
    told = pump("logs", NAME, "--clear", what, "--yes", "--format", "json")
    assert (told.code, told.json["done"], told.err) == (0, done, "")
    found = shown(pump)
    assert (len(found["diagnosticLog"]), len(found["errorCodes"])) == left


def test_clearing_comes_before_adding(pump: Fleetsync) -> None:
    pump("logs", NAME, "--add", "old")
    told = pump(
        "logs", NAME, "--clear", "diagnostics", "--add", "new", "-y", "--format", "markdown"
    )
    assert told.out.splitlines() == [
        "- `pump/p-1`: cleared the diagnostic log",
        "- `pump/p-1`: added an entry to the diagnostic log",
    ]
    assert [each["message"] for each in shown(pump)["diagnosticLog"]] == ["new"]


def test_nothing_is_cleared_where_nobody_said_so(pump: Fleetsync) -> None:
    pump("logs", NAME, "--add", "m")
    told = pump("logs", NAME, "--clear", "all")
    assert (told.code, told.out) == (4, "")
    assert "run again with --yes" in told.err
    assert len(shown(pump)["diagnosticLog"]) == 1


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("n", 4, 1)])
def test_a_person_is_asked_first(
    answer: str, code: int, left: int, pump: Fleetsync, folder: Folder
) -> None:
    pump("logs", NAME, "--add", "m")
    with Terminal(folder.path, "logs", NAME, "--clear", "diagnostics") as terminal:
        terminal.wait_for("Clear the diagnostic log of pump/p-1 for good? [y/N]: ")
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
    assert len(shown(pump)["diagnosticLog"]) == left


WRONG: list[tuple[list[str], int, str]] = [
    (["logs"], 2, "Missing argument"),
    (["logs", "p-1"], 2, "write TYPE/DEVICE"),
    (["logs", "pump/p/1"], 2, "write TYPE/DEVICE"),
    (["logs", "../p-1"], 2, "only dots"),
    (["logs", "pump/\x1b[2J"], 2, "write TYPE/DEVICE"),
    (["logs", "pump/p-2"], 1, "pump/p-2: the org has no such device"),
    (["logs", "pump/p-2", "--add", "m"], 1, "pump/p-2: the org has no such device"),
    (["logs", NAME, "--severity", "error"], 2, "belong to --add"),
    (["logs", NAME, "--limit", "21"], 2, "1<=x<=20"),
    (["logs", NAME, "--clear", "everything"], 2, "is not one of"),
    (["logs", NAME, "--format", "html"], 2, "logs has no form html"),
    (["logs", NAME, "--output", "json=fleet.yaml"], 2, "fleet's own"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG)
def test_what_is_wrong_is_said(  # noqa: PLR0917 - one for each column
    words: list[str],
    code: int,
    said: str,
    pump: Fleetsync,
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.path)
    told = pump(*words)
    assert (told.code, told.out) == (code, "")
    assert said in told.err
    assert "\x1b" not in told.err


def test_refused_credentials_are_8(
    folder: Folder, fleetsync: Fleetsync, serve: Serve, credentials: Callable[[str, str], None]
) -> None:
    credentials(KEY, TOKEN)
    folder.settings({"org": {"url": serve(in_turn(reply(401, {}))).url}})
    told = fleetsync("logs", NAME, waits=IMPATIENT)
    assert (told.code, told.out) == (8, "")
    assert TOKEN not in told.err


def test_what_was_done_before_something_failed_is_told(
    folder: Folder, fleetsync: Fleetsync, serve: Serve, credentials: Callable[[str, str], None]
) -> None:
    credentials(KEY, TOKEN)
    server = serve(in_turn(reply(204, b""), reply(500, {})))
    folder.settings({"org": {"url": server.url}})
    told = fleetsync("logs", NAME, "--clear", "all", "--yes", waits=IMPATIENT)
    assert (told.code, told.out) == (1, "pump/p-1: cleared the diagnostic log\n")
    assert "may have been carried out or not" in told.err
    assert [each.method for each in server.asked] == ["DELETE", "DELETE"]


def test_connections_are_shown_the_newest_up_to_the_limit(
    folder: Folder,
    fleetsync: Fleetsync,
    emulator: Emulator,
    credentials: Callable[[str, str], None],
) -> None:
    credentials(KEY, TOKEN)
    folder.settings({"org": {"url": emulator.url, "callsPerSecond": 1000}})
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    for _ in range(3):
        emulator.state.note_connection("pump", "p-1")
    told = fleetsync("logs", NAME, "--limit", "2")
    assert "Connection log: 2 entries\n" in told.out
    assert told.out.count("  Token auth succeeded: ClientID='d:embedded:pump:p-1'") == 2


def answers(log: list[Any], codes: list[Any], connections: list[Any]) -> Any:
    return in_turn(reply(200, log), reply(200, codes), reply(200, connections))


@pytest.fixture
def hostile(
    folder: Folder, fleetsync: Fleetsync, serve: Serve, credentials: Callable[[str, str], None]
) -> Callable[..., Fleetsync]:
    """fleetsync, asking an org that answers such lists."""

    def begin(log: list[Any], codes: list[Any], connections: list[Any]) -> Fleetsync:
        credentials(KEY, TOKEN)
        folder.settings({"org": {"url": serve(answers(log, codes, connections)).url}})
        return fleetsync

    return begin


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_hostile_words_stay_words(form: str, hostile: Callable[..., Fleetsync]) -> None:
    log = [{"message": HOSTILE, "severity": HOSTILE, "data": HOSTILE, "timestamp": HOSTILE}]
    told = hostile(log, [{"errorCode": HOSTILE}], [{"message": HOSTILE}])(
        "logs", NAME, "--format", form
    )
    assert (told.code, told.err) == (0, "")
    assert not {"\x1b", "\u202e"} & set(told.out)
    assert not any(line.startswith("::") for line in told.out.splitlines())
    if form == "json":
        assert json.loads(told.out)["diagnosticLog"] == log
    if form == "markdown":
        rows = [line for line in told.out.splitlines() if line[:1] == "|" and "`" in line]
        assert [row.count("|") for row in rows] == [3, 5, 3]


def test_entries_that_are_not_as_they_should_be_are_shown_all_the_same(
    hostile: Callable[..., Fleetsync],
) -> None:
    log = [{"severity": 7, "message": {"a": 1}}, {"severity": -1}, {"severity": True}, {}]
    told = hostile(log, [{"errorCode": None}], [{"message": 5, "other": 1}])("logs", NAME)
    assert told.code == 0
    assert '  7  {"a": 1}\n  -1\n' in told.out
    assert "  5\n" in told.out


@pytest.mark.parametrize("body", [[5], {}, "x"])
def test_a_list_that_is_none_is_an_error(body: Any, hostile: Callable[..., Fleetsync]) -> None:
    told = hostile(body, [], [])("logs", NAME, waits=IMPATIENT)
    assert (told.code, told.out) == (1, "")
    assert "makes no sense" in told.err


LONG = [{"message": "m" * 300, "timestamp": f"{number}"} for number in range(30)]


def test_long_lists_are_folded_and_v_shows_all(hostile: Callable[..., Fleetsync]) -> None:
    fleetsync = hostile(LONG, [], [])
    told = fleetsync("logs", NAME)
    assert "  0  information  " + "m" * 200 + "... (300 characters)\n" in told.out
    assert "  and 10 older ones\n" in told.out
    assert "logs pump/p-1 -v\n" in told.out


def test_v_shows_all(hostile: Callable[..., Fleetsync]) -> None:
    told = hostile(LONG, [], [])("logs", NAME, "-v")
    assert told.out.count("m" * 300) == 30
    assert "To see all" not in told.out


def test_markdown_is_never_longer_than_was_asked_for(hostile: Callable[..., Fleetsync]) -> None:
    told = hostile(LONG, [], [])("logs", NAME, "--format", "markdown", "--max-bytes", "4000")
    assert len(told.out.encode()) <= 4000
    rows = told.out.count("| `information` |")
    assert 0 < rows < 30
    assert f"and {30 - rows} older ones\n" in told.out
