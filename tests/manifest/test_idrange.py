from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.manifest.idrange import Pattern, PatternError


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("spare-a", ["spare-a"]),
        ("{1..3}", ["1", "2", "3"]),
        ("r-{8..11}", ["r-8", "r-9", "r-10", "r-11"]),
        ("r-{008..011}.x", ["r-008.x", "r-009.x", "r-010.x", "r-011.x"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{010..008}", ["010", "009", "008"]),
        ("{0..10..5}", ["0", "5", "10"]),
        ("{0..12..5}", ["0", "5", "10"]),
        ("{10..0..4}", ["10", "6", "2"]),
        ("{7..7}", ["7"]),
        ("{0..0}", ["0"]),
        ("{00..01}", ["00", "01"]),
        ("{a..d}", ["a", "b", "c", "d"]),
        ("{D..A..2}", ["D", "B"]),
        ("{1..2}-{a..b}", ["1-a", "1-b", "2-a", "2-b"]),
        ("{1..2}{1..2}", ["11", "12", "21", "22"]),
        ("{1..2..99999999999999999999}", ["1"]),
    ],
)
def test_a_pattern_stands_for_ids(text: str, ids: list[str]) -> None:
    pattern = Pattern(text)
    assert (list(pattern.ids()), pattern.count) == (ids, len(ids))


def test_counting_makes_no_ids() -> None:
    nines = "9" * 36
    assert Pattern(f"{{0..{nines}}}{{0..{nines}}}").count == 10**72


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "a{b",
        "{1..}",
        "{..1}",
        "{1...5}",
        "{1..5}}",
        "{{1..5}}",
        "{1..5..}",
        "{1..5..0}",
        "{1.,5}",
        "{+1..5}",
        "{1..5..-1}",
        "{a..5}",
        "{aa..bb}",
        "{a..B}",
        "{²..³}",
        "{1..10..x}",
        "{01..5}",
        "{1..05}",
    ],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(PatternError):
        Pattern(text)


@given(st.text(alphabet="ab019{}.,-", max_size=20))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    try:
        pattern = Pattern(text)
    except PatternError:
        assert "{" in text or "}" in text
        return
    if pattern.count <= 10_000:
        assert len(list(pattern.ids())) == pattern.count


def test_a_number_longer_than_an_id_is_refused() -> None:
    with pytest.raises(PatternError, match="longer than an id"):
        Pattern("{1.." + "9" * 37 + "}")
