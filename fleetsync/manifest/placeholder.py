"""Read texts with placeholders: ``Room ${deviceId}``; ``$${`` stands for ``${`` itself."""

from __future__ import annotations

import re
from typing import NamedTuple

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


class PlaceholderError(ValueError):
    """A text that cannot be read; its text says why, for a person. Never leaves the room."""


class Reference(NamedTuple):
    """A placeholder, by its name."""

    name: str


def read_text(text: str) -> list[str | Reference]:
    """Cut a text into fixed texts and references; raises PlaceholderError."""
    pieces: list[str | Reference] = []
    fixed, at = "", 0
    for mark in _MARK.finditer(text):
        fixed += text[at : mark.start()]
        at = mark.end()
        if mark[0] == "$${":
            fixed += "${"
            continue
        if not mark[1]:
            raise PlaceholderError(_fault(mark[0]))
        pieces += [fixed, Reference(mark[1])] if fixed else [Reference(mark[1])]
        fixed = ""
    fixed += text[at:]
    return [*pieces, fixed] if fixed or not pieces else pieces


def _fault(mark: str) -> str:
    what = "${} names nothing" if mark == "${}" else "${ begins a placeholder that has no end"
    return f"{what}: write it as ${{name}}, or $${{ where the text ${{ itself is meant"
