from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model.value import canonical, same_value

if TYPE_CHECKING:
    from fleetsync.model import JSON

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES: st.SearchStrategy[JSON] = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


@given(VALUES)
def test_a_value_is_the_same_as_itself_after_a_journey_through_json(value: JSON) -> None:
    assert same_value(value, json.loads(json.dumps(value)))


@given(VALUES, VALUES)
def test_sameness_does_not_depend_on_who_comes_first(one: JSON, other: JSON) -> None:
    assert same_value(one, other) == same_value(other, one)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (0, -0.0, True),
        (True, 1, False),
        (False, 0, False),
        (False, None, False),
        ("1", 1, False),
        ({"a": None}, {}, True),
        ({"a": {"b": None}}, {"a": {}}, True),
        ({"a": {}}, {}, False),
        ([None], [], False),
        ([1, 2], [2, 1], False),
        ({"a": [True]}, {"a": [1]}, False),
        (None, {}, False),
        ("", None, False),
    ],
)
def test_what_is_the_same(one: JSON, other: JSON, same: bool) -> None:
    assert same_value(one, other) is same


def test_the_canonical_text_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1})
    assert canonical({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'.encode()
