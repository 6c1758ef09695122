"""What a person sees is what was agreed: on terminals of two widths, in colour, in Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.report.terminal.cells import cells
from fleetsync.report.terminal.paint import for_eyes
from tests.golden import WRITES, agreed
from tests.report.screens import SCREENS

PLACE = Path(__file__).parent.parent / "cases" / "screens"
ESCAPE = "\u241b"
"""Stands in the files for the escape character, so that they can be read and compared."""


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", SCREENS)
def test_a_text_fits_its_terminal_as_it_was_agreed(name: str, columns: int) -> None:
    text = "".join(for_eyes(SCREENS[name].text(), columns=columns, color=False))
    assert text == agreed(PLACE / f"{name}.{columns}.txt", text)
    for line in text.splitlines():
        assert cells(line) <= columns or ": fleetsync " in line


@pytest.mark.parametrize("name", SCREENS)
def test_colours_are_as_they_were_agreed_and_hide_nothing(name: str) -> None:
    text = "".join(for_eyes(SCREENS[name].text(), columns=80, color=True))
    shown = text.replace("\x1b", ESCAPE)
    assert shown == agreed(PLACE / f"{name}.color.txt", shown)


@pytest.mark.parametrize("name", [name for name in SCREENS if SCREENS[name].markdown])
def test_markdown_is_as_it_was_agreed(name: str) -> None:
    make = SCREENS[name].markdown
    assert make is not None
    text = make()
    assert text == agreed(PLACE / f"{name}.md", text)


def test_no_file_is_left_from_a_screen_that_is_gone() -> None:
    names = {path.name.partition(".")[0] for path in PLACE.iterdir()}
    assert names == set(SCREENS)


def test_the_files_are_held_and_not_written() -> None:
    assert not WRITES, "FLEETSYNC_WRITE_GOLDEN is set: look at the difference, then run without"
