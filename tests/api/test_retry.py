from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.api.retry import RetryPolicy, parse_retry_after

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("99999999999999999999", 999999999.0),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 10:00:30 -0000", 30.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("Mon, 99 Nov 2026 09:00:00 GMT", None),
        ("Mon, 23 Nov 2026 10:00:30 +99999999999999", None),
    ],
)
def test_both_forms_of_retry_after_are_read_and_nonsense_is_not(
    header: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(header, now=NOW) == seconds


@given(st.text())
def test_no_header_breaks_the_reader(header: str) -> None:
    seconds = parse_retry_after(header, now=NOW)
    assert seconds is None or seconds >= 0


def test_delays_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_delay=0.5, longest_delay=3.0)
    delays = [policy.delay(attempt, asked=None, jitter=1.0) for attempt in range(5)]
    assert delays == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_jitter_shortens_a_delay_by_up_to_half() -> None:
    assert RetryPolicy().delay(3, asked=None, jitter=0.0) == 2.0
    assert RetryPolicy().delay(3, asked=None, jitter=1.0) == 4.0


def test_what_the_org_asks_for_is_the_least() -> None:
    assert RetryPolicy().delay(0, asked=9.0, jitter=0.0) == 9.0
    assert RetryPolicy().delay(3, asked=1.0, jitter=1.0) == 4.0


def test_a_very_late_attempt_does_not_overflow() -> None:
    assert RetryPolicy().delay(100_000, asked=None, jitter=1.0) == 15.0
