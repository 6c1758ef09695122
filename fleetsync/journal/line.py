"""Write and read the lines of a journal; each one vouches for itself and for those before it.

A line is a JSON object in ASCII whose last key is ``check``: eight hex digits over the check of the
line before and the rest of the line. So a line that was altered, left out or put in is noticed, and
told from a last line that a stop has cut in two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

FIRST = "00000000"
"""What the first line's check goes on from."""

_TORN = re.compile(rb"[^\n\0]*\0*")
_CHECK_BYTES = len('"check": "00000000"}')


class DamagedJournalError(ValueError):
    """A journal holds something that no stop can explain; its text says where and what."""


class Line(NamedTuple):
    """A whole line: what it says, the byte at which it ends, and its check."""

    content: Mapping[str, Any]
    end: int
    check: str


def write_line(content: Mapping[str, Any], before: str) -> tuple[bytes, str]:
    """Give a line and its check, to be handed on to the next line."""
    text = json.dumps(content)[:-1]
    check = _check(before, text)
    return f'{text}, "check": "{check}"}}\n'.encode(), check


def read_lines(file: Iterable[bytes]) -> Iterator[Line]:
    """Give all whole lines; a last one that was cut in two is left out.

    One that lacks nothing but its line end counts as whole. Raises DamagedJournalError, at the end
    at the latest, for anything else that is not as it was written.
    """
    check, end = FIRST, 0
    lines = iter(file)
    for number, raw in enumerate(lines, 1):
        content = _parse(raw.removesuffix(b"\n"), check)
        if content is None:
            if not _is_torn(raw) or next(lines, None) is not None:
                raise DamagedJournalError(f"line {number} is not as it was written")
            return
        check = str(content["check"])
        end += len(raw)
        yield Line(content, end, check)


def read_last_line(tail: bytes) -> Mapping[str, Any] | None:
    """Give what the last line says, from the end of a file that holds that and the line before.

    None if it is not whole, or not what was written after the line before.
    """
    before, _, last = tail.removesuffix(b"\n").rpartition(b"\n")
    return _parse(last, before[-len(FIRST) - 2 : -2].decode("ascii", "replace"))


def _parse(raw: bytes, before: str) -> Mapping[str, Any] | None:
    content = _as_object(raw)
    if content is None or not raw.endswith(b'"}'):
        return None
    text = raw[:-_CHECK_BYTES].decode().removesuffix(", ")
    check = content.get("check")
    rewritten = f'{text}, "check": "{check}"}}'.encode() == raw
    return content if rewritten and check == _check(before, text) else None


def _as_object(raw: bytes) -> Mapping[str, Any] | None:
    try:
        content = json.loads(raw.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_torn(rest: bytes) -> bool:
    """Tell whether a stop explains the rest: a half line, then blocks that never reached the disk.

    What was written after such a half line would show that something else has happened.
    """
    return _TORN.fullmatch(rest) is not None and _as_object(rest) is None


def _check(before: str, text: str) -> str:
    return blake2b(f"{before}{text}".encode(), digest_size=4).hexdigest()
