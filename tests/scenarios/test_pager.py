"""Long text goes through a pager, on a terminal alone, and never before a question."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Fleetsync, Folder, Start
from tests.scenarios.terminal import Terminal

WORDS = ("plan", "-v")
KEEPING = "sh -c 'cat > paged.txt'"


def pumps(count: int) -> dict[str, Any]:
    devices = [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(count)]
    return {"deviceTypes": [{"id": "pump"}], "devices": devices}


@pytest.fixture
def paged(folder: Folder) -> Path:
    folder.manifest(pumps(60))
    return folder.path / "paged.txt"


def screen_of(folder: Folder, *words: str, **env: str) -> tuple[int, str]:
    with Terminal(folder.path, *words, env={"PAGER": KEEPING, "NO_COLOR": "", **env}) as terminal:
        return terminal.end(), terminal.screen


def test_a_long_plan_goes_to_the_pager_whole_and_in_colour(folder: Folder, paged: Path) -> None:
    code, screen = screen_of(folder, *WORDS, "--exit-code")
    assert (code, screen) == (3, "")
    text = paged.read_text("utf-8")
    assert "\x1b[32m  + pump/p-59" in text
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert plain == screen_of(folder, *WORDS, "--no-pager", NO_COLOR="1")[1]


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("--no-pager",), {}),
        ((), {"PAGER": ""}),
        ((), {"PAGER": "cat"}),
        ((), {"PAGER": "no-such-program"}),
        ((), {"PAGER": "'open"}),
        ((), {"TERM": "dumb"}),
    ],
)
def test_without_a_pager_all_is_written_at_once(
    folder: Folder, paged: Path, words: tuple[str, ...], env: dict[str, str]
) -> None:
    code, screen = screen_of(folder, *WORDS, *words, **env)
    assert code == 0
    assert "pump/p-59" in screen
    assert not paged.exists()


def test_what_fits_on_the_screen_needs_no_pager(folder: Folder, paged: Path) -> None:
    folder.manifest(pumps(2))
    assert "pump/p-1" in screen_of(folder, *WORDS)[1]
    assert not paged.exists()


def test_an_apply_shows_its_plan_above_its_question(folder: Folder, paged: Path) -> None:
    with Terminal(folder.path, "apply", "-v", env={"PAGER": KEEPING}) as terminal:
        terminal.wait_for("Apply these changes? [y/N]: ")
        assert "pump/p-59" in terminal.screen
        terminal.type("n\r")
        assert terminal.end() == 4
    assert not paged.exists()


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--exit-code",), 3)])
def test_who_leaves_the_pager_early_has_seen_enough(
    folder: Folder, words: tuple[str, ...], code: int
) -> None:
    folder.manifest(pumps(5000))
    ended, screen = screen_of(folder, *WORDS, *words, PAGER="head -1", NO_COLOR="1")
    assert (ended, screen.count("\n")) == (code, 1)
    assert screen.startswith("Plan for test in org embedded: ")


needs_less = pytest.mark.skipif(
    shutil.which("less") is None, reason="less is a program of its own that a system may lack"
)


@needs_less
def test_in_less_ctrl_c_ends_nothing_and_q_leaves_all_as_it_was(folder: Folder) -> None:
    folder.manifest(pumps(5000))
    with Terminal(folder.path, *WORDS, env={"PAGER": "less", "LESS": "FX"}) as terminal:
        terminal.wait_for("\x1b[32m  + pump/p-1 ")
        terminal.type("\x03")
        for _ in range(100):  # less passes over keys that come while it hears the signal
            if terminal.process.poll() is None:
                terminal.type("q")
                time.sleep(0.1)
        assert terminal.end() == 0
    assert "Error" not in terminal.screen


@needs_less
def test_a_signal_ends_the_pager_as_well(folder: Folder) -> None:
    folder.manifest(pumps(5000))
    with Terminal(folder.path, *WORDS, env={"PAGER": "less"}) as terminal:
        terminal.wait_for("pump/p-1 ")
        terminal.process.terminate()
        assert terminal.end() == 130


@pytest.mark.parametrize(
    ("env", "colored"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({}, False),
    ],
)
def test_colours_can_be_had_where_no_terminal_is(
    folder: Folder, start: Start, env: dict[str, str], colored: bool
) -> None:
    folder.manifest(pumps(1))
    naught = {"NO_COLOR": "", "FORCE_COLOR": "", "CLICOLOR_FORCE": ""}
    out, _ = start("plan", env={**naught, **env}).communicate(timeout=30)
    assert ("\x1b[32m  + pump\x1b[0m" in re.sub(" +manifests.*?:\\d", "", out)) == colored


def test_lines_are_folded_to_columns_and_never_for_a_file(
    folder: Folder, fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.manifest({"deviceTypes": [{"id": "pump", "description": "word " * 60}]})

    def widest(text: str) -> int:
        return max(map(len, text.splitlines()[:-1]))  # the last one is a command to be copied

    assert widest(fleetsync("plan").out) > 200
    with Terminal(folder.path, "plan", columns=80, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 0
        assert 60 < widest(terminal.screen) <= 80
    monkeypatch.setenv("COLUMNS", "60")
    assert widest(fleetsync("plan").out) <= 60
    monkeypatch.setenv("COLUMNS", "x")
    assert widest(fleetsync("plan").out) > 200
