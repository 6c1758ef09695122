"""What is not JSON is refused with 400 and never crashes the emulator."""

from __future__ import annotations

import pytest

from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.value import depth_of, read_json, write_json

BAD = [
    (b"", "it does not parse"),
    (b"{", "it does not parse"),
    (b"{'a': 1}", "it does not parse"),
    (b"[1,]", "it does not parse"),
    (b"1 2", "it does not parse"),
    (b"NaN", "NaN is no JSON number"),
    (b'{"a": Infinity}', "Infinity is no JSON number"),
    (b"[-Infinity]", "-Infinity is no JSON number"),
    (b"1e999", "a number is too large"),
    (b"9" * 5000, "it does not parse"),
    (b'"\xff"', "it is not UTF-8"),
    (b'"\xed\xa0\x80"', "it is not UTF-8"),
    (b'"\\ud800"', "it is not UTF-8"),
    (b'{"\\uDC00": 1}', "it is not UTF-8"),
    (b"\xef\xbb\xbf{}", "it does not parse"),
    (b"[" * 100_000, "it is nested too deeply"),
]


@pytest.mark.parametrize(("raw", "reason"), BAD, ids=lambda part: repr(part[:12]))
def test_what_is_not_json_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(RefusalError) as caught:
        read_json(raw)
    text = f"The body is not valid JSON: {reason}."
    assert caught.value.status == 400
    assert [violation.text for violation in caught.value.violations] == [text]


def test_a_key_given_twice_counts_as_the_last() -> None:
    assert read_json(b'{"a": 1, "a": 2}') == {"a": 2}


def test_a_surrogate_pair_is_one_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_text_is_written_compactly_and_as_it_is() -> None:
    assert write_json({"a": [1, None, "\u00e9"]}) == '{"a":[1,null,"\u00e9"]}'


def test_depth_is_counted_up_to_the_limit() -> None:
    assert depth_of(1) == 0
    assert depth_of({}) == 1
    assert depth_of({"a": [1, {"b": 2}]}) == 3
    assert depth_of([[[[]]]], limit=2) == 3
