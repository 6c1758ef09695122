"""Every file in tests/cases/manifest: manifests in, the exact problems out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.manifest.folder import problems, write

CASES = sorted((Path(__file__).parent.parent / "cases" / "manifest").glob("*.yaml"))


def read_case(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_manifests_give_exactly_these_problems(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    fleet = case.get("fleet", "fleet: test\nmanifests: [manifests]\n")
    write(tmp_path, {"fleet.yaml": fleet, **case["files"]})
    assert problems(tmp_path, yaml.safe_load(fleet)["manifests"]) == case["problems"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_problem_repeats_a_credential(path: Path) -> None:
    assert "hunter2" not in "\n".join(read_case(path)["problems"])


def test_the_cases_are_there() -> None:
    assert len(CASES) > 40
