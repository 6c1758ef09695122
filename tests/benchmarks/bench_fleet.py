"""Measure the whole job against an emulator in a process of its own.

Run as ``python tests/benchmarks/bench_fleet.py 10000``. Times on a shared machine say little:
compare the ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import Request, urlopen

from yaml.events import StreamEndEvent

from fleetsync.manifest.events import event_source

TYPES = 16
CREDENTIALS = {"WIOTP_AUTH_KEY": "a-embedded-0123456789", "WIOTP_AUTH_TOKEN": "benchmark"}
DEVICE = """\
- typeId: type-{type:02}
  deviceId: device-{number:07}
  deviceInfo: {{serialNumber: SN{number:08}, model: M{type}, descriptiveLocation: Hall {hall}}}
  metadata: {{floor: {floor}, owner: facilities, zone: z{floor}}}
  location: {{latitude: {latitude:.4f}, longitude: 7.5}}
"""
SETTINGS = "fleet: bench\norg: {{url: '{url}', callsPerSecond: 1000}}\n"


class Step(NamedTuple):
    """One command: its name, the seconds it took on the clock, and how many calls it sent."""

    name: str
    seconds: float
    calls: int


def write_fleet(folder: Path, devices: int, *, changed: int = 0) -> int:
    """Write a fleet of this many devices, the first few with another value; give its bytes."""
    types = "".join(f"- {{id: type-{number:02}}}\n" for number in range(TYPES))
    made = (make_device(number, changed=number < changed) for number in range(devices))
    text = f"deviceTypes:\n{types}devices:\n{''.join(made)}"
    (folder / "manifests").mkdir(exist_ok=True)
    return (folder / "manifests" / "fleet.yaml").write_text(text, "utf-8")


def make_device(number: int, *, changed: bool) -> str:
    """Write one device; a changed one stands in another hall."""
    return DEVICE.format(
        number=number,
        type=number % TYPES,
        hall=number % 200 + (1000 if changed else 0),
        floor=number % 12,
        latitude=number * 7919 % 1_800_000 / 10_000 - 90,
    )


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Run an emulator in a process of its own, and give its address."""
    command = [sys.executable, "-m", "fleetsync", "emulator", "--db", str(folder / "org.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.split()[-1]
        finally:
            process.terminate()


def count_calls(url: str) -> int:
    """Ask the emulator how many calls it has answered."""
    request = Request(f"{url}/emulator/calls", headers={"Authorization": "Basic YTpi"})  # noqa: S310 - it is our own
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
        counted: dict[str, int] = json.load(answer)
    return sum(counted.values())


def run_step(folder: Path, url: str, *words: str) -> Step:
    """Run one command as a user does, and measure it."""
    before, began = count_calls(url), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "fleetsync", "-C", str(folder), *words],
        env={**os.environ, **CREDENTIALS},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.perf_counter() - began
    return Step(" ".join(words), seconds, count_calls(url) - before)


def scan(folder: Path) -> Step:
    """Let libyaml read the manifests and build nothing: the least that any tool must do."""
    data = (folder / "manifests" / "fleet.yaml").read_bytes()
    began = time.perf_counter()
    next_event = event_source(data)
    while next_event().__class__ is not StreamEndEvent:
        continue
    return Step("(libyaml's scan)", time.perf_counter() - began, 0)


def measure(folder: Path, url: str, devices: int) -> Iterator[Step]:
    """Do the whole job: from nothing to a live org, then one percent of changes."""
    write_fleet(folder, devices)
    yield scan(folder)
    yield run_step(folder, url, "validate")
    yield run_step(folder, url, "plan")
    yield run_step(folder, url, "apply", "--yes")
    yield run_step(folder, url, "plan")
    write_fleet(folder, devices, changed=devices // 100)
    yield run_step(folder, url, "plan", "-v")
    yield run_step(folder, url, "apply", "--yes", "-v")


def run(devices: int) -> list[Step]:
    """Measure and print, command by command."""
    with TemporaryDirectory() as name, emulator(Path(name)) as url:
        folder = Path(name)
        (folder / "fleet.yaml").write_text(SETTINGS.format(url=url), "utf-8")
        print(f"{devices:,} devices of {TYPES} types; the second apply changes 1 %")
        print(f"{'':20}{'s':>8}{'us each':>10}{'to the scan':>13}{'calls':>8}")
        steps = []
        for step in measure(folder, url, devices):
            steps.append(step)
            each, ratio = step.seconds / devices * 1e6, step.seconds / steps[0].seconds
            print(f"{step.name:20}{step.seconds:8.2f}{each:10.1f}{ratio:13.1f}{step.calls:8}")
        return steps


def main() -> None:
    """Read the number of devices from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("devices", nargs="?", type=int, default=10_000)
    run(parser.parse_args().devices)


if __name__ == "__main__":
    main()
