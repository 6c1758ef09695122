"""Measure ``fleetsync watch``; run as ``python tests/benchmarks/bench_watch.py 100000``.

A watch in a process of its own is sent so many events, ``--rate`` a second (0: as fast as they are
taken). Prints its pace, what a message costs, and its memory at a tenth and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple

import requests

from fleetsync.emulator.running import Place, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.endpoint import Endpoint, application_login

KEY = "a-embedded-0123456789"
DATA = {"temperature": 21.5, "humidity": 40, "time": "2019-05-06T10:23:57Z"}
TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 20
SILENCE_SECONDS = 10


class Sample(NamedTuple):
    """What a process has used: seconds of CPU, and bytes of memory now."""

    cpu: float
    rss: int


def sample_of(pid: int) -> Sample:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return Sample(
        (int(fields[11]) + int(fields[12])) / TICKS,
        int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
    )


def register(types: str) -> None:
    for url, body in ((types, {"id": "pump"}), (f"{types}/pump/devices", {"deviceId": "p-1"})):
        assert requests.post(url, json=body, auth=(KEY, "any-token"), timeout=60).ok


def write_fleet(folder: Path, url: str, port: int) -> None:
    org = {"url": url, "messagingUrl": f"mqtt://127.0.0.1:{port}"}
    (folder / "fleet.yaml").write_text(json.dumps({"fleet": "bench", "org": org}), "utf-8")


def start_watch(folder: Path, form: str) -> subprocess.Popen[str]:
    """Start it on one core, and wait until it is sure to hear what comes."""
    command = [sys.executable, "-m", "fleetsync", "watch", "--kind", "event", "--format", form]
    env = {**os.environ, "WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": "any-token"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
    assert process.stderr is not None
    words = process.stderr.readline()
    assert words.startswith("watching"), words
    return process


class Counter(Thread):
    """Counts the lines that come, and notes when the last one did."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True)
        self._file, self.lines, self.last = file, 0, 0.0

    def run(self) -> None:
        for line in self._file:
            if "status" in line:
                self.lines += 1
                self.last = time.perf_counter()

    def wait(self, lines: int) -> bool:
        """Tell whether so many came, before a while passed without one."""
        while self.lines < lines and time.perf_counter() - self.last < SILENCE_SECONDS:
            time.sleep(0.02)
        return self.lines >= lines


class Ear(Thread):
    """Keeps what the watch says on stderr: of what it dropped, above all."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True)
        self._file = file
        self.words: list[str] = []

    def run(self) -> None:
        self.words.extend(line.strip() for line in self._file)


def publish(app: ApplicationMessaging, count: int, rate: float) -> None:
    began = time.perf_counter()
    for number in range(count):
        app.publish_event("pump", "p-1", "status", "json", DATA)
        if rate and (ahead := number / rate - (time.perf_counter() - began)) > 0.005:
            time.sleep(ahead)


def measure(count: int, rate: float, form: str) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        OrgState.open(None) as state,
        run_emulator(state, Place(mqtt_port=0)) as emulator,
    ):
        register(f"{emulator.url}/api/v0002/device/types")
        write_fleet(Path(name), emulator.url, emulator.mqtt_port)
        watch = start_watch(Path(name), form)
        assert watch.stdout is not None
        counter = Counter(watch.stdout)
        counter.start()
        assert watch.stderr is not None
        ear = Ear(watch.stderr)
        ear.start()
        login = application_login("embedded", KEY, "any-token")
        with ApplicationMessaging(
            Endpoint("127.0.0.1", emulator.mqtt_port, tls=False), login
        ) as app:
            publish(app, WARM_UP, rate)
            counter.last = time.perf_counter()
            counter.wait(WARM_UP)
            before, began = sample_of(watch.pid), time.perf_counter()
            publish(app, count // 10, rate)
            early = sample_of(watch.pid)
            publish(app, count - count // 10, rate)
        counter.wait(count + WARM_UP)
        seconds = counter.last - began
        after = sample_of(watch.pid)
        watch.terminate()
        counter.join()
        ear.join()
        watch.wait()
        watch.stdout.close()
        watch.stderr.close()
    shown, cost = counter.lines - WARM_UP, (after.cpu - before.cpu) / count
    print(f"{form}: {shown:,} of {count:,} messages shown, {shown / seconds:,.0f} a second")
    for words in ear.words[:5]:
        print(f"  it said: {words}")
    most = 1 / max(cost, 1e-9)
    print(f"  a message costs {cost * 1e6:,.0f} us of CPU: {most:,.0f} a second on a core")
    print(f"  memory {early.rss / 1e6:.1f} MB at a tenth, {after.rss / 1e6:.1f} MB at the end")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("messages", type=int)
    parser.add_argument("--rate", type=float, default=2000)
    given = parser.parse_args()
    for form in ("text", "jsonl"):
        measure(given.messages, given.rate, form)


if __name__ == "__main__":
    main()
