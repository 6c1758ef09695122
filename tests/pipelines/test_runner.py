"""The runner of these tests: a mistake in it would let a mistake in a workflow pass."""

from __future__ import annotations

import pytest

from tests.pipelines.command import Command, commands
from tests.pipelines.expression import Scope, Status

CONTEXTS = {
    "inputs": {"name": "it's", "empty": "", "yes": True},
    "steps": {"a-b": {"outputs": {"changes": "0"}, "outcome": "success"}},
    "github": {"event": {"pull_request": {"head": {"repo": None}}}, "event_name": "push"},
}
VALUES = {
    "'it''s'": "it's",
    "inputs.name": "it's",
    "inputs.unknown": None,
    "github.event.pull_request.head.repo.full_name": None,
    "steps.a-b.outputs.changes": "0",
    "steps.a-b.outputs.changes != '0'": False,
    "inputs.name == 'IT''S'": True,
    "inputs.empty || inputs.name": "it's",
    "inputs.name && 'x' || 'y'": "x",
    "!inputs.empty && inputs.yes": True,
    "inputs.empty == '' && (github.event_name == 'push' || false)": True,
    "github.event_name != 'push' || steps.a-b.outcome == 'success'": True,
    "always()": True,
    "3": 3,
}
CONDITIONS = [
    (None, Status(), True),
    (None, Status(failed=True), False),
    ("inputs.yes", Status(failed=True), False),
    ("always() && inputs.yes", Status(failed=True), True),
    ("${{ failure() }}", Status(failed=True), True),
    ("failure()", Status(), False),
    ("success()", Status(cancelled=True), False),
    ("!cancelled()", Status(failed=True), True),
    ("inputs.empty", Status(), False),
]
LOGS = {
    "::error file=a.yaml,line=3::bad%0Athing": [
        Command("error", {"file": "a.yaml", "line": "3"}, "bad\nthing")
    ],
    "  ::notice::seen": [Command("notice", {}, "seen")],
    "a word ::error::not a command": [],
    "an old one ##[error]obeyed anywhere": [Command("error", {}, "obeyed anywhere")],
    "::stop-commands::w\n::error::not\n##[error]not\n::w::\n::error::yes": [
        Command("error", {}, "yes")
    ],
}


@pytest.mark.parametrize(("expression", "value"), VALUES.items())
def test_an_expression_has_the_value_that_github_gives_it(expression: str, value: object) -> None:
    assert Scope(CONTEXTS).value(expression) == value


@pytest.mark.parametrize(("condition", "status", "goes"), CONDITIONS)
def test_a_condition_that_says_nothing_about_it_needs_success(
    condition: str | None, status: Status, goes: bool
) -> None:
    assert Scope(CONTEXTS, status).holds(condition) is goes


def test_values_are_put_into_texts() -> None:
    text = "a ${{ inputs.name }} and ${{ inputs.yes }}${{ inputs.unknown }}."
    assert Scope(CONTEXTS).text(text) == "a it's and true."


@pytest.mark.parametrize("expression", ["unknown.name", "hashFiles('x')", "inputs.name +", "(1"])
def test_what_the_runner_does_not_know_is_an_error(expression: str) -> None:
    with pytest.raises((AssertionError, KeyError, IndexError)):
        Scope(CONTEXTS).value(expression)


@pytest.mark.parametrize(("log", "obeyed"), LOGS.items())
def test_a_log_holds_the_commands_that_a_runner_would_obey(log: str, obeyed: list[Command]) -> None:
    assert list(commands(log.splitlines())) == obeyed


def test_commands_that_are_stopped_for_good_are_noticed() -> None:
    with pytest.raises(AssertionError, match="never allowed again"):
        list(commands(["::stop-commands::w", "::error::x"]))
