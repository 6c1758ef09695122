"""Make text from manifests and orgs safe to show: nothing in it may move a cursor or hide."""

from __future__ import annotations

import json
import re

from fleetsync.model import JSON

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls: terminal escapes, line breaks
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"  # invisible letters
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero widths, line breaks, text direction
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"  # half characters, invisible tags
)
_LONGEST = 200
"""Characters of one value that a line of a report shows."""


def shown(text: str) -> str:
    """Escape every character that would not show as itself."""
    return _UNSAFE.sub(_escape, text)


def shown_lines(text: str) -> str:
    """Escape like ``shown``, but keep line ends: for text of ours that quotes others."""
    return "\n".join(map(shown, text.split("\n")))


def shown_value(value: JSON) -> str:
    """Write a value as JSON on one line, shortened where it is long."""
    text = shown(json.dumps(value, ensure_ascii=False, sort_keys=True))
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({len(text)} characters)"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
