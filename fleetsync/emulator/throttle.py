"""Refuse what is more than so many calls a second (platform page 8), and say when to come back."""

from __future__ import annotations

import math
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from fleetsync.emulator.faults import Faults


class Window:
    """The calls that were let through lately; refused ones do not count. Not safe for threads."""

    def __init__(self, calls_per_second: float) -> None:
        self._capacity = max(1, math.floor(calls_per_second))
        self._seconds = self._capacity / calls_per_second if calls_per_second else 0.0
        self._passed: deque[float] = deque()

    def seconds_to_wait(self) -> float:
        """Let a call through and return 0, or return how long it would have to wait."""
        now = time.monotonic()
        while self._passed and self._passed[0] + self._seconds <= now:
            self._passed.popleft()
        if len(self._passed) >= self._capacity:
            return self._passed[0] + self._seconds - now
        if self._seconds:
            self._passed.append(now)
        return 0.0


def retry_headers(
    faults: Faults, chance: Random, seconds: float | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the Retry-After header as the faults have it, or none; rounded up to seconds."""
    form: str = faults.retry_after
    if form == "mixed":
        form = chance.choice(["seconds", "date", "absent"])
    if form == "absent":
        return ()
    whole = math.ceil(faults.retry_after_seconds if seconds is None else seconds)
    if form == "seconds":
        return (("Retry-After", str(whole)),)
    # One second more, for a date has no fraction and this moment has one.
    moment = datetime.now(UTC) + timedelta(seconds=whole + 1 if whole else 0)
    return (("Retry-After", format_datetime(moment, usegmt=True)),)
