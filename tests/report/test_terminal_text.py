from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.report.terminal.cells import cells, clipped, cut, padded, words_of
from fleetsync.report.terminal.fold import folded
from fleetsync.report.terminal.paint import for_eyes


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("room-101", 8),
        ("房间-101", 8),
        ("가나", 4),
        ("\u1100\u1161", 2),  # a letter of Hangul in two parts
        ("e\u0301te\u0301", 3),
        ("😀", 2),
        ("ﾊﾝｶｸ", 4),  # half-width
        ("עברית", 5),
        ("", 0),
    ],
)
def test_cells_are_counted_as_a_terminal_draws_them(text: str, count: int) -> None:
    assert cells(text) == count
    assert cells(padded(text, 12)) == 12


def test_text_is_cut_between_letters_and_never_within_one() -> None:
    assert cut("房间房间", 5) == ("房间", "房间")
    assert cut("房间", 1) == ("房", "间")
    assert cut("e\u0301e\u0301", 1) == ("e\u0301", "e\u0301")
    assert cut("abcdef", 4) == ("abcd", "ef")


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abc..."),
        ("房间房间", 7, "房间..."),
        ("房间房间", 4, "..."),
        ("abcdef", 2, ".."),
        ("abcdef", 0, ""),
    ],
)
def test_what_is_clipped_fits_and_says_so(text: str, width: int, shown: str) -> None:
    assert clipped(text, width) == shown


def test_words_keep_the_spaces_behind_them() -> None:
    assert list(words_of("one  two three ")) == ["one  ", "two ", "three "]


FOLDS: list[tuple[str, list[str]]] = [
    ("Warning: short.", ["Warning: short."]),
    (
        "Warning: type pump: 12 existing devices keep what the type said before, as before.",
        [
            "Warning: type pump: 12 existing devices",
            "         keep what the type said before,",
            "         as before.",
        ],
    ),
    (
        "      metadata.note    one two three four five six seven",
        ["      metadata.note    one two three", "        four five six seven"],
    ),
    (
        '      floor  "a long value of many words" -> "another"',
        ['      floor  "a long value of many', '             words"', '             -> "another"'],
    ),
    (
        "      note   " + "x" * 40,
        ["      note   " + "x" * 27, "             " + "x" * 13],
    ),
    (
        "  + pump/p-1                              manifests/devices.yaml:3",
        ["  + pump/p-1", "      manifests/devices.yaml:3"],
    ),
    (
        "      on p-00, p-01, p-02, p-03, p-04, p-05 and 2 more",
        ["      on p-00, p-01, p-02, p-03, p-04,", "         p-05 and 2 more"],
    ),
    (
        "      note   房间房间房间房间房间房间房间房间",
        ["      note   房间房间房间房间房间房间房", "             间房间"],
    ),
    (
        "To carry it out: fleetsync -C examples/building apply plan.json --yes",
        ["To carry it out: fleetsync -C examples/building apply plan.json --yes"],
    ),
    (
        "Tokens of new devices: /a/very/long/path/that/nobody/wants/to/see/cut.jsonl",
        ["Tokens of new devices:", "  /a/very/long/path/that/nobody/wants/to/see/cut.jsonl"],
    ),
]


@pytest.mark.parametrize(("line", "rows"), FOLDS)
def test_a_long_line_goes_on_in_its_own_column(line: str, rows: list[str]) -> None:
    assert list(folded(line, 40)) == rows


LINES = st.builds(
    lambda start, words: start + " ".join(words),
    st.sampled_from(["Warning: ", "Refused: ", "  + ", "  ~ ", "      a.b   ", "      ", "  "]),
    st.lists(st.text("ab房é\u0301 ->", min_size=1, max_size=60), min_size=1, max_size=9),
)


@given(LINES, st.integers(40, 120))
def test_folding_loses_nothing_and_fits(line: str, columns: int) -> None:
    rows = list(folded(line, columns))
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")
    assert all(cells(row.rstrip(" ")) <= columns for row in rows)
    assert len(rows) <= len(line)


@pytest.mark.parametrize(
    ("line", "colored"),
    [
        ("  + pump/p-1\n", "\x1b[32m  + pump/p-1\x1b[0m\n"),
        ("  - pump/p-1\n", "\x1b[31m  - pump/p-1\x1b[0m\n"),
        ("  ~ pump/p-1", "\x1b[33m  ~ pump/p-1\x1b[0m"),
        ("DELETE 1 DEVICE\n", "\x1b[1;31mDELETE 1 DEVICE\x1b[0m\n"),
        ("Update 1 device\n", "\x1b[1;33mUpdate 1 device\x1b[0m\n"),
        ("Refused: too many.\n", "\x1b[31mRefused: too many.\x1b[0m\n"),
        ("      serial: 1 -> 2\n", "      serial: 1 -> 2\n"),
        ("\n", "\n"),
    ],
)
def test_a_line_is_coloured_by_how_it_begins_and_reset_before_it_ends(
    line: str, colored: str
) -> None:
    assert list(for_eyes([line], columns=0, color=True)) == [colored]


def test_each_row_of_a_folded_line_has_its_colour_and_no_other_line_has() -> None:
    line = f"Refused: {'word ' * 12}\nAPI calls: 3.\n"
    shown = list(for_eyes([line], columns=40, color=True))
    assert len(shown) == 2
    assert [len(re.findall(r"\x1b\[31m.*\x1b\[0m", row)) for row in shown[0].split("\n")] == [
        *(1, 1),
        0,
    ]
    assert shown[1] == "API calls: 3.\n"


def test_without_columns_and_colour_text_stays_as_it_is() -> None:
    pieces = ["x" * 500 + "\n", "one\ntwo\n", "three"]
    assert "".join(for_eyes(pieces, columns=0, color=False)) == "".join(pieces)
