"""The benchmark of the whole job works, and the calls it counts are the fewest."""

from __future__ import annotations

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
