from __future__ import annotations

import pytest

from fleetsync.api.page import BAD_BOOKMARK, BAD_TOTAL, Page, parse_page
from fleetsync.errors import ApiError
from fleetsync.model.value import JSON


@pytest.mark.parametrize("bookmark", [None, ""])
def test_a_bookmark_that_is_null_or_empty_is_none(bookmark: JSON) -> None:
    body: JSON = {"results": [1], "bookmark": bookmark, "meta": {"total_rows": 1}}
    assert parse_page(body, "x") == Page([1], None, 1)


@pytest.mark.parametrize("meta", [None, {}])
def test_meta_may_be_missing(meta: JSON) -> None:
    assert parse_page({"results": [], "meta": meta}, "x") == Page([], None, None)


def test_a_whole_number_may_come_with_a_point() -> None:
    assert parse_page({"results": [], "meta": {"total_rows": 5.0}}, "x").total == 5


@pytest.mark.parametrize(
    "total", ["5", True, False, -1, 1.5, 1e300, -1e300, 10**13, 10**4000, [], {}, [5], ""]
)
def test_a_total_that_is_no_count_is_odd_and_taken_for_absent(total: JSON) -> None:
    body: JSON = {"results": [], "meta": {"total_rows": total}}
    assert parse_page(body, "x") == Page([], None, None, oddities=(BAD_TOTAL,))


@pytest.mark.parametrize("bookmark", [5, 0, False, True, [], {}, ["g"], "\ud800", "x" * 9000])
def test_a_bookmark_that_cannot_be_sent_back_is_odd_and_taken_for_absent(bookmark: JSON) -> None:
    body: JSON = {"results": [1], "bookmark": bookmark}
    assert parse_page(body, "x") == Page([1], None, None, oddities=(BAD_BOOKMARK,))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "the list x: it is no object but null"),
        ([], "the list x: it is no object but a list"),
        ({}, "the list x: it is no list but null"),
        ({"results": {}}, "the list x: it is no list but an object"),
        ({"results": [], "meta": 5}, "the list x: it is no object but a number"),
    ],
)
def test_a_page_that_is_none_is_an_error_in_words(body: JSON, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        parse_page(body, "x")
