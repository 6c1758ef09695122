"""Name a run: one apply or undo."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from secrets import token_hex

_STAMP = "%Y%m%dT%H%M%S"
_STAMP_CHARACTERS = 15


def new_run_id(*, after: str = "") -> str:
    """Make up the id of a run: when it began (UTC), and what tells it from all others.

    ``after`` is the id of the newest run so far: the new one is named a second later at least, so
    that ids stand in the order of the runs, whatever the clock does.
    """
    stamp = f"{datetime.now(UTC):{_STAMP}}"
    if stamp <= after[:_STAMP_CHARACTERS]:
        stamp = _next_second(after[:_STAMP_CHARACTERS]) or stamp
    return f"{stamp}-{token_hex(5)}"


def run_mark(run: str) -> str:
    """Give the part of a run's id that goes into the marks of the devices it registers."""
    return run.rpartition("-")[2]


def _next_second(stamp: str) -> str:
    """Give the stamp after this one; '' if no time is like that, for a name may be anybody's."""
    with suppress(ValueError, OverflowError):
        time = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        return f"{time + timedelta(seconds=1):{_STAMP}}"
    return ""
