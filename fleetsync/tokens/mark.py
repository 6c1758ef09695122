"""Write and read the mark that ends a compaction's copy."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

SIZE_MAX = 160
"""No mark is longer than this many bytes."""

_VALUE = re.compile(rb'(?<=: )[0-9]{1,20}|(?<=: ")[0-9a-f]{1,64}')
_SHAPE = b'{"compactedBytes": , "sha256": ""}'


class Mark(NamedTuple):
    """The last line of a compaction's copy: so many bytes before it are the whole new content."""

    size: int
    digest: str


def render_mark(mark: Mark) -> bytes:
    """Write a mark as one line with its line end."""
    return json.dumps({"compactedBytes": mark.size, "sha256": mark.digest}).encode("ascii") + b"\n"


def parse_mark(raw: bytes) -> Mark | None:
    """Read a mark; None if the line is anything else."""
    # Numbers of thousands of digits are a ValueError, absurd depth is none that a mark's size has.
    try:
        fields = json.loads(raw) if len(raw) <= SIZE_MAX else None
    except ValueError:
        return None
    if not isinstance(fields, dict) or len(fields) != 2:
        return None
    size, digest = fields.get("compactedBytes"), fields.get("sha256")
    if type(size) is not int or not isinstance(digest, str) or size < 0:
        return None
    return Mark(size, digest)


def begins_a_mark(raw: bytes) -> bool:
    """Tell whether a line is a mark, or the beginning of one and nothing else."""
    return _SHAPE.startswith(_VALUE.sub(b"", raw.rstrip(b"\r\n"), count=2))
