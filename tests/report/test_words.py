from __future__ import annotations

import pytest

from fleetsync.model import Kind
from fleetsync.report.words import counted_kind, duration, listed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (1.74, "1.7 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (100_000, "27 h 46 min"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_counts_agree_with_their_nouns() -> None:
    assert counted_kind(1, Kind.DEVICE) == "1 device"
    assert counted_kind(0, Kind.DEVICE) == "0 devices"
    assert counted_kind(1_000_000, Kind.DEVICE_TYPE) == "1,000,000 device types"


def test_lists_read_as_sentences() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
