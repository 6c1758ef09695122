"""`apply --watch`: drawn in place on a terminal, gone at the end, lines where no terminal is."""

from __future__ import annotations

import fcntl
import re
import signal
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.running import Emulator, run_emulator
from fleetsync.emulator.state import OrgState
from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder
from tests.scenarios.terminal import Terminal

WORDS = ("apply", "--yes", "--format", "json", "--watch")


def pumps(floor: int) -> dict[str, Any]:
    return {
        "deviceTypes": [{"id": "pump"}],
        "deviceSets": [
            {"typeId": "pump", "deviceIds": ["p-{001..400}"], "metadata": {"floor": floor}}
        ],
    }


@pytest.fixture
def org() -> Iterator[Emulator]:
    """An org that lets itself be asked for two updates a second, so that there is time to look."""
    switches, faults = parse_behaviour(["slowAnswer=1", "slowSeconds=0.2", "faultsOn=PUT"])
    with (
        OrgState.open(None, switches=switches, faults=faults) as state,
        run_emulator(state) as running,
    ):
        yield running


@pytest.fixture
def at_work(
    folder: Folder, org: Emulator, fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    """An apply with 400 updates before it, which nobody waits for."""
    monkeypatch.setenv("WIOTP_AUTH_KEY", KEY)
    monkeypatch.setenv("WIOTP_AUTH_TOKEN", TOKEN)
    folder.settings({"org": {"url": org.url, "callsPerSecond": 20}})
    folder.manifest(pumps(1))
    assert fleetsync("apply", "--yes").code == 0
    folder.manifest(pumps(2))
    result = folder.path / "result.json"
    with (
        result.open("w", encoding="utf-8") as file,
        Terminal(folder.path, *WORDS, result=file.fileno(), env={"NO_COLOR": "1"}) as terminal,
    ):
        yield terminal


def last_frame(terminal: Terminal) -> list[str]:
    """Give what was drawn last, without the signs that draw it."""
    frames = re.split(r"(?:\x1b\[\d+A)?\r\x1b\[K(?=Applying)", terminal.screen)
    return [line.removeprefix("\x1b[K") for line in frames[-1].split("\n")]


def test_it_is_drawn_again_in_its_place_and_the_first_ctrl_c_ends_it_well(
    at_work: Terminal, folder: Folder
) -> None:
    at_work.wait_for(" a second; 1.")
    drawn = last_frame(at_work)
    assert drawn[0].startswith("Applying to test in org embedded: run 20")
    assert re.match(r"  update 400 devices       \[#*\.+\] \d+ of 400, \d+/s, .* left", drawn[1])
    assert f"\x1b[{len(drawn) - 1}A\r" in at_work.screen or "\x1b[2A\r" in at_work.screen
    at_work.type("\x03")
    at_work.wait_for("  Stopping: what was begun is finished; Ctrl-C once more stops at once")
    assert at_work.end() == 130
    tail = at_work.screen.rpartition("\x1b[J")[2]
    assert tail == (
        "Error: interrupted: what was begun was finished, the rest was not tried; run again to go"
        " on\n"
    )
    assert "SIGINT" not in at_work.screen
    assert (folder.path / "result.json").read_text("utf-8").startswith("{")


def test_the_second_ctrl_c_ends_it_at_once_and_the_shell_has_its_own_line(
    at_work: Terminal,
) -> None:
    at_work.wait_for(" a second; 1.")
    at_work.process.send_signal(signal.SIGINT)
    at_work.process.send_signal(signal.SIGTERM)
    assert at_work.end() == 130
    assert at_work.screen.endswith("\n")
    assert "\x1b[?" not in at_work.screen  # no mode of the terminal was changed


def test_a_terminal_that_gets_narrower_is_drawn_in_its_new_width(at_work: Terminal) -> None:
    at_work.wait_for(" a second; 1.")
    fcntl.ioctl(at_work._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 50, 0, 0))
    at_work.wait_for("...\n")  # so far each line had room
    seen = at_work.screen.index("...\n")
    at_work.type("\x03")
    at_work.wait_for("  Stopping: what was begun is finished; Ctrl-C...")
    at_work.end()
    view = at_work.screen[seen:].rpartition("\x1b[J")[0]
    rows = re.sub(r"\x1b\[\d*[A-K]", "", view).replace("\r", "\n").split("\n")
    assert max(map(len, rows)) < 50


def test_where_no_terminal_is_it_is_as_without(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(pumps(1))
    told = fleetsync("apply", "--yes", "--watch")
    assert (told.code, told.err) == (0, "")
    assert "400 devices created" in told.out
