from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.manifest.idrange import Pattern
from fleetsync.report.ids import count_ids, fold_ids

CASES = {
    "numbers with zeros": ([f"room-{n:03}" for n in range(1, 251)], ["room-{001..250}"]),
    "numbers without": ([f"p-{n}" for n in range(8, 13)], ["p-{8..12}"]),
    "equal steps": ([f"p-{n}" for n in range(0, 101, 5)], ["p-{0..100..5}"]),
    "a gap": (["p-1", "p-2", "p-3", "p-7"], ["p-{1..3}", "p-7"]),
    "two neighbours, two strangers": (["p-1", "p-2", "p-7", "p-9"], ["p-{1..2}", "p-7", "p-9"]),
    "zeros that end": (["p-08", "p-09", "p-10", "p-100"], ["p-100", "p-{08..10}"]),
    "two numbers": (
        [f"f{a}-r{b:02}" for a in range(1, 5) for b in range(1, 21)],
        ["f{1..4}-r{01..20}"],
    ),
    "a number in front of a constant one": (
        [f"lamp{n}-v2" for n in range(1, 10)],
        ["lamp{1..9}-v2"],
    ),
    "no numbers": (["north", "south"], ["north", "south"]),
    "one that begins another": (["a", "a0", "a1"], ["a", "a{0..1}"]),
    "one alone": (["p-1"], ["p-1"]),
    "ids that none should have": (
        ["a b", "x,\u202ey", "{1..3}", ""],
        ['"a b"', '"x,\\u202ey"', '"{1..3}"', '""'],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_ids_are_written_as_the_ranges_of_device_sets(name: str) -> None:
    ids, patterns = CASES[name]
    assert fold_ids(ids) == patterns


IDS = st.lists(
    st.one_of(
        st.integers(0, 120).map(str),
        st.integers(0, 120).map(lambda n: f"{n:03}"),
        st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda ab: f"a{ab[0]}-b{ab[1]:02}"),
        st.text("0123456789abcA._-", min_size=1, max_size=36),
    ),
    unique=True,
    max_size=60,
)


@given(IDS)
def test_the_patterns_stand_for_just_these_ids(ids: list[str]) -> None:
    patterns = fold_ids(ids)
    expanded = [each for pattern in patterns for each in Pattern(pattern).ids()]
    assert sorted(expanded) == sorted(ids)
    assert sum(map(count_ids, patterns)) == len(ids)
    assert len(patterns) <= len(ids)


def test_many_ids_are_tried_by_a_sample_and_still_exact() -> None:
    ids = [f"lamp{n}-v2" for n in range(5_000)]
    assert fold_ids(ids) == ["lamp{0..4999}-v2"]
    odd = [f"{n * 2654435761 % 2**32:08x}" for n in range(5_000)]
    assert sorted(fold_ids(odd)) == sorted(odd)


def test_an_id_that_only_looks_like_a_range_counts_as_one() -> None:
    assert [count_ids(pattern) for pattern in fold_ids(["p-{1..9}", "p-1", "p-2"])] == [2, 1]
