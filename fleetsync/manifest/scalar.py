"""Read a plain (unquoted) YAML scalar, or say why YAML readers differ about it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.escape import shown
from fleetsync.manifest.words import MAX_SHOWN

if TYPE_CHECKING:
    from fleetsync.model import JSON

MAX_INTEGER = 2**53
"""Beyond it JSON readers that hold numbers as doubles lose digits."""

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SWITCHES = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), "true"),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), "false"),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?"
)
# Everything else that YAML 1.1, YAML 1.2 or PyYAML takes for a number, after the forms that all
# of them read alike. The order matters: the first that fits gives the words.
_DOUBTS = (
    (_DATE, "a date"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"), "a number in base 60"),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+"), "a hexadecimal number"),
    (re.compile(r"[-+]?0[oO]?[0-7_]+"), "an octal number"),
    (re.compile(r"[-+]?0[bB][01_]+"), "a binary number"),
    (re.compile(r"[-+]?(?=\.?[0-9])[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?"), "a number"),
)
_FIRST = frozenset("-+.0123456789=<")
"""First characters of numbers, dates, ``=`` and ``<<``; all else is text but for a few words."""


class Doubt(NamedTuple):
    """A plain scalar that should have been quoted: the text itself and what is wrong with it."""

    text: str
    words: str


def plain_value(text: str) -> JSON | Doubt:
    """Give the value that YAML 1.1 and YAML 1.2 both read, or a Doubt where they differ."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text in _SWITCHES:
        value = _SWITCHES[text]
        return _doubt(text, f"{value} to some YAML readers and text to others: write {value}, or")
    if text[0] not in _FIRST:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    return _doubtful(text)


def _integer(text: str) -> int | Doubt:
    # The length is looked at first: Python refuses to convert thousands of digits.
    if len(text) <= 17 and abs(int(text)) <= MAX_INTEGER:
        return int(text)
    return _doubt(text, "a number too large to be kept exactly:")


def _float(text: str) -> float | Doubt:
    number = float(text)
    if math.isfinite(number):
        return number
    return _doubt(text, "a number too large to be kept:")


def _doubtful(text: str) -> str | Doubt:
    if _NO_NUMBER.fullmatch(text):
        return _doubt(text, "no number that JSON can hold: leave it out, or")
    if text in {"=", "<<"}:
        return _doubt(text, "a sign with a meaning of its own in YAML 1.1:")
    for pattern, reading in _DOUBTS:
        if pattern.fullmatch(text):
            return _doubt(text, f"{reading} to some YAML readers and not to others:")
    return text


def _doubt(text: str, words: str) -> Doubt:
    how = f' quote it: "{text}"' if len(text) <= MAX_SHOWN else " quote it"
    cut = shown(text[:MAX_SHOWN]) + ("..." if len(text) > MAX_SHOWN else "")
    return Doubt(text, f"{cut} is {words}{how}")
