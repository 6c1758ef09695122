"""Plans to show, made from values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleetsync.model import (
    DesiredFleet,
    Device,
    DeviceType,
    Lifecycle,
    LiveDevice,
    LiveDeviceType,
    LiveFleet,
    Location,
    Registration,
    Source,
)
from fleetsync.plan import Plan, PlanRules, make_plan

APP = Registration("app", "a-abc123-0123456789", "2026-01-01T00:00:00.000Z")


def device_type(type_id: str, line: int = 1, **declared: Any) -> DeviceType:
    return DeviceType(type_id, Source("manifests/types.yaml", line), **declared)


def device(type_id: str, device_id: str, line: int = 1, **declared: Any) -> Device:
    return Device(type_id, device_id, Source("manifests/devices.yaml", line), **declared)


def live_device(type_id: str, device_id: str, **live: Any) -> LiveDevice:
    return LiveDevice(type_id, device_id, registration=APP, **live)


def plan_of(
    types: list[DeviceType],
    devices: list[Device],
    live_types: list[LiveDeviceType],
    live_devices: list[LiveDevice],
    **more: Any,
) -> Plan:
    desired = DesiredFleet(
        types={each.type_id: each for each in types},
        devices={each.type_id: of_type(devices, each.type_id) for each in types},
        removed_types={},
        digest="sha256:" + "0" * 64,
    )
    live = LiveFleet(
        org="abc123",
        types={each.type_id: each for each in live_types},
        devices={each.type_id: of_type(live_devices, each.type_id) for each in types},
        reads=3,
        **more,
    )
    rules = PlanRules(fleet="emea-sensors")
    return make_plan(desired=desired, live=live, rules=rules, created_at="2026-11-23T10:00:00Z")


def of_type(devices: list[Any], type_id: str) -> Mapping[str, Any]:
    return {each.device_id: each for each in devices if each.type_id == type_id}


def empty() -> Plan:
    return plan_of([device_type("pump")], [], [LiveDeviceType("pump")], [])


def first() -> Plan:
    pump = device_type("pump", 2, class_id="Device", device_info={"model": "P2"})
    hub = device_type("hub", 9, class_id="Gateway", lifecycle=Lifecycle(protect=True))
    place = Location(51.5007, -0.1246, 12.0)
    return plan_of(
        [pump, hub],
        [
            device("pump", "p-1", 3, metadata={"line": 7, "a.b": {"c": [1, True]}}),
            device("pump", "p-2", 4, location=place, alert_enabled=True),
            device("hub", "h-1", 12),
        ],
        [],
        [],
    )


def changed() -> Plan:
    pump = device_type("pump", 2, device_info={"model": "P3"})
    live = LiveDeviceType("pump", device_info={"model": "P2"}, description="Pump")
    declared = [
        device("pump", f"p-{n:02}", n, metadata={"line": 2, "floor": n // 12}) for n in range(12)
    ]
    held = [live_device("pump", f"p-{n:02}", metadata={"line": 1, "floor": 0}) for n in range(12)]
    declared.append(device("pump", "p-50", 50, metadata={}, device_info={"model": ""}))
    held.append(
        live_device("pump", "p-50", metadata={"x": {"y": "\x1b[2J"}}, device_info={"model": "P2"})
    )
    held += [live_device("pump", f"old-{n}", metadata={"line": n}) for n in range(6)]
    return plan_of([pump], declared, [live], held, unmanaged_types=3, unmanaged_devices=17)


def large() -> Plan:
    types = [device_type(f"type-{n:02}", n + 1) for n in range(25)]
    declared = [
        device(each.type_id, f"d-{n:03}", n + 1, metadata={"n": n})
        for each in types
        for n in range(40)
    ]
    live_types = [LiveDeviceType(each.type_id) for each in types[:2]]
    held = [
        live_device("type-00", f"d-{n:03}", metadata={"n": -n}, device_info={"model": "M"})
        for n in range(40)
    ]
    held += [live_device("type-01", f"gone-{n:03}") for n in range(40)]
    return plan_of(types, declared, live_types, held)


PLANS = {"empty": empty, "first": first, "changed": changed, "large": large}
