"""Have the policies of a case judge the plan of its manifests and org."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from fleetsync.manifest.load import load_fleet
from fleetsync.plan import Limits, PlanRules, make_plan
from fleetsync.plan.policy import PolicyOutcome
from fleetsync.policy.judge import Matter, judge
from fleetsync.policy.policy import Policy
from fleetsync.report.policies import finding_text
from fleetsync.settings import load_settings
from tests.diff.test_cases import live_fleet

THURSDAY = datetime(2026, 11, 26, 10, tzinfo=UTC)


def policies_of(policies: list[dict[str, Any]], folder: Path) -> tuple[Policy, ...]:
    """Read policies from a fleet.yaml, one a line, the first in line 4."""
    lines = [f"- {yaml.safe_dump(each, default_flow_style=True, width=9999)}" for each in policies]
    file = folder / "fleet.yaml"
    file.write_text(f"fleet: test\norg: {{id: abc123}}\npolicies:\n{''.join(lines)}", "utf-8")
    return load_settings(file).policies


def matter_of(case: dict[str, Any], folder: Path) -> Matter:
    """Plan what the case says; like the commands do, but without an org."""
    fleet_file = folder / "fleet.yaml"
    if not fleet_file.exists():
        fleet_file.write_text("fleet: test\n", "utf-8")
    text = yaml.safe_dump(case["manifest"], sort_keys=False)
    (folder / "manifest.yaml").write_text(text, "utf-8")
    desired = load_fleet(folder, ["manifest.yaml"], fleet_file=fleet_file)
    live = live_fleet(case.get("live") or {}, {*desired.types, *desired.removed_types})
    rules = PlanRules(fleet="test", limits=Limits(100, 1000))
    made = make_plan(desired=desired, live=live, rules=rules, created_at="2026-11-26T10:00:00Z")
    now = datetime.fromisoformat(case["now"]) if "now" in case else THURSDAY
    return Matter(made, desired, live, now)


def outcomes_of(case: dict[str, Any], folder: Path) -> list[PolicyOutcome]:
    policies = policies_of(case["policies"], folder)
    found = judge(policies, matter_of(case, folder))
    return [found[policy.name] for policy in policies]


def told(outcome: PolicyOutcome) -> dict[str, Any]:
    """Say of an outcome what a case expects."""
    findings = [finding_text(each) for each in outcome.findings]
    return {outcome.status.value: findings} if findings else {outcome.status.value: None}
