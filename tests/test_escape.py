from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.escape import shown, shown_lines, shown_pair, shown_value


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
        ("a ##vso[task.setvariable variable=A]b", "a \\x23#vso[task.setvariable variable=A]b"),
        ("###[error]", "#\\x23#[error]"),
        ("##\u200b[error]", "##\\u200b[error]"),
        ("# no #command[ ## nor this", "# no #command[ ## nor this"),
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
    assert shown_value("x" * 300, full=True) == '"' + "x" * 300 + '"'


def test_two_long_values_are_shown_from_near_their_difference() -> None:
    start = "x" * 300
    assert shown_pair(f"{start}one", f"{start}other, and more") == (
        "..." + "x" * 19 + 'one" (305 characters)',
        "..." + "x" * 19 + 'other, and more" (317 characters)',
    )
    assert shown_pair(f"{start}one", f"{start}two", full=True) == (
        f'"{start}one"',
        f'"{start}two"',
    )


def test_two_long_values_that_differ_early_are_shown_from_the_start() -> None:
    assert shown_pair("a" * 300, "b") == ('"' + "a" * 199 + "... (302 characters)", '"b"')


@given(st.text("ab", max_size=3), st.text("ab", max_size=3), st.integers(0, 500))
def test_two_different_values_never_look_the_same(one: str, other: str, length: int) -> None:
    sides = shown_pair("x" * length + one + "y" * length, "x" * length + other + "y" * length)
    assert (sides[0] == sides[1]) == (one == other)
