"""Whoever thinks about a plan for long is not asked again: what still fits is carried out."""

from __future__ import annotations

import pytest

from fleetsync.cli.apply import ANSWER_SECONDS
from tests.scenarios.conftest import Fleetsync, Folder
from tests.scenarios.terminal import Terminal
from tests.scenarios.test_saved_plan import live_models, models, set_model

QUESTION = "Apply these changes? [y/N]: "
AGAIN = "the org was read a while ago: reading it again, to see whether the plan still fits"
MAIN = """
import pathlib, sys
from fleetsync.cli.main import run
from fleetsync.cli.options import Options, Waits
def clock():
    return float(pathlib.Path("clock").read_text())
sys.exit(run(sys.argv[1:], Options(waits=Waits(clock=clock))))
"""


class Thinking:
    """Somebody at a terminal to whom a plan for these models is shown, and a clock that obeys."""

    def __init__(self, folder: Folder, fleetsync: Fleetsync) -> None:
        self.folder, self.fleetsync = folder, fleetsync
        self.screen = ""

    def begin(self, *texts: str) -> Terminal:
        self.folder.manifest(models(*"A" * len(texts)))
        assert self.fleetsync("apply", "--yes").code == 0
        self.folder.manifest(models(*texts))
        self.at(0)
        return Terminal(self.folder.path, "apply", main=MAIN)

    def at(self, seconds: float) -> None:
        (self.folder.path / "clock").write_text(str(seconds), "utf-8")

    def answer(self, terminal: Terminal, seconds: float) -> int:
        self.at(seconds)
        terminal.type("y\r")
        code = terminal.end()
        self.screen = terminal.screen.partition(QUESTION)[2]
        return code


@pytest.fixture
def thinking(folder: Folder, fleetsync: Fleetsync) -> Thinking:
    return Thinking(folder, fleetsync)


@pytest.mark.parametrize(
    ("seconds", "again"), [(ANSWER_SECONDS, False), (ANSWER_SECONDS + 1, True)]
)
def test_a_plan_that_still_fits_is_carried_out_whenever_the_answer_comes(
    thinking: Thinking, seconds: float, again: bool
) -> None:
    with thinking.begin("B", "B") as terminal:
        terminal.wait_for(QUESTION)
        assert thinking.answer(terminal, seconds) == 0
    assert (AGAIN in thinking.screen) is again
    assert "Plan for" not in thinking.screen
    assert "2 devices updated" in thinking.screen


def test_what_changed_while_somebody_thought_is_left_alone(thinking: Thinking) -> None:
    with thinking.begin("B", "B", "A") as terminal:
        terminal.wait_for(QUESTION)
        set_model(thinking.folder, 0, "X")
        set_model(thinking.folder, 2, "X")
        assert thinking.answer(terminal, 1800) == 6
    assert AGAIN in thinking.screen
    assert "1 more change is due by now, which nobody approved" in thinking.screen
    assert "Plan for test in org embedded: update 1 device." in thinking.screen
    assert (
        "pump/p-0 (manifests/fleet.yaml:4): update: left alone, for it changed" in thinking.screen
    )
    assert live_models(thinking.folder) == {"pump/p-0": "X", "pump/p-1": "B", "pump/p-2": "X"}


def test_a_plan_that_does_not_fit_any_more_changes_nothing(thinking: Thinking) -> None:
    with thinking.begin("B") as terminal:
        terminal.wait_for(QUESTION)
        set_model(thinking.folder, 0, "X")
        assert thinking.answer(terminal, 1800) == 5
    assert "the plan that was shown: nothing of it can be applied any more" in thinking.screen
    assert live_models(thinking.folder) == {"pump/p-0": "X"}


def test_an_early_answer_is_taken_at_its_word(thinking: Thinking) -> None:
    with thinking.begin("B") as terminal:
        terminal.wait_for(QUESTION)
        set_model(thinking.folder, 0, "X")
        assert thinking.answer(terminal, 1) == 0
    assert live_models(thinking.folder) == {"pump/p-0": "B"}
