from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.manifest.scalar import Doubt, plain_value
from fleetsync.model import JSON

READ_ALIKE: list[tuple[str, JSON]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("0", 0),
    ("-0", 0),
    ("7", 7),
    ("-12", -12),
    ("9007199254740992", 2**53),
    ("-9007199254740992", -(2**53)),
    ("0.5", 0.5),
    ("-0.1246", -0.1246),
    ("1.10", 1.1),
    ("1.5e+3", 1500.0),
    ("2.5E-1", 0.25),
    ("text", "text"),
    ("nULL", "nULL"),
    ("tRUE", "tRUE"),
    ("y", "y"),
    ("N", "N"),
    ("1.2.3", "1.2.3"),
    ("10.0.0.1", "10.0.0.1"),
    ("12:99", "12:99"),
    ("1-2", "1-2"),
    ("2026-13", "2026-13"),
    ("0xZZ", "0xZZ"),
    ("-", "-"),
    ("+", "+"),
    (".", "."),
    ("...", "..."),
    ("-e5", "-e5"),
    ("3d", "3d"),
    ("1 2", "1 2"),
    ("١٢", "١٢"),
]


@pytest.mark.parametrize(("text", "value"), READ_ALIKE)
def test_what_yaml_readers_agree_on_is_read(text: str, value: JSON) -> None:
    read = plain_value(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("0123", "an octal number to some YAML readers and not to others: "),
        ("-0777", "an octal number to some YAML readers and not to others: "),
        ("0o17", "an octal number to some YAML readers and not to others: "),
        ("089", "a number to some YAML readers and not to others: "),
        ("0x1F", "a hexadecimal number to some YAML readers and not to others: "),
        ("0b11", "a binary number to some YAML readers and not to others: "),
        ("1_000", "a number to some YAML readers and not to others: "),
        ("1e3", "a number to some YAML readers and not to others: "),
        ("1E+3", "a number to some YAML readers and not to others: "),
        ("1.5e3", "a number to some YAML readers and not to others: "),
        (".5", "a number to some YAML readers and not to others: "),
        ("-.5", "a number to some YAML readers and not to others: "),
        ("1.", "a number to some YAML readers and not to others: "),
        ("+1", "a number to some YAML readers and not to others: "),
        ("+1.5", "a number to some YAML readers and not to others: "),
        ("00.5", "a number to some YAML readers and not to others: "),
        ("1:30", "a number in base 60 to some YAML readers and not to others: "),
        ("12:30:00", "a number in base 60 to some YAML readers and not to others: "),
        ("12:30:00.5", "a number in base 60 to some YAML readers and not to others: "),
        ("2026-01-01", "a date to some YAML readers and not to others: "),
        ("2026-1-1", "a date to some YAML readers and not to others: "),
        ("2026-01-01 10:00:00 +01:00", "a date to some YAML readers and not to others: "),
        ("2026-01-01T00:00:00.5Z", "a date to some YAML readers and not to others: "),
        ("no", "false to some YAML readers and text to others: write false, or "),
        ("ON", "true to some YAML readers and text to others: write true, or "),
        (".inf", "no number that JSON can hold: leave it out, or "),
        ("-.INF", "no number that JSON can hold: leave it out, or "),
        (".NaN", "no number that JSON can hold: leave it out, or "),
        ("9007199254740993", "a number too large to be kept exactly: "),
        ("1.0e+309", "a number too large to be kept: "),
        ("=", "a sign with a meaning of its own in YAML 1.1: "),
        ("<<", "a sign with a meaning of its own in YAML 1.1: "),
    ],
)
def test_what_yaml_readers_dispute_is_a_doubt(text: str, reading: str) -> None:
    assert plain_value(text) == Doubt(text, f'{text} is {reading}quote it: "{text}"')


def test_a_number_of_thousands_of_digits_is_a_doubt_that_does_not_repeat_it_all() -> None:
    assert plain_value("9" * 5000) == Doubt(
        "9" * 5000, f"{'9' * 60}... is a number too large to be kept exactly: quote it"
    )


@settings(deadline=None)
@given(st.text(alphabet="0123456789+-.:_eExXoObBTZ aAfFnNyYtTrRuUlL~=<", min_size=1, max_size=12))
def test_whatever_is_not_a_doubt_is_read_as_pyyaml_reads_it(text: str) -> None:
    value = plain_value(text)
    if isinstance(value, Doubt):
        assert value.text == text
        return
    loader: Any = yaml.SafeLoader("")  # Any: the stubs leave resolve untyped
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    read = loader.construct_object(yaml.ScalarNode(tag, text))
    assert (value, type(value)) == (read, type(read))
