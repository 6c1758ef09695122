"""On a terminal: questions, colours and the bar."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Folder
from tests.scenarios.terminal import Terminal

QUESTION = "Apply these changes? [y/N]: "
NOTHING = "Error: not confirmed; nothing was changed\n"
STOPPED = "Error: interrupted; nothing was changed\n"


def pumps(count: int) -> dict[str, Any]:
    devices = [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(count)]
    return {"deviceTypes": [{"id": "pump"}], "devices": devices}


ANSWERS: list[tuple[str, int, str]] = [
    ("n\r", 4, f"n\n{NOTHING}"),
    ("\r", 4, f"\n{NOTHING}"),
    ("perhaps\r", 4, f"perhaps\n{NOTHING}"),
    ("\xff\r", 4, f"\xff\n{NOTHING}"),
    ("\x04", 4, f"\n{NOTHING}"),  # Ctrl-D, the end of the input
    ("\x03", 130, f"^C\n{STOPPED}"),  # Ctrl-C
]


@pytest.mark.parametrize(("keys", "code", "words"), ANSWERS)
def test_all_but_a_yes_leaves_the_org_alone(
    folder: Folder, keys: str, code: int, words: str
) -> None:
    folder.manifest(pumps(2))
    with Terminal(folder.path, "apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(keys)
        assert terminal.end() == code
        assert terminal.screen.partition(QUESTION)[2] == words
    assert not folder.secrets.exists()


def test_a_signal_at_the_question_is_a_no(folder: Folder) -> None:
    folder.manifest(pumps(2))
    with Terminal(folder.path, "apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
        assert terminal.screen.endswith(STOPPED)


@pytest.mark.parametrize("answer", ["y", "Yes"])
def test_a_yes_applies_the_plan_that_was_shown(folder: Folder, answer: str) -> None:
    folder.manifest(pumps(2))
    with Terminal(folder.path, "apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(f"{answer}\r")
        assert terminal.end() == 0
        assert "1 device type created and 2 devices created" in terminal.screen
    assert len(folder.tokens()) == 2


def test_who_is_asked_has_seen_the_plan_even_if_a_machine_gets_the_result(
    folder: Folder, tmp_path: Path
) -> None:
    folder.manifest(pumps(2))
    result = tmp_path / "result.json"
    with (
        result.open("w", encoding="utf-8") as file,
        Terminal(folder.path, "apply", "--format", "json", result=file.fileno()) as terminal,
    ):
        terminal.wait_for(QUESTION)
        assert terminal.screen.startswith("Plan for test in org embedded: create 1 device type")
        terminal.type("y\r")
        assert terminal.end() == 0
    assert json.loads(result.read_text("utf-8"))["summary"]["done"] == 3


@pytest.mark.parametrize(
    ("env", "words", "colored"),
    [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": ""}, (), True),
        ({"TERM": "dumb"}, (), False),
        ({}, ("--no-color",), False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    folder: Folder, env: dict[str, str], words: tuple[str, ...], colored: bool
) -> None:
    folder.manifest(pumps(1))
    with Terminal(folder.path, "plan", *words, env={"NO_COLOR": "", **env}) as terminal:
        assert terminal.end() == 0
        assert ("\x1b[" in terminal.screen) == colored
        assert re.sub(r"\x1b\[\d*m", "", terminal.screen).startswith(
            "Plan for test in org embedded: create 1 device type"
        )


@pytest.mark.parametrize("columns", [100, 24])
def test_the_bar_keeps_to_one_line_and_leaves_nothing_behind(
    folder: Folder, columns: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder.manifest(pumps(9000))
    result = tmp_path_factory.mktemp("out") / "result.json"
    words = ("apply", "--yes", "--format", "json")
    with (
        result.open("w", encoding="utf-8") as file,
        Terminal(folder.path, *words, columns=columns, result=file.fileno()) as terminal,
    ):
        assert terminal.end() == 0
    drawn = terminal.screen.split("\r\x1b[K")
    assert drawn[0] == drawn[-1] == ""
    bars = [text for text in drawn if text]
    assert bars
    assert all(len(text) < columns and "\n" not in text for text in bars)
    if columns == 100:
        assert re.fullmatch(
            r"\[#+\.*\] applying: [\d,]+ of 9,001, [\d,]+ a second, [\d.]+ s left", bars[-1]
        )
    assert result.read_text("utf-8").startswith("{")
