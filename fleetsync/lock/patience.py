"""Wait for a lock in the org: look seldom, say for whom, and know when it has been long enough."""

from __future__ import annotations

from collections.abc import Callable

from fleetsync.errors import LockedError
from fleetsync.lock.record import Record
from fleetsync.lock.steps import Clock, Terms


class Patience:
    """Waits so many seconds in all, from now on; ``notify`` hears for whom."""

    def __init__(
        self, seconds: float, clock: Clock, terms: Terms, notify: Callable[[str], None]
    ) -> None:
        self._seconds = seconds
        self._steady = clock.steady
        self._ends_at = clock.steady() + seconds
        self._terms = terms
        self._notify = notify
        self._pause = terms.first_pause
        self._told = ""

    def pause(self, holder: Record, remark: str = "") -> float:
        """Give the seconds until the next look; raises LockedError when there are none left."""
        left = self._ends_at - self._steady()
        if left <= 0:
            raise LockedError(_refusal(holder, remark, self._terms))
        self._tell(holder)
        pause = min(self._pause, left)
        self._pause = min(self._pause * 2, self._terms.longest_pause)
        return pause

    def _tell(self, holder: Record) -> None:
        if holder.nonce != self._told:
            self._told = holder.nonce
            words = f"waiting up to {self._seconds:g} s for another apply to end: the lock in the"
            self._notify(f"{words} org is held ({holder})")


def _refusal(holder: Record, remark: str, terms: Terms) -> str:
    later = f"{terms.skew:g} s after that, the next apply takes it over"
    return (
        f"another apply holds the lock in the org ({holder}); try again when it has ended, or wait"
        f" for it with --wait SECONDS; {remark or f'if it was killed: {later}'}"
    )
