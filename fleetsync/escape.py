"""Make text from manifests and orgs safe to show: nothing in it moves a cursor, hides or orders."""

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
_COMMAND = re.compile(r"#(?=#[A-Za-z-]*\[)")
"""Runners of pipelines take ``##vso[...]`` and its like for a command, anywhere in a line."""
_LONGEST = 200
"""Characters of one value that a line of a report shows."""
_LEAD = 20
"""Characters in front of the first difference of two long values."""


def shown(text: str) -> str:
    """Escape every character that would not show as itself, or would begin a runner's command."""
    safe = _UNSAFE.sub(_escape, text)
    return _COMMAND.sub(_escape, safe) if "##" in safe else safe


def shown_lines(text: str) -> str:
    """Escape like ``shown``, but keep line ends: for text of ours that quotes others."""
    return "\n".join(map(shown, text.split("\n")))


def shown_value(value: JSON, *, full: bool = False) -> str:
    """Write a value as JSON on one line, shortened where it is long, unless ``full``."""
    text = _on_one_line(value)
    return text if full else _shortened(text)


def shown_pair(one: JSON, other: JSON, *, full: bool = False) -> tuple[str, str]:
    """Write two different values like ``shown_value``, so that they never look the same.

    Where they begin alike for longer than is shown, both are shown from near their difference.
    """
    texts = _on_one_line(one), _on_one_line(other)
    if full:
        return texts
    alike = _alike(*texts)
    start = 0 if alike < _LONGEST else alike - _LEAD
    return _shortened(texts[0], start), _shortened(texts[1], start)


def _on_one_line(value: JSON) -> str:
    return shown(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _alike(one: str, other: str) -> int:
    """Count the characters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _shortened(text: str, start: int = 0) -> str:
    end = start + _LONGEST
    if not start and end >= len(text):
        return text
    lead, tail = "..." if start else "", "..." if end < len(text) else ""
    return f"{lead}{text[start:end]}{tail} ({len(text)} characters)"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
