"""Write and read the lines of a journal; each one vouches for itself and for those before it.

A line is a JSON object in ASCII whose last key is ``check``: eight hex digits over the check of the
line before and the rest of the line. So a line that was altered, left out or put in is noticed, and
told from a last line that a stop has cut in two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

FIRST = "00000000"
"""What the first line's check goes on from."""

_CHECK_BYTES = len('"check": "00000000"}')


class DamagedJournalError(ValueError):
    """A journal holds something that no stop can explain; its text says where and what."""


class Written(NamedTuple):
    """The whole lines of a journal: what they say, where they end, and the last one's check."""

    lines: tuple[Mapping[str, Any], ...]
    end: int
    check: str


def write_line(content: Mapping[str, Any], before: str) -> tuple[bytes, str]:
    """Give a line and its check, to be handed on to the next line."""
    text = json.dumps(content)[:-1]
    check = _check(before, text)
    return f'{text}, "check": "{check}"}}\n'.encode(), check


def read_lines(data: bytes) -> Written:
    """Read all whole lines; a last one that was cut in two is left out.

    Raises DamagedJournalError for anything else that is not as it was written.
    """
    lines: list[Mapping[str, Any]] = []
    check, end = FIRST, 0
    for raw in _whole_lines(data):
        content = _parse(raw, check)
        if content is None:
            break
        lines.append(content)
        check = str(content["check"])
        end += len(raw) + 1
    if not _is_torn(data[end:]):
        raise DamagedJournalError(f"line {len(lines) + 1} is not as it was written")
    return Written(tuple(lines), end, check)


def _whole_lines(data: bytes) -> Iterator[bytes]:
    start = 0
    while (stop := data.find(b"\n", start)) >= 0:
        yield data[start:stop]
        start = stop + 1


def _parse(raw: bytes, before: str) -> Mapping[str, Any] | None:
    content = _as_object(raw)
    if content is None or not raw.endswith(b'"}') or not raw.isascii():
        return None
    text = raw[:-_CHECK_BYTES].decode().removesuffix(", ")
    check = content.get("check")
    rewritten = f'{text}, "check": "{check}"}}'.encode() == raw
    return content if rewritten and check == _check(before, text) else None


def _as_object(raw: bytes) -> Mapping[str, Any] | None:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_torn(rest: bytes) -> bool:
    """Tell whether a stop explains the rest: a half line, or blocks that never reached the disk.

    A whole line among it was written after what cannot be read, so something else has happened.
    """
    return not any(_as_object(raw) is not None for raw in rest.split(b"\n"))


def _check(before: str, text: str) -> str:
    return blake2b(f"{before}{text}".encode(), digest_size=4).hexdigest()
