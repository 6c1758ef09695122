"""A window lets so many calls through and says how long the next would have to wait."""

from __future__ import annotations

import time

import pytest

from fleetsync.emulator.dice import Dice
from fleetsync.emulator.faults import Faults
from fleetsync.emulator.throttle import Window, retry_headers

RATES = [(3.0, 3, 1.0), (0.5, 1, 2.0), (2.5, 2, 0.8)]


@pytest.mark.parametrize(("rate", "passing", "seconds"), RATES)
def test_what_is_more_has_to_wait_until_the_first_is_out_of_the_window(
    rate: float, passing: int, seconds: float
) -> None:
    window = Window(rate)
    waits = [window.seconds_to_wait() for _ in range(passing + 2)]
    assert waits[:passing] == [0.0] * passing
    assert all(seconds - 0.2 < wait <= seconds for wait in waits[passing:])


def test_after_the_wait_the_next_call_passes() -> None:
    window = Window(20.0)
    wait = max(window.seconds_to_wait() for _ in range(21))
    time.sleep(wait)
    assert window.seconds_to_wait() == 0.0


def test_without_a_rate_everything_passes() -> None:
    window = Window(0.0)
    assert [window.seconds_to_wait() for _ in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize(("seconds", "text"), [(None, "4"), (0.2, "1"), (1.0, "1"), (1.1, "2")])
def test_seconds_are_rounded_up(seconds: float | None, text: str) -> None:
    faults = Faults(retry_after_seconds=4)
    assert retry_headers(faults, Dice(1, "", 1).throw(), seconds) == (("Retry-After", text),)
