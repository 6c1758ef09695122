"""Colour lines by how they begin: what is quoted is escaped, so that it cannot begin a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fleetsync.report.terminal.fold import folded

_RED, _GREEN, _YELLOW, _BOLD = "31", "32", "33", "1"
_SIGNS = {"+": _GREEN, "~": _YELLOW, "-": _RED, "!": _RED, "*": _YELLOW}
_WORDS = {
    "DELETE": f"{_BOLD};{_RED}",
    "Create": f"{_BOLD};{_GREEN}",
    "Update": f"{_BOLD};{_YELLOW}",
    "Refused:": _RED,
    "Warning:": _YELLOW,
    "Plan": _BOLD,
    "Undo": _BOLD,
    "No": f"{_BOLD};{_GREEN}",
    "Applied": f"{_BOLD};{_GREEN}",
}
"""What is said by a colour is said by a sign or a word as well."""


def for_eyes(pieces: Iterable[str], *, columns: int, color: bool) -> Iterator[str]:
    """Give text line by line, folded and coloured; no ``columns``: each line stays as it is."""
    for piece in pieces:
        for line in piece.splitlines(keepends=True):
            text = line.removesuffix("\n")
            paint = _paint(text) if color else ""
            rows = folded(text, columns) if columns else (text,)
            yield "\n".join(_painted(row, paint) for row in rows) + line[len(text) :]


def _paint(line: str) -> str:
    if line.startswith("  "):
        return _SIGNS.get(line[2:3], "") if line[3:4] == " " else ""
    return _WORDS.get(line.split(" ", 1)[0], "")


def _painted(row: str, paint: str) -> str:
    return f"\x1b[{paint}m{row}\x1b[0m" if paint else row
