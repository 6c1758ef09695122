"""Choose how to list devices: all in one chain, or type by type, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

THREADS = 16
"""How many types are listed side by side; each has one request on its way."""

_WORTH_SECONDS = 2.0  # what calls beyond the fewest must save at least,
_WORTH_SHARE = 0.3  # and of the whole time,
_WORTH_CALLS = 0.1  # and how many more calls that may cost


class Pace(NamedTuple):
    """What bounds the speed: seconds that an answer takes, and the calls in a second."""

    latency: float
    calls_per_second: int


class Ahead(NamedTuple):
    """What is known after the first page of the whole list.

    ``page_rows`` is how many rows a page holds, ``rows_left`` how many are still to come (None:
    unknown), ``counts`` how many devices each type has (None: unknown).
    """

    page_rows: int
    rows_left: int | None
    counts: Mapping[str, int] | None


def types_to_list(wanted: Collection[str], ahead: Ahead, pace: Pace) -> list[str] | None:
    """Give the types to list one by one, or None to go on with the whole list.

    The fewest calls win. The pages of one list come only one after the other, so where answers are
    slow, a few calls more are worth it if types side by side are much faster. Types without devices
    need no call.
    """
    if not wanted:
        return []
    if ahead.rows_left is None:
        return None
    left = _pages(ahead.rows_left, ahead.page_rows)
    if ahead.counts is None:
        return sorted(wanted) if len(wanted) < left else None
    pages = {
        type_id: _pages(ahead.counts[type_id], ahead.page_rows)
        for type_id in sorted(wanted)
        if ahead.counts.get(type_id)
    }
    better = sum(pages.values()) < left or _is_worth_it(list(pages.values()), left, pace)
    return list(pages) if better else None


def _is_worth_it(chains: list[int], left: int, pace: Pace) -> bool:
    """Tell whether lists side by side are so much faster that they may cost more calls."""
    calls = sum(chains)
    at_quota = calls / pace.calls_per_second
    on_the_way = max(max(chains, default=0), calls / THREADS) * pace.latency
    beside = max(at_quota, on_the_way)
    alone = left * max(pace.latency, 1 / pace.calls_per_second)
    return (
        calls <= left * (1 + _WORTH_CALLS)
        and alone - beside >= _WORTH_SECONDS
        and beside <= alone * (1 - _WORTH_SHARE)
    )


def _pages(rows: int, page_rows: int) -> int:
    return -(-rows // max(page_rows, 1))
