from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.model.path import covers, leaves, parse_path, path_text, value_at, with_value

if TYPE_CHECKING:
    from fleetsync.model import JSON

PATHS = st.lists(st.text(), min_size=1, max_size=5).map(tuple)


@given(PATHS)
def test_a_path_reads_back_as_it_was_written(path: tuple[str, ...]) -> None:
    assert parse_path(path_text(path)) == path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("metadata", "floor"), "metadata.floor"),
        (("deviceInfo", "fwVersion"), "deviceInfo.fwVersion"),
        (("metadata", "a.b", "c"), 'metadata["a.b"].c'),
        (("metadata", ""), 'metadata[""]'),
        (("metadata", 'say "x"'), 'metadata["say \\"x\\""]'),
        (("metadata", "\x1b[2J"), 'metadata["\\u001b[2J"]'),
    ],
)
def test_keys_that_are_not_plain_are_quoted(path: tuple[str, ...], text: str) -> None:
    assert path_text(path) == text


@pytest.mark.parametrize("text", ["", ".a", "a.", "a..b", "a[b]", 'a["b"', "a b", "a[1]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        parse_path(text)


def test_a_path_covers_itself_and_what_lies_inside() -> None:
    assert covers(("metadata",), ("metadata", "floor"))
    assert covers(("metadata", "floor"), ("metadata", "floor"))
    assert not covers(("metadata", "floor"), ("metadata",))
    assert not covers(("metadata", "flo"), ("metadata", "floor"))


def test_leaves_take_lists_and_empty_mappings_as_one_value() -> None:
    assert list(leaves({"a": {"b": 1, "c": {}}, "d": [{"e": 2}]})) == [
        (("a", "b"), 1),
        (("a", "c"), {}),
        (("d",), [{"e": 2}]),
    ]


def test_a_value_is_replaced_without_touching_the_original() -> None:
    before: dict[str, JSON] = {"a": {"b": 1}}
    assert with_value(before, ("a", "b"), 2) == {"a": {"b": 2}}
    assert with_value(before, ("a", "b"), None) == {"a": {}}
    assert with_value(before, ("x", "y"), 3) == {"a": {"b": 1}, "x": {"y": 3}}
    assert with_value(before, ("x", "y"), None) == {"a": {"b": 1}}
    assert before == {"a": {"b": 1}}


def test_a_path_that_leads_nowhere_has_no_value() -> None:
    assert value_at({"a": {"b": 1}}, ("a", "b")) == 1
    assert value_at({"a": {"b": 1}}, ("a", "c")) is None
    assert value_at({"a": [1]}, ("a", "0")) is None
