from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.manifest.placeholder import PlaceholderError, Reference, read_text


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [""]),
        ("plain", ["plain"]),
        ("${a}", [Reference("a")]),
        ("x ${a} y", ["x ", Reference("a"), " y"]),
        ("${a}${b}", [Reference("a"), Reference("b")]),
        ("${Serial No.}", [Reference("Serial No.")]),
        ("$${a}", ["${a}"]),
        ("$${a} ${a}", ["${a} ", Reference("a")]),
        ("$5 {a} $ {a}", ["$5 {a} $ {a}"]),
        ("100 $", ["100 $"]),
        ("$$", ["$$"]),
    ],
)
def test_a_text_is_cut_at_its_placeholders(text: str, pieces: list[str | Reference]) -> None:
    assert read_text(text) == pieces


@pytest.mark.parametrize("text", ["${", "a ${b", "${}", "${a{b}}", "${a${b}}"])
def test_a_placeholder_without_name_or_end_is_refused(text: str) -> None:
    with pytest.raises(PlaceholderError):
        read_text(text)


@given(st.text(alphabet="ab$"), st.text(alphabet="ab{} "))
def test_escaping_every_mark_gives_the_text_itself(one: str, two: str) -> None:
    text = f"{one}x{two}"
    assert read_text(text.replace("${", "$${")) == [text]
