"""Hold the number of requests that start in any one second."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_SECONDS = 1.03
"""A second as the org sees it, and a little, for requests arrive less evenly than they start."""


class CallLimiter:
    """Let at most ``calls_per_second`` requests start in any one second, from all threads together.

    The quota belongs to the whole org (platform page 8), so one limiter serves one connection.
    """

    def __init__(
        self,
        calls_per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._starts: deque[float] = deque(maxlen=calls_per_second)
        self._resume_at = float("-inf")

    def wait(self) -> None:
        """Return when the calling thread may start one request."""
        while (delay := self.claim()) > 0:
            self._sleep(delay)

    def rest(self) -> None:
        """Return when no pause is on; takes no turn."""
        while (delay := self._resume_at - self._clock()) > 0:
            self._sleep(delay)

    def claim(self) -> float:
        """Take a turn and give 0.0, or tell in how many seconds to ask again."""
        with self._lock:
            now = self._clock()
            free_at = self._free_at()
            if now < free_at:
                return free_at - now
            self._starts.append(now)
            return 0.0

    def pause(self, seconds: float) -> None:
        """Let no request start for so long: the org asked for rest."""
        with self._lock:
            self._resume_at = max(self._resume_at, self._clock() + seconds)

    def _free_at(self) -> float:
        if len(self._starts) < (self._starts.maxlen or 0):
            return self._resume_at
        return max(self._resume_at, self._starts[0] + WINDOW_SECONDS)
