"""Hold who wants the lock in the org, and say what he writes into it."""

from __future__ import annotations

from hashlib import blake2b

from fleetsync.lock.record import Record
from fleetsync.lock.steps import Clock, Lease, Terms, new_lease


class Bid:
    """One apply's wish for the lock; ``who`` has the nonce that tells it from all others."""

    def __init__(self, who: Record, clock: Clock, terms: Terms) -> None:
        self._who = who
        self._clock = clock
        self._terms = terms

    def lease(self) -> Lease:
        """Give a lease that begins now."""
        return new_lease(self._terms.lease, self._clock)

    def record(self, lease: Lease | None = None, *, claims: tuple[str, ...] = ()) -> Record:
        """Give what to write into a lock; without a lease, one that begins now."""
        return self._who._replace(expires=(lease or self.lease()).ends_utc, claims=claims)

    def claim(self, type_id: str) -> Record:
        """Give what to write into a claim of this id, which ``owns`` knows again.

        Its nonce is its own: with that of the lock, a claim on the claim would have the id of a
        claim on the lock, and two of them could point at each other for ever.
        """
        return self.record()._replace(nonce=self._claim_nonce(type_id))

    def is_ours(self, record: Record | None) -> bool:
        """Tell whether a lock is of this very apply."""
        return record is not None and record.nonce == self._who.nonce

    def owns(self, type_id: str, claim: Record) -> bool:
        """Tell whether a claim is of this very apply."""
        return claim.nonce == self._claim_nonce(type_id)

    def lease_of(self, record: Record) -> Lease:
        """Give the lease that a lock of ours tells of, whichever of our requests wrote it."""
        ends = record.expires or 0.0
        left = min(ends - self._clock.utc(), self._terms.lease)
        return Lease(ends, self._clock.steady() + left)

    def in_time(self, lease: Lease) -> bool:
        """Tell whether a request that is begun now takes effect within the lease."""
        return lease.left(self._clock) >= self._terms.last_call

    def _claim_nonce(self, type_id: str) -> str:
        return blake2b(f"{self._who.nonce} {type_id}".encode(), digest_size=8).hexdigest()
