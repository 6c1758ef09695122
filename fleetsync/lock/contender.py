"""Take the lock in an org, keep it and give it back: every step, and none of the sending.

The lock is a device type, for creating one is atomic: the second to try is told 409 (platform page
3.4). Nothing else about it is: a PUT or DELETE hits whatever stands there when it arrives. So

- the lock is changed and deleted by its holder alone, with time enough left of the lease;
- one that has run out is replaced by whoever creates the *claim* on it, a second type, whose id is
  made from the nonce of just that lock. A claim runs out as well; then there is a claim on it.

Whoever has a claim looks at the lock once more: if it is still the one that ran out, nobody else
may touch it, and one PUT makes it the claimant's. The lock itself is never away in between.
"""

from __future__ import annotations

from fleetsync.errors import LockedError, LockLostError, OutcomeUnknownError
from fleetsync.lock.bid import Bid
from fleetsync.lock.judge import Judge
from fleetsync.lock.patience import Patience
from fleetsync.lock.record import Record
from fleetsync.lock.steps import Delete, Get, Lease, Pause, Post, Put, Steps
from fleetsync.lock.takeover import Obstacle, drop, take_over
from fleetsync.model.reserved import LOCK_TYPE

_TRIES = 4
"""How often in a row the org may contradict itself before that is said."""
_HIDDEN = (
    f"the org says that it has a device type {LOCK_TYPE} (409), but does not show it: use an API"
    " key that may see all device types, or lock: folder in fleet.yaml"
)
_DEAF = (
    f"the org takes no change of its device type {LOCK_TYPE}, which holds a lock that ran out;"
    " delete it if no apply is at work, and run again"
)
_UNREADABLE = (
    "nobody knows when it expires: if no apply is at work, delete the device type"
    f" {LOCK_TYPE} from the org"
)


class Contender:
    """One apply that wants the lock."""

    def __init__(self, bid: Bid, judge: Judge) -> None:
        self._bid = bid
        self._judge = judge

    def acquire(self, patience: Patience) -> Steps[Lease]:
        """Take the lock; raises LockedError when the patience is at its end."""
        yield Post(LOCK_TYPE, self._bid.record())
        in_vain = 0
        while True:
            found = yield Get(LOCK_TYPE)
            if found is not None and self._bid.is_ours(found):
                return (yield from self._enter(found))
            if in_vain > _TRIES:
                raise LockedError(_DEAF if found else _HIDDEN)
            obstacle = None
            if found is None:
                yield Post(LOCK_TYPE, self._bid.record())
            else:
                obstacle = yield from self._face(found)
            if obstacle is not None:
                yield Pause(patience.pause(*obstacle))
            in_vain = 0 if obstacle is not None else in_vain + 1

    def renew(self, lease: Lease) -> Steps[Lease | None]:
        """Begin the lease anew; None if the org does not confirm it, LockLostError if it is gone.

        A lock that is gone is not created again: others may have come and gone meanwhile.
        """
        self._check_still_ours((yield Get(LOCK_TYPE)))
        if not self._bid.in_time(lease):
            return None
        new = self._bid.lease()
        found = yield Put(LOCK_TYPE, self._bid.record(new))
        if not self._tells(found, new):
            found = yield Get(LOCK_TYPE)
            self._check_still_ours(found)
        return new if self._tells(found, new) else None

    def release(self) -> Steps[bool]:
        """Give the lock back; False if it has to run out instead.

        It is deleted once only: a second request might arrive when the lock is another's.
        """
        found = yield Get(LOCK_TYPE)
        if found is None or not self._bid.is_ours(found):
            return True
        lease = self._bid.lease_of(found)
        yield from drop(found.claims)
        if not self._bid.in_time(lease):
            return False
        try:
            yield Delete(LOCK_TYPE)
        except OutcomeUnknownError:
            return not self._bid.is_ours((yield Get(LOCK_TYPE)))
        return True

    def _enter(self, found: Record) -> Steps[Lease]:
        lease = self._bid.lease_of(found)
        if not self._bid.in_time(lease):
            raise LockLostError("this process was held up until its lock ran out; run again")
        yield from drop(found.claims)
        return lease

    def _face(self, found: Record) -> Steps[Obstacle | None]:
        """Deal with another's lock: say what is in the way, None to look again at once."""
        if self._judge.is_out(LOCK_TYPE, found):
            return (yield from take_over(found, self._bid, self._judge))
        return Obstacle(found, "" if found.expires is not None else _UNREADABLE)

    def _tells(self, found: Record | None, lease: Lease) -> bool:
        return found is not None and (self._bid.is_ours(found) and found.expires == lease.ends_utc)

    def _check_still_ours(self, found: Record | None) -> None:
        if found is None:
            raise LockLostError(lost("somebody deleted it"))
        if not self._bid.is_ours(found):
            raise LockLostError(lost(f"it is another's now ({found})"))


def lost(why: str) -> str:
    """Say that a lock was lost, and what that means."""
    return (
        f"the lock in the org was lost: {why}; nothing more was sent: see that no other apply is"
        " at work, and run again"
    )
