"""Know what stdout can show: colours, and lines of which length."""

from __future__ import annotations

import os
import sys

from fleetsync.cli.options import Options

_FORCES = ("FORCE_COLOR", "CLICOLOR_FORCE")


def wants_color(options: Options) -> bool:
    """Colour only for eyes, unless the environment asks for it; the first of these decides.

    ``--no-color``, NO_COLOR (no-color.org), FORCE_COLOR or CLICOLOR_FORCE, a terminal that is none.
    """
    if not allows_color(options):
        return False
    if any(os.environ.get(name, "0") not in {"", "0"} for name in _FORCES):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def allows_color(options: Options) -> bool:
    """Tell whether nobody forbids colours."""
    return options.color and not os.environ.get("NO_COLOR")


def screen_size() -> tuple[int, int]:
    """Give columns and rows; no columns: lines are not folded, which is best for grep.

    COLUMNS in the environment says how wide, also where there is no terminal.
    """
    columns, rows = _terminal_size()
    wished = os.environ.get("COLUMNS", "")
    return (int(wished) if wished.isascii() and wished.isdigit() else columns), rows


def _terminal_size() -> tuple[int, int]:
    if not sys.stdout.isatty():
        return 0, 0
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24
