"""Every file in tests/cases/diff: manifests and a live org in, the whole plan out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fleetsync.api.wire import parse_device, parse_device_type, parse_location
from fleetsync.diff import Change, change_fields
from fleetsync.manifest.load import load_fleet
from fleetsync.model import DeviceKey, LiveDevice, LiveFleet, Location
from fleetsync.model.mark import Mark, kept_fingerprint, mark_text
from fleetsync.plan import Limits, Plan, PlanRules, make_plan

CASES = sorted((Path(__file__).parent.parent / "cases" / "diff").glob("*.yaml"))
BY_APP = {"auth": {"id": "a-abc123-k0dl0vqqrk", "type": "app"}, "date": "2018-09-18T06:44:02.000Z"}


def read_case(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert case.keys() <= {"why", "manifest", "live", "rules", "expected"}, path.name
    return case


def plan_of(case: dict[str, Any], folder: Path) -> Plan:
    (folder / "fleet.yaml").write_text("fleet: test\n", "utf-8")
    manifest = case["manifest"]
    text = manifest if isinstance(manifest, str) else yaml.safe_dump(manifest, sort_keys=False)
    (folder / "manifest.yaml").write_text(text, "utf-8")
    desired = load_fleet(folder, ["manifest.yaml"], fleet_file=folder / "fleet.yaml")
    managed = {*desired.types, *desired.removed_types}
    live = live_fleet(case.get("live") or {}, managed)
    rules = case.get("rules") or {}
    limits = Limits(rules.get("deletePercent", 100), rules.get("deleteCount", 1000))
    made = PlanRules(fleet="test", prune=rules.get("prune", True), limits=limits)
    return make_plan(desired=desired, live=live, rules=made, created_at="2026-11-23T10:00:00Z")


def live_fleet(live: dict[str, Any], managed: set[str]) -> LiveFleet:
    """Read what an org would have answered; like read_fleet, only what is managed."""
    types = [parse_device_type(with_mark(item, item["id"])) for item in live.get("types", [])]
    found = [
        parse_device(with_mark(as_listed(item), key(item))) for item in live.get("devices", [])
    ]
    devices: dict[str, dict[str, LiveDevice]] = {type_id: {} for type_id in managed}
    for each in found:
        devices.get(each.type_id, {})[each.device_id] = each
    return LiveFleet(
        org="abc123",
        types={each.type_id: each for each in types if each.type_id in managed},
        devices=devices,
        locations={
            DeviceKey(*name.split("/")): None if body is None else parse_location(body)
            for name, body in live.get("locations", {}).items()
        },
        unmanaged_types=sum(each.type_id not in managed for each in types),
        unmanaged_devices=sum(each.type_id not in managed for each in found),
        doubts=tuple(live.get("doubts", ())),
    )


def key(item: dict[str, Any]) -> str:
    return f"{item['typeId']}/{item['deviceId']}"


def as_listed(item: dict[str, Any]) -> dict[str, Any]:
    return {"registration": BY_APP, **item}


def with_mark(item: dict[str, Any], owner: str) -> dict[str, Any]:
    """Write the facts under ``mark`` as the mark that fleetsync would have written."""
    facts = item.pop("mark", None)
    if facts is None:
        return item
    place = facts.get("location")
    mark = Mark(
        None if place is None else Location(*place),
        facts.get("protect", False),
        frozenset(kept_fingerprint(p, before=b, after=a) for p, b, a in facts.get("kept", ())),
    )
    text = mark_text(facts.get("owner", owner), mark)
    return {**item, "metadata": {**item.get("metadata", {}), "fleetsync": text}}


def change_words(change: Change) -> dict[str, Any]:
    fields = {field.path: [field.before, field.after] for field in change_fields(change)}
    return {f"{change.action.value} {change.name}": fields or None}


def told(plan: Plan) -> dict[str, Any]:
    """Say of a plan what a case expects; what is empty is left out."""
    whole: dict[str, Any] = {
        "changes": [change_words(change) for change in plan.changes],
        "records": [change.name for change in plan.records],
        "refusals": [refusal.code.value for refusal in plan.refusals],
        "warnings": list(plan.warnings),
        "unmanaged": {k: v for k, v in plan.unmanaged._asdict().items() if v},
    }
    return {name: value for name, value in whole.items() if value}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_fleet_and_an_org_give_exactly_this_plan(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    assert told(plan_of(case, tmp_path)) == (case["expected"] or {})


def test_the_cases_are_there() -> None:
    assert len(CASES) > 50
