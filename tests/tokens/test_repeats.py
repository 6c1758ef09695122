from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.tokens.repeats import find_repeats
from tests.tokens.sample import line, retired

WHOLE = line("p-1", "secret-1")
RETIRED = retired("p-1", "secret-1")

texts = st.text("ab", max_size=5).map(str.encode)


@given(st.sets(texts), st.lists(texts))
def test_a_repeat_is_a_proper_beginning_of_some_line(
    broken: set[bytes], whole: list[bytes]
) -> None:
    lines = [raw + b"\n" for raw in (*broken, *whole)]
    expected = {
        raw
        for raw in broken
        if any(other.startswith(raw) and other != raw for other in broken)
        or any(other.startswith(raw) for other in set(whole) - broken)
    }
    assert find_repeats(broken, lines) == expected


@pytest.mark.parametrize("other", [WHOLE, retired("p-1", "secret-1", run="another")])
def test_each_beginning_of_a_retired_line_repeats_the_line_it_was_made_from(other: bytes) -> None:
    begins = RETIRED.index(b'"clientId')
    for size in range(begins, len(RETIRED) - 1):
        torn = RETIRED[:size]
        assert find_repeats({torn}, [other, torn + b"\n"]) == {torn}


def test_a_torn_retired_line_of_another_token_is_no_repeat() -> None:
    torn = retired("p-1", "secret-2")[:-30]
    assert find_repeats({torn}, [WHOLE, RETIRED, torn + b"\n"]) == set()


def test_two_torn_lines_that_repeat_each_other_are_not_both_repeats() -> None:
    torn, torn_retired = WHOLE[:-20], RETIRED[:-21]
    lines = [torn + b"\n", torn_retired + b"\n"]
    assert find_repeats({torn, torn_retired}, lines) == set()


def test_many_broken_lines_of_many_lengths_take_no_time() -> None:
    broken = {b"%d " % number * (number % 300 + 1) for number in range(20_000)}
    begins_at = time.process_time()
    assert find_repeats(broken, [raw + b"\n" for raw in broken]) == set()
    assert time.process_time() - begins_at < 5
