"""Name what taking, keeping and giving back a lock in the org consists of; sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple, TypeAlias, TypeVar

from fleetsync.lock.record import Record, to_milliseconds

T = TypeVar("T")


class Post(NamedTuple):
    """Create the lock, or a claim on it; whether that went well is seen by looking."""

    type_id: str
    record: Record


class Get(NamedTuple):
    """Look at a lock; the answer is None where there is none."""

    type_id: str


class Put(NamedTuple):
    """Write a lock anew; the answer is what the org then has, None if it does not tell."""

    type_id: str
    record: Record


class Delete(NamedTuple):
    """Delete a lock."""

    type_id: str


class Pause(NamedTuple):
    """Let so many seconds pass."""

    seconds: float


Step: TypeAlias = Post | Get | Put | Delete | Pause
Steps: TypeAlias = Generator[Step, Record | None, T]
"""Gives one step after the other, is handed the answer to each, and ends with a value."""


class Terms(NamedTuple):
    """How long a lock lasts, in seconds.

    A holder renews its ``lease`` whenever ``renew`` of it have passed. A request takes effect
    within ``last_call`` of being begun, or never: so with less than that left of its lease, a
    holder begins none. Others wait ``skew`` longer than the lease, for clocks differ, and look at
    least every ``longest_pause``. A renewal that failed is tried again after ``retry``.
    """

    lease: float = 600.0
    renew: float = 200.0
    last_call: float = 150.0
    skew: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 15.0
    retry: float = 10.0


TERMS = Terms()
"""What all applies of this version keep to."""


class Clock(NamedTuple):
    """Two clocks in seconds: the time of day since 1970, and one that is never set."""

    utc: Callable[[], float]
    steady: Callable[[], float]


class Lease(NamedTuple):
    """Until when a lock is held, by both clocks of the holder: the earlier one counts."""

    ends_utc: float
    ends_steady: float

    def left(self, clock: Clock) -> float:
        """Give how many seconds are left."""
        return min(self.ends_utc - clock.utc(), self.ends_steady - clock.steady())


def new_lease(seconds: float, clock: Clock) -> Lease:
    """Give a lease that begins now."""
    return Lease(to_milliseconds(clock.utc() + seconds), clock.steady() + seconds)
