"""The policies of the README mean what its text says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleetsync.policy.judge import judge
from fleetsync.policy.policy import Command
from tests.policy.judging import matter_of, policies_of, told

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
SECTION = README.partition("\n## Policies\n")[2].partition("\n## ")[0]
FRIDAY = "2026-11-27T22:59:00+00:00"
SATURDAY_IN_BERLIN = "2026-11-27T23:01:00+00:00"


def example(folder: Path) -> list[dict[str, Any]]:
    found = re.findall(r"```yaml\n(.*?)```", SECTION, re.S)
    assert len(found) == 1
    policies: list[dict[str, Any]] = yaml.safe_load(found[0])["policies"]
    (folder / "check.py").write_text("#!/bin/sh\n", "utf-8")
    (folder / "check.py").chmod(0o755)
    return policies


def judged(folder: Path, **case: Any) -> dict[str, Any]:
    policies = policies_of(example(folder), folder)
    found = judge(policies, matter_of(case, folder))
    return {name: told(outcome) for name, outcome in found.items()}


def device(name: str, **values: Any) -> dict[str, Any]:
    return {"typeId": "pump", "deviceId": name, **values}


KEPT = device("p-1", metadata={"owner": "me"}, deviceInfo={"serialNumber": "1"})


def test_a_fleet_that_keeps_them_passes(tmp_path: Path) -> None:
    found = judged(tmp_path, manifest={"deviceTypes": [{"id": "pump"}], "devices": [KEPT]})
    passed = {"passed": None}
    assert found == {"owner": passed, "fridays": passed, "pumps-stay": passed, "serial": passed}


@pytest.mark.parametrize(
    ("now", "fridays"), [(FRIDAY, {"violated": [""]}), (SATURDAY_IN_BERLIN, {"passed": None})]
)
def test_a_fleet_that_does_not_is_told_where(tmp_path: Path, now: str, fridays: Any) -> None:
    old = [device(f"old-{n:02}", metadata={"inService": n == 7}) for n in range(51)]
    found = judged(
        tmp_path,
        now=now,
        manifest={"deviceTypes": [{"id": "pump"}], "devices": [device("p-1")]},
        live={"types": [{"id": "pump"}], "devices": old},
    )
    assert found == {
        "owner": {
            "violated": ["pump/p-1 (manifest.yaml:4): metadata: 'owner' is a required property"]
        },
        "fridays": fridays,
        "pumps-stay": {"violated": ["pump/old-07"]},
        "serial": {"violated": ["pump/p-1 (manifest.yaml:4)"]},
    }


def test_the_command_of_the_readme_is_one(tmp_path: Path) -> None:
    *_, policy = policies_of(example(tmp_path), tmp_path)
    assert policy.test == Command(("./check.py", "--strict"), 20.0)
