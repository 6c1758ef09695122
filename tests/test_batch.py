from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.batch import (
    MAX_REQUEST_BYTES,
    count_batches,
    encode_item,
    join_batch,
    split_batches,
)

ITEMS = st.lists(st.integers(min_value=1, max_value=18).map(lambda size: b"1" * size))


def test_the_limit_is_below_512_kilobytes_in_both_readings() -> None:
    assert MAX_REQUEST_BYTES == 512_000


def test_an_item_is_short_and_keeps_its_letters() -> None:
    assert encode_item({"a": "Küche", "b": [1, None]}) == '{"a":"Küche","b":[1,null]}'.encode()


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert encode_item({"a": "\ud800ü"}) == b'{"a":"\\ud800\\u00fc"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_item({"a": value})


@pytest.mark.parametrize(
    ("items", "body"), [([], b"[]"), ([b"1"], b"[1]"), ([b"1", b"2"], b"[1,2]")]
)
def test_a_batch_is_a_json_array(items: list[bytes], body: bytes) -> None:
    assert join_batch(items) == body


def test_a_batch_that_fits_to_the_byte_stays_whole() -> None:
    assert list(split_batches([b"11", b"22", b"33"], max_bytes=10)) == [[b"11", b"22", b"33"]]
    assert list(split_batches([b"11", b"22", b"33"], max_bytes=9)) == [[b"11", b"22"], [b"33"]]


def test_an_item_that_does_not_fit_alone_is_refused_when_its_turn_comes() -> None:
    batches = split_batches([b"1", b"1234567"], max_bytes=8)
    with pytest.raises(ValueError, match="7 bytes does not fit into a request of 8"):
        list(batches)
    with pytest.raises(ValueError, match="7 bytes does not fit into a request of 8"):
        count_batches([1, 7], max_bytes=8)


def test_no_items_make_no_request() -> None:
    assert list(split_batches([])) == []
    assert count_batches([]) == 0


@given(ITEMS)
def test_batches_keep_all_items_in_order_within_the_limit_and_as_full_as_can_be(
    items: list[bytes],
) -> None:
    batches = list(split_batches(items, max_bytes=20))
    assert [item for batch in batches for item in batch] == items
    assert all(len(join_batch(batch)) <= 20 for batch in batches)
    for batch, following in pairwise(batches):
        assert len(join_batch([*batch, following[0]])) > 20
    assert count_batches([len(item) for item in items], max_bytes=20) == len(batches)


@settings(max_examples=50)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_an_encoded_item_reads_back_as_it_was(value: object) -> None:
    assert json.loads(encode_item(value)) == value
