"""Faults are aimed at calls by method and path, and at a span of those."""

from __future__ import annotations

import pytest

from fleetsync.emulator.aim import Call, take_aim
from fleetsync.emulator.faults import Faults

DEVICE = Call("PUT /device/types/{typeId}/devices/{deviceId}", "/device/types/pump/devices/p-1", "")
ADD = Call("POST /bulk/devices/add", "/bulk/devices/add", "")
LIST = Call("GET /bulk/devices", "/bulk/devices", "_limit=2")

PATTERNS = [
    ("", [DEVICE, ADD, LIST]),
    ("PUT", [DEVICE]),
    ("POST,GET", [ADD, LIST]),
    ("GET /bulk/devices", [LIST]),
    ("POST /bulk/devices", []),
    ("* /bulk/devices*", [ADD, LIST]),
    ("PUT /device/types/{typeId}/devices/{deviceId}", [DEVICE]),
    ("PUT /device/types/pump/devices/p-1", [DEVICE]),
    ("PUT /device/types/pump/devices/p-?", [DEVICE]),
    ("PUT /device/types/fan/*", []),
    ("DELETE,POST /bulk/devices/add", [ADD]),
]

SPANS = [
    (0, 0, [1, 2, 3, 4, 5]),
    (0, 1, [1]),
    (0, 3, [1, 2, 3]),
    (2, 0, [3, 4, 5]),
    (2, 1, [3]),
    (9, 1, []),
]


@pytest.mark.parametrize(("pattern", "calls"), PATTERNS)
def test_a_pattern_matches_these_calls(pattern: str, calls: list[Call]) -> None:
    aim = take_aim(Faults(faults_on=pattern))
    assert [call for call in (DEVICE, ADD, LIST) if aim.is_at(call)] == calls


@pytest.mark.parametrize(("after", "first", "hit"), SPANS)
def test_a_span_of_the_matching_calls_is_hit(after: int, first: int, hit: list[int]) -> None:
    aim = take_aim(Faults(faults_after=after, faults_first=first))
    assert [position for position in range(1, 6) if aim.hits(position)] == hit


def test_the_target_of_a_call_tells_it_from_others() -> None:
    assert DEVICE.target == "PUT /device/types/pump/devices/p-1?"
    assert LIST.target == "GET /bulk/devices?_limit=2"
