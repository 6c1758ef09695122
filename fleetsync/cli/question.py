"""Ask the person at the terminal whether something shall be carried out."""

from __future__ import annotations

import sys

from fleetsync.cli.streams import tell
from fleetsync.errors import InterruptedRunError


def can_ask() -> bool:
    """Tell whether somebody is there who can read the question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_wanted(question: str = "Apply these changes?") -> bool:
    """Ask; only a clear yes is one, and the end of the input is a no."""
    try:
        tell(f"{question} [y/N]: ", nl=False)
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        tell("")
        raise InterruptedRunError("interrupted; nothing was changed") from None
    if not answer.endswith("\n"):
        tell("")
    return answer.strip().lower() in {"y", "yes"}
