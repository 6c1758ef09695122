from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.tokens.mark import SIZE_MAX, Mark, begins_a_mark, parse_mark, render_mark
from tests.tokens.sample import line

WHOLE = line("p-1", "secret-1")
MARK = b'{"compactedBytes": 123, "sha256": "0badcafe"}\n'


def test_a_mark_is_one_line_and_is_read_back() -> None:
    assert render_mark(Mark(123, "0badcafe")) == MARK
    assert parse_mark(MARK) == Mark(123, "0badcafe")


@pytest.mark.parametrize(
    "raw",
    [
        WHOLE,
        MARK[:-2],
        MARK.replace(b"123", b"-1"),
        MARK.replace(b"123", b"true"),
        MARK.replace(b'"0badcafe"', b"1"),
        MARK.replace(b"}", b', "more": 1}'),
    ],
)
def test_nothing_else_is_a_mark(raw: bytes) -> None:
    assert parse_mark(raw) is None


def test_every_beginning_of_a_mark_begins_a_mark() -> None:
    assert all(begins_a_mark(MARK[:size]) for size in range(1, len(MARK) + 1))


@given(st.integers(0, 2**63), st.binary(min_size=32, max_size=32))
def test_every_mark_is_short_enough_and_each_of_its_beginnings_is_known(
    size: int, digest: bytes
) -> None:
    raw = render_mark(Mark(size, digest.hex()))
    assert len(raw) <= SIZE_MAX
    assert all(begins_a_mark(raw[:end]) for end in range(len(raw) + 1))


@given(st.binary())
def test_any_bytes_are_judged_without_an_error(raw: bytes) -> None:
    parse_mark(raw)
    begins_a_mark(raw)


@pytest.mark.parametrize(
    "raw",
    [
        MARK[:20] + WHOLE,
        MARK[:30] + WHOLE[20:],
        MARK[:-1] + WHOLE,
        MARK[:44] + b"secret-1" + WHOLE[-30:],
        WHOLE,
    ],
)
def test_a_mark_that_another_line_was_fused_with_is_no_beginning_of_a_mark(raw: bytes) -> None:
    assert not begins_a_mark(raw)
