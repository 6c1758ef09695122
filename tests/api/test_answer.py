from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.api.answer import GarbledError, parse_body, platform_words
from fleetsync.model.value import JSON


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"", None),
        (b" \r\n", None),
        (b"null", None),
        (b'{"a": [1, 2.5, "\xc3\xbc"]}', {"a": [1, 2.5, "ü"]}),
        (b"\xef\xbb\xbf[]", []),
    ],
)
def test_a_sound_body_is_read(content: bytes, body: JSON) -> None:
    assert parse_body(content) == body


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><p>Log in", "it looks like a web page"),
        (b"  <html>", "it looks like a web page"),
        (b'{"a": ', "it is not JSON, or it was cut off"),
        (b"Bad Gateway", "it is not JSON, or it was cut off"),
        (b'{"a": NaN}', "it holds NaN, which is not JSON"),
        (b"[-Infinity]", "it holds -Infinity, which is not JSON"),
        (b'"\xff"', "it is not UTF-8"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"9" * 10_000, "it is not JSON, or it was cut off"),
    ],
)
def test_what_is_not_json_is_named_for_what_it_looks_like(content: bytes, words: str) -> None:
    with pytest.raises(GarbledError) as caught:
        parse_body(content)
    assert str(caught.value) == words


@given(st.binary())
def test_no_bytes_break_the_reader(content: bytes) -> None:
    try:
        parse_body(content)
    except GarbledError as error:
        assert str(error)  # noqa: PT017 - either way is right; a third would be an error here


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, ""),
        ([], ""),
        ({}, ""),
        ({"message": None, "exception": {}}, ""),
        ({"message": 5, "exception": "x", "violations": {}}, ""),
        ({"message": "CUDRS0007E: bad"}, "CUDRS0007E: bad"),
        ({"message": "CUDRS0007E: bad", "exception": {"id": "CUDRS0007E"}}, "CUDRS0007E: bad"),
        ({"message": "bad", "exception": {"id": "CUDRS0007E"}}, "CUDRS0007E: bad"),
        ({"exception": {"id": "CUDRS0007E"}}, "CUDRS0007E"),
        (
            {
                "message": "CUDRS0007E: bad",
                "violations": [{"message": "too long"}, "?", {"exception": {"id": "CUDRS0012E"}}],
            },
            "CUDRS0007E: bad; too long; CUDRS0012E",
        ),
    ],
)
def test_the_platforms_words_are_found_wherever_they_are(body: JSON, words: str) -> None:
    assert platform_words(body) == words
