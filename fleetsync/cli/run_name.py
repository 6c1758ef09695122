"""Find the run that somebody means who writes a part of its id."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from fleetsync.errors import UsageError
from fleetsync.journal.folder import KEPT_RUNS
from fleetsync.journal.run_id import run_mark

KEPT = f"the last {KEPT_RUNS} runs are remembered, in this folder alone"


def named_run(names: Sequence[str], wanted: str) -> str:
    """Give the one run whose id, or the part behind its hyphen, begins so.

    Raises UsageError, naming those that are near, if there is none or several.
    """
    if wanted in names:
        return wanted
    found = [name for name in names if wanted and _is_meant(name, wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"run {wanted!r} may be any of {', '.join(found)}: write more of it")
    near = get_close_matches(wanted, names, n=3) or names[:3]
    hint = f"there are {', '.join(near)}" if near else "there is none"
    raise UsageError(f"there is no run {wanted!r:.60}; {hint} ({KEPT})")


def _is_meant(name: str, wanted: str) -> bool:
    return name.startswith(wanted) or run_mark(name).startswith(wanted)
