"""Say how long to wait before a request is tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple


class RetryPolicy(NamedTuple):
    """How long to go on trying, in seconds.

    ``budget`` runs from the first failure of a request. Until the org has answered anything at all,
    ``first_contact`` takes its place: a wrong host name should not keep anybody waiting.
    """

    budget: float = 60.0
    first_contact: float = 5.0
    first_delay: float = 0.5
    longest_delay: float = 15.0

    def delay(self, attempt: int, *, asked: float | None, jitter: float) -> float:
        """Give the seconds to wait after failed attempt 0, 1, ...; at least what the org asked for.

        ``jitter`` from 0 to 1 spreads callers, so that they do not all come back at once.
        """
        grown = min(self.first_delay * 2.0 ** min(attempt, 30), self.longest_delay)
        return max(asked or 0.0, grown * (0.5 + jitter / 2))


PATIENT = RetryPolicy()
"""What a person or a pipeline would wait for."""


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date; None when it is absent or senseless."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter: a zone beyond all bounds
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
