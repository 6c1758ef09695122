"""Hold the plans that are cut off: an org and its fleet before, and what an apply then makes."""

from __future__ import annotations

from typing import Any, NamedTuple

Manifest = dict[str, Any]

_HEAVY = "x" * 300_000
"""Metadata that let only one device into a bulk request (platform page 4.2: 512 KB)."""


class CutPlan(NamedTuple):
    """One apply to be cut off, from ``before`` (None: an empty org) to ``after``.

    ``switches`` set the org for all of it, ``faults`` only for the run that is cut off. ``slow``
    are seconds that each answer takes in that run.
    """

    name: str
    before: Manifest | None
    after: Manifest
    tokens: str = "client"
    switches: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    slow: float = 0.0


def _devices(type_id: str, stem: str, numbers: range, **more: Any) -> list[Manifest]:
    return [{"typeId": type_id, "deviceId": f"{stem}-{number}", **more} for number in numbers]


def _located(type_id: str, stem: str, numbers: range, shift: int = 0) -> list[Manifest]:
    return [
        {
            "typeId": type_id,
            "deviceId": f"{stem}-{number}",
            "metadata": {"floor": number + shift},
            "location": {"latitude": number + shift, "longitude": 1},
        }
        for number in numbers
    ]


_TYPES: list[Manifest] = [
    {"id": "pump", "metadata": {"line": 7}, "deviceInfo": {"model": "P"}},
    {"id": "hub", "classId": "Gateway"},
]

FIRST: Manifest = {
    "deviceTypes": _TYPES,
    "devices": [*_located("pump", "p", range(4)), *_devices("hub", "h", range(2))],
}
HEAVY: Manifest = {
    "deviceTypes": _TYPES,
    "devices": _devices("pump", "heavy", range(3), metadata={"load": _HEAVY}),
}
MOVED: Manifest = {
    "deviceTypes": [{**_TYPES[0], "metadata": {"line": 8}}, _TYPES[1]],
    "devices": [
        *_located("pump", "p", range(4), shift=10),
        *_devices("hub", "h", range(2), deviceInfo={"serialNumber": "1"}),
    ],
}
OLD: Manifest = {
    "deviceTypes": [*_TYPES, {"id": "old"}, {"id": "older"}],
    "devices": [
        *_located("pump", "p", range(3)),
        *_devices("pump", "gone", range(3)),
        *_devices("old", "o", range(2)),
        *_devices("older", "o", range(1)),
    ],
}
LESS: Manifest = {
    "deviceTypes": _TYPES,
    "devices": _located("pump", "p", range(3)),
    "removedDeviceTypes": ["old", "older"],
}
MIXED: Manifest = {
    "deviceTypes": [{**_TYPES[0], "description": "Pump"}, _TYPES[1], {"id": "valve"}],
    "devices": [
        *_located("pump", "p", range(3), shift=5),
        *_located("valve", "v", range(2)),
        *_devices("hub", "h", range(1), status={"alert": {"enabled": True}}),
    ],
    "removedDeviceTypes": ["old", "older"],
}

_SMALL_REQUESTS = "requestBytes=500"
_SOME_ITEMS_FAIL = ("itemFails=40%", "itemSeemsFailed=30%", "itemLeftOut=20%", "faultSeed=3")

CLIENT_PLANS = (
    CutPlan("first", None, FIRST),
    CutPlan("first-in-small-requests", None, FIRST, switches=(_SMALL_REQUESTS,)),
    CutPlan("first-heavy", None, HEAVY),
    CutPlan("first-with-failing-items", None, FIRST, faults=_SOME_ITEMS_FAIL),
    CutPlan("update", FIRST, MOVED),
    CutPlan("delete", OLD, LESS),
    CutPlan("mixed", OLD, MIXED),
    CutPlan("mixed-with-failing-items", OLD, MIXED, faults=_SOME_ITEMS_FAIL),
    CutPlan("mixed-slow", OLD, MIXED, slow=0.01),
)
PLATFORM_PLANS = tuple(
    plan._replace(name=f"{plan.name}-platform", tokens="platform")
    for plan in CLIENT_PLANS
    if plan.name in {"first", "first-in-small-requests", "first-with-failing-items", "mixed"}
)
PLANS = (*CLIENT_PLANS, *PLATFORM_PLANS)
