"""The benchmarks work, run small, and the calls that the whole job counts are the fewest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.bench_fleet import TYPES, run


def test_the_whole_job_of_200_devices(capsys: pytest.CaptureFixture[str]) -> None:
    steps = {(number, step.name): step.calls for number, step in enumerate(run(200))}
    assert steps == {
        (0, "(libyaml's scan)"): 0,
        (1, "validate"): 0,
        (2, "plan"): 3,
        (3, "apply --yes"): 3 + TYPES + 1,
        (4, "plan"): 3,
        (5, "plan -v"): 3,
        (6, "apply --yes -v"): 3 + 2,
    }
    assert "to the scan" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    ["bench_drift", "bench_html", "bench_manifest", "bench_plan", "bench_policies", "bench_show"],
)
def test_the_other_benchmarks_print_their_figures(name: str) -> None:
    script = Path(__file__).parent / f"{name}.py"
    command = [sys.executable, str(script), "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "300 devices" in done.stdout


def test_the_benchmark_of_watch_shows_every_message() -> None:
    script = Path(__file__).parent / "bench_watch.py"
    command = [sys.executable, str(script), "300", "--rate", "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("300 of 300 messages shown") == 2


def test_the_benchmark_of_mqtt_counts_every_event() -> None:
    script = Path(__file__).parent / "bench_mqtt.py"
    command = [sys.executable, str(script), "60", "--rounds", "5", "--one-core"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "60 devices connected" in done.stdout
    assert "300 events from device to application" in done.stdout
