"""Measure what finding drift costs, and writing it into the manifests.

Run as ``python tests/benchmarks/bench_drift.py 100000``: one device in a hundred has moved in the
org. Times on a shared machine say little: compare them with the plan of the same fleet, which
stands beside them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

TOP = Path(__file__).parent.parent.parent
SETTINGS = "fleet: bench\norg: {emulator: .fleetsync/org.db, callsPerSecond: 1000}\n"
WHO = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")


class Step(NamedTuple):
    """One command: its seconds on the clock, its megabytes at most, and what it wrote."""

    name: str
    seconds: float
    megabytes: float
    out: str


def run_step(folder: Path, *words: str) -> Step:
    """Run one command in a process of its own, so that the memory is its own."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "fleetsync", "-C", str(folder), *words]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    with (folder.parent / "out").open("w+b") as out:
        process = subprocess.Popen(command, stdout=out, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        out.seek(0)
        text = out.read().decode("utf-8")
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return Step(" ".join(words), seconds, usage.ru_maxrss / 1024, text)


def git(folder: Path, *words: str) -> None:
    """Let git do something in the fleet's folder."""
    subprocess.run(["git", "-C", str(folder), *WHO, *words], check=True, capture_output=True)


def measure(folder: Path, devices: int) -> Iterator[Step]:
    """Apply a fleet of which one percent is not what git has, and look at it from git's side."""
    from tests.benchmarks.bench_fleet import write_fleet  # noqa: PLC0415 - needs the path of main

    folder.mkdir()
    (folder / "fleet.yaml").write_text(SETTINGS, "utf-8")
    (folder / ".gitignore").write_text("secrets/\n.fleetsync/\n", "utf-8")
    write_fleet(folder, devices, changed=devices // 100)
    git(folder, "init", "-q")
    yield run_step(folder, "apply", "--yes")
    write_fleet(folder, devices)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as applied")
    yield run_step(folder, "plan")
    yield run_step(folder, "drift", "--since", "HEAD")
    yield run_step(folder, "drift", "--since", "HEAD", "--write")
    last = run_step(folder, "plan")
    if not last.out.startswith("No changes"):
        raise SystemExit("the plan after drift --write is not empty")
    yield last


def main() -> None:
    """Print the figures of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("devices", type=int)
    devices = parser.parse_args().devices
    sys.path.insert(0, str(TOP))
    with TemporaryDirectory() as place:
        print(f"{devices} devices, {devices // 100} of them moved in the org")
        for step in measure(Path(place) / "fleet", devices):
            print(f"{step.name:30} {step.seconds:8.2f} s {step.megabytes:8.0f} MB")


if __name__ == "__main__":
    main()
