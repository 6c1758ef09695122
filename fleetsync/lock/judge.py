"""Decide whether a lock in the org has run out: by its expiry, and by what else can be known."""

from __future__ import annotations

from collections.abc import Collection

from fleetsync.lock.record import Record
from fleetsync.lock.steps import Clock, Terms


class Judge:
    """Judges locks and claims; ``own_runs`` are runs known to be dead."""

    def __init__(self, clock: Clock, terms: Terms, own_runs: Collection[str] = ()) -> None:
        self._clock = clock
        self._terms = terms
        self._own_runs = frozenset(own_runs)
        self._seen: dict[str, tuple[Record, float]] = {}

    def is_out(self, type_id: str, record: Record) -> bool:
        """Tell whether a lock may be taken over, as far as this machine's clock is right."""
        if self.is_surely_out(type_id, record):
            return True
        return record.expires is not None and (
            record.expires + self._terms.skew < self._clock.utc()
        )

    def is_surely_out(self, type_id: str, record: Record) -> bool:
        """Tell it without the time of day: its run is dead, or it did not change for a lease.

        The latter helps where the expiry cannot be read, or lies a year ahead.
        """
        if record.run in self._own_runs:
            return True
        now = self._clock.steady()
        known, since = self._seen.get(type_id, (record, now))
        if known != record:
            since = now
        self._seen[type_id] = (record, since)
        return now - since > self._terms.lease + self._terms.skew

    def is_fresh(self, type_id: str, record: Record, claim: Record) -> bool:
        """Tell whether a lock that seems out was, by the org's clock, written lately.

        ``claim`` was created just now. Then some clock is wrong, and its holder may be at work.
        """
        if record.updated is None or claim.created is None:
            return False
        age = claim.created - record.updated
        return age < self._terms.lease - self._terms.skew and not (
            self.is_surely_out(type_id, record)
        )
