from __future__ import annotations

import pytest

from fleetsync.api.route import Ahead, Pace, types_to_list

NEAR = Pace(latency=0.005, calls_per_second=8)


@pytest.mark.parametrize(
    ("wanted", "counts", "rows_left", "types"),
    [
        ({"a"}, {"a": 150, "b": 10_000}, 9_950, ["a"]),
        ({"b", "a", "gone"}, {"a": 150, "b": 1, "c": 10_000, "empty": 0}, 9_951, ["a", "b"]),
        ({"empty", "gone"}, {"empty": 0, "c": 500}, 300, []),
        ({"a", "b"}, {"a": 250, "b": 250}, 300, None),  # four calls instead of two
        ({"a"}, {"a": 400, "b": 200}, 400, None),  # as many calls: one chain, one order
        ({"a"}, None, 201, ["a"]),
        ({"a", "b"}, None, 201, None),
        ({"a"}, None, None, None),
        (set(), {"a": 500}, 300, []),
        (set(), None, None, []),
        ({"a"}, {"a": 200}, 0, None),
    ],
)
def test_the_fewest_calls_win(
    wanted: set[str], counts: dict[str, int] | None, rows_left: int | None, types: list[str] | None
) -> None:
    assert types_to_list(wanted, Ahead(200, rows_left, counts), NEAR) == types


SIXTEEN = {f"t-{number:02}": 6_250 for number in range(16)}  # 500 pages together, 512 apart


@pytest.mark.parametrize(
    ("pace", "beside"),
    [
        (Pace(latency=0.005, calls_per_second=8), False),  # the quota is the bound in both ways
        (Pace(latency=0.1, calls_per_second=8), False),
        (Pace(latency=0.15, calls_per_second=8), False),  # a little faster only
        (Pace(latency=0.2, calls_per_second=8), True),
        (Pace(latency=0.05, calls_per_second=1000), True),
        (Pace(latency=0.003, calls_per_second=1000), False),  # no two seconds to be saved
        (Pace(latency=float("inf"), calls_per_second=8), False),
    ],
)
def test_a_few_more_calls_are_worth_much_time(pace: Pace, beside: bool) -> None:
    types = types_to_list(SIXTEEN, Ahead(200, 99_800, SIXTEEN), pace)
    assert types == (sorted(SIXTEEN) if beside else None)


def test_many_more_calls_are_not_worth_any_time() -> None:
    small = {f"t-{number:04}": 100 for number in range(1000)}
    assert types_to_list(small, Ahead(200, 99_800, small), Pace(1.0, 1000)) is None


def test_one_long_chain_is_no_faster_beside_short_ones() -> None:
    uneven = {"long": 90_000, "short": 10_000}
    assert types_to_list(uneven, Ahead(200, 99_800, uneven), Pace(0.5, 1000)) is None


def test_an_empty_first_page_divides_nothing_by_zero() -> None:
    assert types_to_list({"a"}, Ahead(0, 9, {"a": 3, "b": 6}), NEAR) == ["a"]
