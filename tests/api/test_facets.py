from __future__ import annotations

import pytest

from fleetsync.api.facets import parse_counts
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
