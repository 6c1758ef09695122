"""Measure what showing a saved plan costs.

Run as ``python tests/benchmarks/bench_show.py 1000000``. Each plan is shown by a process of its
own, so that the memory is its own. Times on a shared machine say little: compare them with what
reading the same JSON takes, which stands beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from fleetsync.plan.seal import seal

TOP = Path(__file__).parent.parent.parent
TYPES = 16
MAX_BYTES = 65_000
NAUGHT = {"create": 0, "update": 0, "delete": 0}
HEAD = {
    "formatVersion": 1,
    "fleet": "bench",
    "org": "abc123",
    "createdAt": "2026-11-23T10:00:00Z",
    "manifestDigest": f"sha256:{'0' * 64}",
    "digest": f"sha256:{'0' * 64}",
    "summary": {
        "deviceTypes": NAUGHT,
        "devices": NAUGHT,
        "unmanaged": {"deviceTypes": 0, "devices": 0},
        "apiCalls": {"read": 3, "write": 9, "seconds": 1.5, "callsPerSecond": 8},
    },
}
TAIL: dict[str, Any] = {"withheld": 0, "records": [], "refusals": [], "warnings": []}

MakeChange = Callable[[int], dict[str, Any]]


class Figures(NamedTuple):
    """What one run took: seconds of processor time, megabytes at most, bytes that it wrote."""

    seconds: float
    megabytes: float
    written: int


def change(action: str, number: int, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give a change as a plan writes it; ``fields`` are before and after under their paths."""
    return {
        "action": action,
        "kind": "device",
        "typeId": f"type-{number % TYPES:02}",
        "deviceId": name,
        "source": {"file": "manifests/fleet.yaml", "line": 1},
        "fields": [{"path": p, "before": b, "after": a} for p, (b, a) in fields.items()],
        "precondition": "absent",
        "reason": "it is new",
    }


def create(number: int) -> dict[str, Any]:
    """Register a device with values of its own."""
    values: dict[str, Any] = {
        "deviceInfo.serialNumber": f"SN{number:08}",
        "deviceInfo.manufacturer": "ACME",
        "deviceInfo.model": f"M{number % 16}",
        "metadata.floor": number % 12,
        "metadata.owner": "facilities",
        "metadata.zone": f"z{number % 40}",
        "location.latitude": number % 1_800_000 / 10_000 - 90,
        "location.longitude": number % 360 - 180,
        "location.elevation": 3,
    }
    fields = {path: (None, value) for path, value in values.items()}
    return change("create", number, f"device-{number:07}", fields)


def create_serial(number: int) -> dict[str, Any]:
    """Register a device whose id is like no other's."""
    return {**create(number), "deviceId": serial(number)}


def rename(number: int) -> dict[str, Any]:
    """Give a device another owner, the same that all others get."""
    fields = {"metadata.owner": ("facilities", "operations")}
    return change("update", number, f"device-{number:07}", fields)


def delete_serial(number: int) -> dict[str, Any]:
    """Delete a device whose id is like no other's."""
    fields = {"deviceInfo.serialNumber": (f"SN{number:08}", None)}
    return change("delete", number, serial(number), fields)


def serial(number: int) -> str:
    """Give 24 hex digits that no range can stand for."""
    return f"{random.Random(number).getrandbits(96):024x}"  # noqa: S311 - no secret is made of it


PLANS: dict[str, MakeChange] = {
    "rename": rename,
    "create": create,
    "create, serials": create_serial,
    "delete, serials": delete_serial,
}


def document(make: MakeChange, changes: int) -> Iterator[str]:
    """Write a plan in pieces, its devices sorted by type."""
    yield json.dumps(HEAD, indent=2)[:-2] + ',\n  "changes": ['
    for number, device in enumerate(sorted(range(changes), key=lambda each: each % TYPES)):
        yield ("," if number else "") + "\n    " + json.dumps(make(device))
    yield "\n  ],\n" + json.dumps(TAIL, indent=2)[2:-2] + ",\n"


def show(path: Path, form: str) -> Figures:
    """Have a process show a plan."""
    command = [sys.executable, "-m", "fleetsync", "show", str(path), "--format", form]
    out = path.with_suffix(".out")
    with out.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, env={**os.environ, "PYTHONPATH": str(TOP)})
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Figures(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, out.stat().st_size)


def read_json(path: Path) -> float:
    """Give the seconds that it takes to read each line's JSON and do nothing with it."""
    start = time.process_time()
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"    {"):
                json.loads(line.rstrip(b",\n"))
    return time.process_time() - start


def run(changes: int) -> None:
    """Print what each form of each plan takes."""
    print(f"{changes:,} devices of {TYPES} types")
    print(f"{'':26}{'json s':>8}{'s':>8}{'MB':>8}{'bytes':>12}")
    for name, make in PLANS.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "plan.json"
            with path.open("w", encoding="ascii") as file:
                file.writelines(seal(document(make, changes)))
            bare = read_json(path)
            for form in ("markdown", "text"):
                took = show(path, form)
                title = f"{name}, {form}"
                figures = f"{took.seconds:8.1f}{took.megabytes:8.0f}{took.written:12,}"
                print(f"{title:26}{bare:8.1f}{figures}")
                if form == "markdown" and took.written > MAX_BYTES:
                    raise SystemExit("too long")


def main() -> None:
    """Read the number of devices from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("devices", nargs="?", type=int, default=20_000)
    run(parser.parse_args().devices)


if __name__ == "__main__":
    main()
