"""What is listed as different is all that is different, and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.diff.change import Field
from fleetsync.diff.metadata import metadata_fields
from fleetsync.model.path import parse_path, with_value
from fleetsync.model.value import same_mapping

if TYPE_CHECKING:
    from fleetsync.model import JSON

KEYS = st.sampled_from(["a", "b", "c.d", "", "root['x']", "ü\n", "__class__"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.text(max_size=3)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3)
)
METADATA: st.SearchStrategy[dict[str, JSON]] = st.dictionaries(KEYS, VALUES, max_size=3)


@given(METADATA, METADATA)
def test_setting_the_listed_values_makes_one_the_other(
    before: dict[str, JSON], after: dict[str, JSON]
) -> None:
    whole = before
    for field in metadata_fields(before, after):
        section, *path = parse_path(field.path)
        assert section == "metadata"
        whole = with_value(whole, tuple(path), field.after)
    assert same_mapping(whole, after)


@given(METADATA, METADATA)
def test_no_field_is_listed_exactly_when_all_is_the_same(
    before: dict[str, JSON], after: dict[str, JSON]
) -> None:
    assert (metadata_fields(before, after) == []) == same_mapping(before, after)


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [Field("metadata.a.b", 1, 2)]),
        ({"a": {"b": 1}}, {"a": 1}, [Field("metadata.a", {"b": 1}, 1)]),
        ({"a": {}}, {}, [Field("metadata.a", {}, None)]),
        (
            {"a": [1, {"b": 2}]},
            {"a": [1, {"b": 3}]},
            [Field("metadata.a", [1, {"b": 2}], [1, {"b": 3}])],
        ),
        ({"a": 1}, {"a": True}, [Field("metadata.a", 1, True)]),
        ({"x": 1, "b.c": 1}, {"x": 1.0}, [Field('metadata["b.c"]', 1, None)]),
    ],
)
def test_what_is_listed(before: JSON, after: JSON, fields: list[Field]) -> None:
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert metadata_fields(before, after) == fields


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (list(range(20_000)), list(range(20_000, 0, -1))),
        ("".join(f"{n}\n" for n in range(30_000)), "".join(f"{n}x\n" for n in range(30_000))),
    ],
    ids=["list", "text"],
)
def test_long_values_from_a_hostile_org_cost_no_time(before: JSON, after: JSON) -> None:
    start = time.process_time()
    assert metadata_fields({"a": before}, {"a": after}) == [Field("metadata.a", before, after)]
    assert time.process_time() - start < 2
