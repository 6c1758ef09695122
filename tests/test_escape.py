from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.escape import shown, shown_lines, shown_value


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain, ünïcode, 東京", "plain, ünïcode, 東京"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("one\ntwo\r\tthree", "one\\x0atwo\\x0d\\x09three"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("half\ud800", "half\\ud800"),
    ],
)
def test_what_would_not_show_as_itself_is_escaped(text: str, safe: str) -> None:
    assert shown(text) == safe


@given(st.text(st.characters(codec=None)))
def test_nothing_shown_can_move_a_cursor(text: str) -> None:
    categories = {unicodedata.category(character) for character in shown(text)}
    assert not categories & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown(text)) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_line_ends_of_ours_are_kept() -> None:
    assert shown_lines("one\n\x1b[2Jtwo") == "one\n\\x1b[2Jtwo"


def test_long_values_are_shortened_with_their_length() -> None:
    assert shown_value({"a": [1, True, None]}) == '{"a": [1, true, null]}'
    assert shown_value("x" * 300) == '"' + "x" * 199 + "... (302 characters)"
