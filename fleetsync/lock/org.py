"""Let one apply at a time work on an org: a lock in the org itself, renewed while it is held."""

from __future__ import annotations

import os
import platform
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple

from fleetsync.api.transport import Transport
from fleetsync.errors import ApiError, CredentialsError, FleetsyncError, LockedError, LockLostError
from fleetsync.lock.bid import Bid
from fleetsync.lock.contender import Contender, lost
from fleetsync.lock.judge import Judge
from fleetsync.lock.patience import Patience
from fleetsync.lock.record import Record
from fleetsync.lock.steps import TERMS, Clock, Lease, Terms
from fleetsync.lock.wire import Wire

_ROLE = (
    "lock: org needs an API key that may create, change and delete device types, and room for one"
    " more type; lock: folder in fleet.yaml does without"
)


class Want(NamedTuple):
    """For which run of which fleet the lock is wanted, and how long to wait for it, in seconds.

    ``own_runs`` are earlier runs of the same folder: with its lock held, none of them is alive, so
    what they left in the org is taken over at once. ``notify`` hears of waiting and of trouble.
    """

    fleet: str
    run: str
    wait: float
    notify: Callable[[str], None]
    own_runs: Collection[str] = ()


class OrgLock:
    """The lock in the org while it is held."""

    def __init__(self, lease: Lease, clock: Clock, terms: Terms) -> None:
        self.lease = lease
        self._clock = clock
        self._terms = terms
        self._lost: LockLostError | None = None

    def lost(self) -> LockLostError | None:
        """Give the reason why no write may be begun any more; None while all is well."""
        if self._lost is None and self.lease.left(self._clock) < self._terms.last_call:
            self.give_up(LockLostError(lost("it could not be renewed in time")))
        return self._lost

    def check(self) -> None:
        """Raise LockLostError if no write may be begun any more."""
        error = self.lost()
        if error is not None:
            raise error

    def give_up(self, error: LockLostError) -> None:
        """Take note that the lock is gone, for ever."""
        self._lost = self._lost or error

    def seconds_to_renewal(self) -> float:
        """Give the seconds until the lease has to begin anew."""
        return self.lease.left(self._clock) - (self._terms.lease - self._terms.renew)


@contextmanager
def lock_org(transport: Transport, want: Want, *, terms: Terms = TERMS) -> Iterator[Transport]:
    """Hold the lock in the org while the block runs, and give a transport that needs it to write.

    The lock is renewed in the background. Once it is lost, nothing is written any more: each write
    raises LockLostError. Raises LockedError where another apply has the lock, ApiError or
    CredentialsError where the org does not let us take it.
    """
    clock = Clock(time.time, _steady)
    wire = Wire(transport, clock, terms)
    contender = _contender(want, clock, terms)
    lease = _take(contender, wire, Patience(want.wait, clock, terms, want.notify))
    held = OrgLock(lease, clock, terms)
    keeper = _Keeper(held, contender, wire, want.notify)
    keeper.start(terms.retry)
    try:
        yield transport.guarded(held.check)
    finally:
        keeper.end()


class _Keeper:
    """Renews a lock in a thread of its own, and gives it back at the end."""

    def __init__(
        self, held: OrgLock, contender: Contender, wire: Wire, notify: Callable[[str], None]
    ) -> None:
        self._held = held
        self._contender = contender
        self._wire = wire
        self._notify = notify
        self._ended = threading.Event()

    def start(self, retry: float) -> None:
        # A daemon: a process that is told to end at once does not wait for it.
        self._thread = threading.Thread(target=self._keep, args=(retry,), name="lock", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Give the lock back; what can go wrong there is told, and no reason to fail."""
        self._ended.set()
        self._thread.join()
        if self._held.lost() is not None:
            return
        why = "a request to renew it may still be on its way"
        try:
            if self._wire.settled:
                why = "the org does not confirm it"
                if self._wire.carry_out(self._contender.release()):
                    return
        except FleetsyncError as error:
            why = str(error)
        until = datetime.fromtimestamp(self._held.lease.ends_utc, UTC).strftime("%H:%M:%SZ")
        self._notify(f"Warning: the lock in the org is not given back, it ends at {until}: {why}")

    def _keep(self, retry: float) -> None:
        pause = self._held.seconds_to_renewal()
        while not self._ended.wait(max(pause, 0.0)) and self._held.lost() is None:
            renewed = self._renew()
            pause = self._held.seconds_to_renewal() if renewed else retry

    def _renew(self) -> bool:
        try:
            lease = self._wire.carry_out(self._contender.renew(self._held.lease))
        except LockLostError as error:
            self._held.give_up(error)
            return False
        except FleetsyncError as error:
            self._notify(f"Warning: the lock in the org could not be renewed yet: {error}")
            return False
        self._held.lease = lease or self._held.lease
        return lease is not None


def _contender(want: Want, clock: Clock, terms: Terms) -> Contender:
    owner = f"{platform.node()[:60] or 'unknown host'}, process {os.getpid()}"
    who = Record(want.fleet, owner, want.run, nonce=secrets.token_hex(8))
    own_runs = frozenset(want.own_runs) - {want.run}
    return Contender(Bid(who, clock, terms), Judge(clock, terms, own_runs))


def _take(contender: Contender, wire: Wire, patience: Patience) -> Lease:
    try:
        return wire.carry_out(contender.acquire(patience))
    except BaseException as error:
        if wire.tried and not isinstance(error, LockedError):
            with suppress(FleetsyncError):  # perhaps it is there: nobody shall have to wait for it
                wire.carry_out(contender.release())
        if isinstance(error, ApiError):
            words = _refused(error, hint=error.status == 403)
            raise ApiError(words, status=error.status, detail=error.detail) from error
        if isinstance(error, CredentialsError):
            raise CredentialsError(_refused(error, hint=True)) from error
        raise


def _refused(error: FleetsyncError, *, hint: bool) -> str:
    words = f"the lock in the org cannot be taken: {error}"
    return f"{words}; {_ROLE}" if hint else words


def _steady() -> float:
    """Count seconds, also those that the machine sleeps, where the system can."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
