from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.api.collation import Key, Order

IDS = st.text("abzABZ019._-", min_size=1, max_size=4)
KEYS = st.lists(st.tuples(IDS, IDS), unique=True, max_size=30)
PUNCTUATION = dict.fromkeys(map(ord, "._-"))


def in_order(*pages: list[Key]) -> bool:
    order = Order()
    for page in pages:
        order.take(page)
    return not order.broken


def in_pages(keys: list[Key], size: int) -> list[list[Key]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def by_dictionary(text: str) -> tuple[list[int], str]:
    """Punctuation before digits before letters, as CouchDB's tests of its own collation have it."""
    return ["_-.0123456789abcdefghijklmnopqrstuvwxyz".index(c) for c in text.lower()], text


@pytest.mark.parametrize(
    "column",
    [
        str,
        lambda text: (text.casefold(), text),
        lambda text: (text.casefold(), text.swapcase()),
        lambda text: (text.upper(), text),
        lambda text: (text.translate(PUNCTUATION), text),
        lambda text: (text.translate(PUNCTUATION).casefold(), text[::-1]),
        by_dictionary,
    ],
)
@given(keys=KEYS, size=st.integers(1, 9))
def test_every_order_that_an_org_may_sort_by_is_accepted(
    column: Callable[[str], object], keys: list[Key], size: int
) -> None:
    keys = sorted(keys, key=lambda key: tuple(map(column, key)))
    assert in_order(*in_pages(keys, size))


NUMBERED: list[Key] = [("pump", f"p-{number:03}") for number in range(60)]


@given(st.integers(0, 59), st.integers(0, 59), st.integers(1, 70))
def test_two_rows_that_changed_places_are_seen_whatever_the_pages(
    one: int, other: int, size: int
) -> None:
    keys = NUMBERED.copy()
    keys[one], keys[other] = keys[other], keys[one]
    assert in_order(*in_pages(keys, size)) == (one == other)


@pytest.mark.parametrize("size", [1, 7, 20])
def test_pages_that_come_in_another_order_are_seen(size: int) -> None:
    pages = in_pages(NUMBERED, size)
    assert not in_order(*pages[::-1])
    assert not in_order(pages[1], pages[0], *pages[2:])
    assert not in_order(*pages[1:], pages[0])


@pytest.mark.parametrize(
    "keys",
    [
        [("b",), ("a",)],
        [("a", "2"), ("a", "1")],
        [("b", "1"), ("a", "2")],
        [("a", "1"), ("b", "1"), ("a", "2")],
        [("a", "x"), ("b", "2"), ("b", "1")],
        [("p-2",), ("p-10",)],  # by the number: no database sorts so unless it is told to
    ],
)
def test_what_fits_no_order_is_seen(keys: list[Key]) -> None:
    assert not in_order(keys)


def test_empty_pages_and_equal_rows_break_no_order() -> None:
    assert in_order([], [("a",)], [], [("a",), ("b",)], [])
    assert not in_order([("b",)], [], [("a",)])
