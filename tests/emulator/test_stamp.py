"""Time stamps are taken up to milliseconds, whatever their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleetsync.emulator.stamp import is_stamp, now_stamp, whole_seconds

GOOD = [
    "2019-05-06T10:23:57Z",
    "2019-05-06T10:23:57.1Z",
    "2019-05-06T10:23:57.123Z",
    "2019-05-06T10:23:57+00:00",
    "2019-05-06T10:23:57-0530",
    "2019-05-06T10:23:57",
]
LONG = ["2019-05-06T10:23:57.1234Z", "2019-05-06T10:23:57.123456Z"]
BAD = [
    "",
    "yesterday",
    "2019-05-06",
    "2019-05-06 10:23:57Z",
    "2019-23-06T10:23:57Z",
    "2019-02-30T10:23:57Z",
    "2019-05-06T25:23:57Z",
    "2019-05-06T10:23:57.Z",
    "2019-05-06T10:23:57Z\n",
    "\u0662\u0660\u0661\u0669-05-06T10:23:57Z",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_stamp_up_to_milliseconds_is_taken(text: str) -> None:
    assert is_stamp(text, long_fractions=False)


@pytest.mark.parametrize("text", LONG)
def test_a_longer_fraction_is_taken_only_where_allowed(text: str) -> None:
    assert not is_stamp(text, long_fractions=False)
    assert is_stamp(text, long_fractions=True)


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_stamp_is_not_taken(text: str) -> None:
    assert not is_stamp(text, long_fractions=True)


def test_now_is_the_present_in_utc() -> None:
    stamp = now_stamp()
    assert stamp.endswith("Z")
    assert abs(datetime.fromisoformat(stamp) - datetime.now(UTC)) < timedelta(seconds=5)


def test_whole_seconds_are_the_other_form_of_a_stamp() -> None:
    assert whole_seconds("2019-05-06T10:23:57.411Z") == "2019-05-06T10:23:57+00:00"
