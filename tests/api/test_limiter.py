from __future__ import annotations

import heapq
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.api.limiter import WINDOW_SECONDS, CallLimiter


class FakeClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def starts_of(limiter: CallLimiter, clock: FakeClock, arrivals: list[float]) -> list[float]:
    """Let callers that arrive at these times all wait at once, and give when each one started."""
    waiting = [(100.0 + arrival, number) for number, arrival in enumerate(arrivals)]
    heapq.heapify(waiting)
    starts = []
    while waiting:
        clock.now, number = heapq.heappop(waiting)
        delay = limiter.claim()
        if delay:
            heapq.heappush(waiting, (clock.now + delay, number))
        else:
            starts.append(clock.now)
    return starts


@given(st.integers(1, 12), st.lists(st.floats(0, 5), max_size=60))
def test_in_any_second_at_most_so_many_callers_start(calls: int, arrivals: list[float]) -> None:
    clock = FakeClock()
    starts = starts_of(CallLimiter(calls, clock=clock), clock, arrivals)
    assert len(starts) == len(arrivals)
    for early, late in zip(starts, starts[calls:], strict=False):
        assert late - early > 1.0


@given(st.integers(1, 12), st.integers(1, 60))
def test_a_busy_limiter_gives_the_whole_quota(calls: int, callers: int) -> None:
    clock = FakeClock()
    starts = starts_of(CallLimiter(calls, clock=clock), clock, [0.0] * callers)
    assert starts[-1] - starts[0] == pytest.approx((callers - 1) // calls * WINDOW_SECONDS)


def test_waiting_sleeps_until_the_oldest_start_is_a_second_ago() -> None:
    clock = FakeClock()
    limiter = CallLimiter(2, clock=clock, sleep=clock.sleep)
    limiter.wait()
    limiter.wait()
    assert clock.now == 100.0
    limiter.wait()
    assert clock.now == pytest.approx(100.0 + WINDOW_SECONDS)


def test_a_pause_holds_everybody_and_the_longest_counts() -> None:
    clock = FakeClock()
    limiter = CallLimiter(5, clock=clock, sleep=clock.sleep)
    limiter.pause(3)
    limiter.pause(1)
    limiter.rest()
    assert clock.now == 103.0
    limiter.wait()
    assert clock.now == 103.0


def test_resting_takes_no_turn() -> None:
    clock = FakeClock()
    limiter = CallLimiter(1, clock=clock, sleep=clock.sleep)
    limiter.rest()
    assert limiter.claim() == 0.0


def test_threads_together_keep_the_pace() -> None:
    limiter = CallLimiter(20)
    starts: list[float] = []

    def call() -> None:
        limiter.wait()
        starts.append(time.monotonic())

    threads = [threading.Thread(target=call) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    starts.sort()
    assert all(late - early > 1.0 for early, late in zip(starts, starts[20:], strict=False))
