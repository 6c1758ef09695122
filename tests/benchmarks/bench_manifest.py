"""Measure what loading manifests costs; run as ``python tests/benchmarks/bench_manifest.py 20000``.

Times on a shared machine say little: compare the ratios within one run.
"""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import yaml
from yaml.events import StreamEndEvent

from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.events import event_source
from fleetsync.manifest.load import load_fleet

if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = 16
DEVICE = """\
- typeId: type-{type:02}
  deviceId: device-{number:07}
  deviceInfo:
    serialNumber: SN{number:08}
    manufacturer: ACME
    model: M{type}
    fwVersion: v1.{version}
    descriptiveLocation: Hall {hall}
  metadata: {{floor: {floor}, owner: facilities, zone: z{zone}, critical: {critical}}}
  location: {{latitude: {latitude:.4f}, longitude: {longitude:.4f}, elevation: {floor}}}
"""


SETS = """\
deviceTypes: [{id: type-00}]
deviceSets:
- typeId: type-00
  FILLING
  deviceInfo:
    serialNumber: "SN${serial}"
    manufacturer: ACME
    model: "M${model}"
    descriptiveLocation: "Hall ${hall}"
  metadata: {floor: "${floor}", owner: facilities, zone: "z${zone}", critical: true}
"""
PLACE = '  location: {latitude: "${lat}", longitude: "${lon}", elevation: "${floor}"}\n'
HEADER = "serial,model,hall,floor,zone,lat,lon"


class Cost(NamedTuple):
    """Seconds of processor time, and the megabytes that were in use at most and afterwards."""

    seconds: float
    peak: float
    kept: float


def make_manifest(devices: int) -> str:
    """Write a manifest of this many devices, about 350 bytes each."""
    types = "".join(f"- {{id: type-{number:02}}}\n" for number in range(TYPES))
    return f"deviceTypes:\n{types}devices:\n" + "".join(map(make_device, range(devices)))


def make_device(number: int) -> str:
    """Write one device; no two have the same place."""
    return DEVICE.format(
        number=number,
        type=number % TYPES,
        version=number % 7,
        hall=number % 200,
        floor=number % 12,
        zone=number % 40,
        critical="true" if number % 5 else "false",
        latitude=(number * 7919 % 1_800_000) / 10_000 - 90,
        longitude=(number * 104_729 % 3_600_000) / 10_000 - 180,
    )


def make_table(devices: int) -> str:
    """Write the same devices as rows of a CSV file."""
    rows = (
        f"{number:08},{number % TYPES},{number % 200},{number % 12},{number % 40},"
        f"{(number * 7919 % 1_800_000) / 10_000 - 90:.4f},"
        f"{(number * 104_729 % 3_600_000) / 10_000 - 180:.4f}\n"
        for number in range(devices)
    )
    return f"{HEADER}\n{''.join(rows)}"


def write_sets(folder: Path, devices: int) -> None:
    """Write a set of a CSV file, and a set of one range that says as much of each device."""
    (folder / "rows.csv").write_text(make_table(devices))
    filling = 'csv: rows.csv\n  deviceId: "device-${serial}"'
    (folder / "rows.yaml").write_text(SETS.replace("FILLING", filling) + PLACE)
    ranges = SETS.replace("FILLING", f'deviceIds: ["{{1..{devices}}}"]')
    for name in HEADER.split(","):
        ranges = ranges.replace(f"${{{name}}}", "${deviceId}")
    (folder / "range.yaml").write_text(ranges)


def measure(work: Callable[[], object]) -> Cost:
    """Do the work twice: once for the time, once for the memory, which would spoil the time."""
    gc.collect()
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    gc.collect()
    tracemalloc.start()
    result = work()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return Cost(seconds, peak / 1e6, kept / 1e6)


def count_events(data: bytes) -> int:
    """Let libyaml read the file, and build nothing."""
    next_event, count = event_source(data), 0
    while next_event().__class__ is not StreamEndEvent:
        count += 1
    return count


def without_collector(work: Callable[[], object]) -> object:
    """Do the work as load_fleet does its own, so that the ratio is fair."""
    gc.disable()
    try:
        return work()
    finally:
        gc.enable()


def run(devices: int) -> None:
    """Print the cost of each way to read a fleet of this size."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        data = make_manifest(devices).encode()
        (folder / "fleet.yaml").write_text("fleet: bench\n")
        (folder / "fleet-of-many.yaml").write_bytes(data)
        write_sets(folder, devices)
        ways: dict[str, Callable[[], object]] = {
            "CSafeLoader": lambda: yaml.load(data, yaml.CSafeLoader),
            "libyaml's events": lambda: count_events(data),
            "parse_yaml": lambda: parse_yaml(data, file="f"),
            "parse_yaml, places": lambda: parse_yaml(data, file="f", places=True, focus=()),
            "load_fleet": lambda: load(folder, "fleet-of-many.yaml"),
            "load_fleet, a CSV": lambda: load(folder, "rows.yaml"),
            "load_fleet, a range": lambda: load(folder, "range.yaml"),
        }
        report(devices, len(data), ways)


def load(folder: Path, name: str) -> object:
    """Load a fleet of one manifest."""
    return load_fleet(folder, [name], fleet_file=folder / "fleet.yaml")


def report(devices: int, size: int, ways: dict[str, Callable[[], object]]) -> None:
    """Measure and print, way by way."""
    print(f"{devices:,} devices, {size / devices:.0f} bytes of YAML each")
    print(f"{'':20}{'s':>8}{'us each':>10}{'ratio':>8}{'peak MB':>10}{'bytes kept each':>17}")
    base = 0.0
    for name, work in ways.items():
        cost = measure(lambda work=work: without_collector(work))  # type: ignore[misc]  # bound now
        base = base or cost.seconds
        each, kept = cost.seconds / devices * 1e6, cost.kept / devices * 1e6
        ratio = cost.seconds / base
        print(f"{name:20}{cost.seconds:8.2f}{each:10.1f}{ratio:8.2f}{cost.peak:10.0f}{kept:17.0f}")


def main() -> None:
    """Read the number of devices from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("devices", nargs="?", type=int, default=20_000)
    run(parser.parse_args().devices)


if __name__ == "__main__":
    main()
