"""Every file in tests/cases/policy: manifests, an org and policies in, what they say out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.policy.judging import outcomes_of, told

CASES = sorted((Path(__file__).parent.parent / "cases" / "policy").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_policies_say_exactly_this(path: Path, tmp_path: Path) -> None:
    case: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert case.keys() <= {"why", "manifest", "live", "now", "policies", "expected"}
    found = {outcome.name: told(outcome) for outcome in outcomes_of(case, tmp_path)}
    assert found == case["expected"]


def test_the_cases_are_there() -> None:
    assert len(CASES) > 12
