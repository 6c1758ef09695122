from __future__ import annotations

import re
import time

import pytest

from fleetsync.cli.progress import Progress, notice, warn


def test_a_task_that_is_soon_over_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("reading") as told:
        told.update(1, 2)
        told.update(2, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (500, 2000, r"reading: 500 of 2,000, [\d,]+ a second, [\d.]+ s left\n"),
        (0, 2000, r"reading: 0 of 2,000, 0 a second\n"),
        (1500, None, r"reading: 1,500, [\d,]+ a second\n"),
        (3, 2, r"reading: 3 of 2, \d+ a second, 0\.0 s left\n"),
    ],
)
def test_elsewhere_than_on_a_terminal_it_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], done: int, total: int | None, words: str
) -> None:
    with Progress("reading", line_seconds=0.02) as told:
        time.sleep(0.03)
        told.update(done, total)
        told.update(done, total)  # too early for another line
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(words, captured.err)


def test_notices_and_warnings_are_lines_on_stderr_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    notice("the org \x1b[2J is busy\n::error")
    warn("mode 0644")
    assert capsys.readouterr() == (
        "",
        "the org \\x1b[2J is busy\\x0a::error\nWarning: mode 0644\n",
    )
