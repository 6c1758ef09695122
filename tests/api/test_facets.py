from __future__ import annotations

import pytest

from fleetsync.api.facets import parse_counts, types_to_list
from fleetsync.model.value import JSON


@pytest.mark.parametrize(
    "facets",
    [
        {"typeId": {"pump": 12, "valve": 0}},
        {"typeId": [{"key": "pump", "count": 12}, {"key": "valve", "count": 0}]},
        {"typeId": [{"value": "pump", "count": 12}, {"name": "valve", "count": 0}]},
    ],
)
def test_counts_are_read_in_each_form_that_was_thought_of(facets: JSON) -> None:
    assert parse_counts(facets, total=12) == {"pump": 12, "valve": 0}


@pytest.mark.parametrize(
    "facets",
    [
        None,
        {},
        [],
        {"typeId": None},
        {"typeId": 12},
        {"typeId": {"pump": "12"}},
        {"typeId": {"pump": True}},
        {"typeId": {"pump": 13}},
        {"typeId": {"pump": 13, "valve": -1}},
        {"typeId": {"pump": 12.0}},
        {"typeId": [5]},
        {"typeId": [{"count": 12}]},
        {"typeId": [{"key": "pump"}]},
        {"typeId": [{"key": "pump", "count": 6}, {"key": "pump", "count": 6}]},
        {"model": {"T": 12}},
    ],
)
def test_counts_that_make_no_sense_are_not_believed(facets: JSON) -> None:
    assert parse_counts(facets, total=12) is None


def test_counts_without_a_total_are_not_believed() -> None:
    assert parse_counts({"typeId": {"pump": 12}}, total=None) is None


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
def test_types_are_listed_one_by_one_only_where_that_saves_calls(
    wanted: set[str], counts: dict[str, int] | None, rows_left: int | None, types: list[str] | None
) -> None:
    assert types_to_list(wanted, counts=counts, page_rows=200, rows_left=rows_left) == types


def test_an_empty_first_page_divides_nothing_by_zero() -> None:
    assert types_to_list({"a"}, counts={"a": 3}, page_rows=0, rows_left=9) == ["a"]
