"""Measure what making a plan costs; run as ``python tests/benchmarks/bench_plan.py 20000``.

Times on a shared machine say little: compare the ratios within one run. The base is one ``==`` for
each device against a live one in the same form.
"""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

from fleetsync.diff import diff_fleets, locations_to_read
from fleetsync.model import (
    JSON,
    DesiredFleet,
    Device,
    DeviceType,
    LiveDevice,
    LiveDeviceType,
    LiveFleet,
    Location,
    Registration,
    Source,
)
from fleetsync.model.mark import Mark, mark_text
from fleetsync.plan import Limits, PlanRules, make_plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.saved import parse_saved_plan

TYPES = [f"type-{number:02}" for number in range(16)]
SOURCE = Source("manifests/fleet.yaml", 1)
RULES = PlanRules(fleet="bench", limits=Limits(100, 10_000_000))
BY_APP = Registration("app", "a-abc123-k0dl0vqqrk", "2018-09-18T06:44:02.000Z")


class Fleets(NamedTuple):
    """What is declared and what is live; every hundredth device differs."""

    desired: DesiredFleet
    live: LiveFleet


def make_fleets(devices: int) -> Fleets:
    """Make devices like those of bench_manifest: five texts, four metadata keys, a location."""
    types = {each: DeviceType(each, SOURCE) for each in TYPES}
    declared: dict[str, dict[str, Device]] = {each: {} for each in TYPES}
    live: dict[str, dict[str, LiveDevice]] = {each: {} for each in TYPES}
    for number in range(devices):
        wanted = make_device(number)
        declared[wanted.type_id][wanted.device_id] = wanted
        live[wanted.type_id][wanted.device_id] = make_live(wanted, changed=number % 100 == 0)
    live_types = {each: LiveDeviceType(each) for each in TYPES}
    return Fleets(
        DesiredFleet(types, declared, {}, "sha256:0"), LiveFleet("abc123", live_types, live)
    )


def make_device(number: int) -> Device:
    """Declare one device; no two have the same place."""
    type_id = TYPES[number % len(TYPES)]
    info = {
        "serialNumber": f"SN{number:08}",
        "manufacturer": "ACME",
        "model": f"M{number % 16}",
        "fwVersion": f"v1.{number % 7}",
        "descriptiveLocation": f"Hall {number % 200}",
    }
    metadata: dict[str, JSON] = {
        "floor": number % 12,
        "owner": "facilities",
        "zone": f"z{number % 40}",
        "on": True,
    }
    place = Location((number * 7919 % 1_800_000) / 10_000 - 90, number % 360 - 180.0, 3.0)
    return Device(type_id, f"device-{number:07}", SOURCE, info, metadata, place)


def make_live(device: Device, *, changed: bool) -> LiveDevice:
    """Give the device as the org would list it, with its mark."""
    mark = mark_text(f"{device.type_id}/{device.device_id}", Mark(device.location))
    metadata = {**(device.metadata or {}), **({"zone": "old"} if changed else {})}
    info = dict(device.device_info)
    return LiveDevice(device.type_id, device.device_id, info, metadata, mark, registration=BY_APP)


def compare_bare(fleets: Fleets) -> int:
    """Compare as plainly as can be."""
    differing = 0
    for type_id, devices in fleets.desired.devices.items():
        listed = fleets.live.devices[type_id]
        for device_id, device in devices.items():
            found = listed[device_id]
            same = device.device_info == found.device_info and device.metadata == found.metadata
            differing += not same
    return differing


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Give seconds of processor time, and megabytes in use at most."""
    gc.collect()
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak / 1e6


def run(devices: int) -> None:
    """Print the cost of each part of making a plan."""
    fleets = make_fleets(devices)
    desired, live = fleets
    nothing = live._replace(types={}, devices={})

    def plan_all(org: LiveFleet) -> object:
        return make_plan(desired=desired, live=org, rules=RULES, created_at="")

    made = make_plan(desired=desired, live=nothing, rules=RULES, created_at="")
    ways: dict[str, Callable[[], object]] = {
        "bare ==": lambda: compare_bare(fleets),
        "locations_to_read": lambda: list(locations_to_read(desired, live.devices)),
        "diff_fleets": lambda: diff_fleets(desired=desired, live=live, prune=True),
        "make_plan": lambda: plan_all(live),
        "make_plan, all new": lambda: plan_all(nothing),
        "plan_text, all new": lambda: sum(map(len, plan_text(made))),
        "parse_saved_plan": lambda: parse_saved_plan("".join(plan_text(made)).encode(), name="p"),
    }
    print(f"{devices:,} devices of {len(TYPES)} types, 1 % changed")
    print(f"{'':20}{'s':>8}{'us each':>10}{'ratio':>8}{'peak MB':>10}")
    base = 0.0
    for name, work in ways.items():
        seconds, peak = measure(work)
        base = base or seconds
        each = seconds / devices * 1e6
        print(f"{name:20}{seconds:8.2f}{each:10.1f}{seconds / base:8.1f}{peak:10.0f}")


def main() -> None:
    """Read the number of devices from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("devices", nargs="?", type=int, default=20_000)
    run(parser.parse_args().devices)


if __name__ == "__main__":
    main()
