from __future__ import annotations

import pytest

from fleetsync.errors import Problem
from fleetsync.manifest.document import parse_yaml

WIDE = "this is UTF-16 or UTF-32, not UTF-8: save the file as UTF-8"
CONTROL = 'is not allowed in YAML: remove it, or write it as an escape in "..."'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_encodings_than_utf_8_are_named(encoding: str) -> None:
    parsed = parse_yaml("devices: []".encode(encoding), file="f")
    assert parsed.problems == (Problem("f", 1, 1, WIDE),)


@pytest.mark.parametrize(
    ("data", "line", "column", "byte"),
    [
        (b"\xff", 1, 1, "ff"),
        (b"a: \xe9\n", 1, 4, "e9"),
        ("ä: ö\nü: ".encode() + b"\xc3", 2, 4, "c3"),
        (b"\xef\xbb\xbfa: \x80", 1, 4, "80"),
        (b"a: \xed\xa0\x80", 1, 4, "ed"),
        (b"a: \xc0\xaf", 1, 4, "c0"),
        (b"# " + "é".encode() * 600_000 + b"\nb: \xf5", 2, 4, "f5"),
        (b"x" + "é".encode() * 524_288 + b"\xf5", 1, 524_290, "f5"),
    ],
    ids=range(8),
)
def test_a_byte_that_is_not_utf_8_is_pointed_at(
    data: bytes, line: int, column: int, byte: str
) -> None:
    words = f"the byte 0x{byte} is not UTF-8: save the file as UTF-8"
    assert parse_yaml(data, file="f").problems == (Problem("f", line, column, words),)


def test_each_control_character_is_pointed_at() -> None:
    parsed = parse_yaml("a: \x01\nbé: x\x7f\n".encode(), file="f")
    assert parsed.problems == (
        Problem("f", 1, 4, f"the control character \\x01 {CONTROL}"),
        Problem("f", 2, 6, f"the control character \\x7f {CONTROL}"),
    )


def test_a_file_full_of_control_characters_gives_a_few_problems() -> None:
    assert len(parse_yaml(b"a" + b"\x01" * 1000, file="f").problems) == 20


def test_half_a_surrogate_pair_is_refused() -> None:
    assert parse_yaml(b'a: "\\ud83d\\ude00"', file="f").problems == (
        Problem(
            *("f", 1, 7),
            "YAML: found invalid Unicode character escape code: write the character itself",
        ),
    )
