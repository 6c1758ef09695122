"""A saved plan reads back as it was, and is for one fleet, one org and its manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.diff import Action, Field, change_fields
from fleetsync.errors import FileError, StalePlanError
from fleetsync.model import DeviceKey, Source
from fleetsync.plan import Plan
from fleetsync.plan.digest import change_digest, plan_digest
from fleetsync.plan.precondition import precondition
from fleetsync.plan.saved import check_still_fits, parse_saved_plan
from tests.plan.plans import ONE, TWO, TYPE, make_plan_of, mixed_plan, save, saved_bytes
from tests.plan.plans import sealed_anew as sealed

SCHEMA = Path(__file__).parent.parent.parent / "schemas" / "plan.schema.json"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return mixed_plan(tmp_path / "fleet")


def test_a_saved_plan_is_as_its_schema_says(plan: Plan) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(saved_bytes(plan)))


def test_a_plan_reads_back_as_it_was(plan: Plan) -> None:
    saved = save(plan)
    check_still_fits(saved, plan, name="p.json")
    assert (saved.digest, saved.created_at) == (plan.digest, "2026-11-23T10:00:00Z")
    for each, change in zip(saved.changes, plan.changes, strict=True):
        assert (each.name, each.action) == (change.name, change.action)
        assert each.precondition == precondition(change)
        assert each.digest == change_digest(change)
        assert sorted(saved.fields(each)) == sorted(change_fields(change))
        assert saved.change(each).source == change.source
        assert saved.change(each).reason == change.reason


def test_what_is_seldom_asked_for_is_read_when_it_is(plan: Plan) -> None:
    saved = save(plan)
    found = {each.name: each for each in saved.changes}
    assert found.keys() == {"pump", "pump/p-1", "pump/p-2", "pump/p-3"}
    assert saved.fields(found["pump/p-3"]) == [Field("deviceInfo.model", "M", None)]
    gone = saved.change(found["pump/p-3"])
    assert (gone.action, gone.type_id, gone.device_id) == (Action.DELETE, "pump", "p-3")
    assert gone.source is None
    assert saved.change(found["pump/p-2"]).source == Source("manifest.yaml", 14)


def test_devices_that_move_and_those_that_are_noted_are_known(tmp_path: Path) -> None:
    here, there = {"latitude": 1, "longitude": 2}, {"latitude": 3, "longitude": 4}
    names = ("p-1", "p-2")
    live = {
        "types": [{"id": "pump"}],
        "devices": [{"typeId": "pump", "deviceId": name} for name in names],
        "locations": {"pump/p-1": here, "pump/p-2": there},
    }
    devices = [{"typeId": "pump", "deviceId": name, "location": there} for name in names]
    saved = save(make_plan_of(tmp_path, live, deviceTypes=[{"id": "pump"}], devices=devices))
    assert saved.moved == {DeviceKey("pump", "p-1")}
    assert saved.records == {DeviceKey("pump", "p-2")}


def test_a_plan_without_changes_reads_back(tmp_path: Path) -> None:
    plan = make_plan_of(tmp_path, {"types": [{"id": "pump"}]}, deviceTypes=[{"id": "pump"}])
    assert save(plan).changes == ()


def test_the_digest_depends_neither_on_the_order_of_devices_nor_on_the_org(tmp_path: Path) -> None:
    one = make_plan_of(tmp_path / "one", deviceTypes=[TYPE], devices=[ONE, TWO])
    other = make_plan_of(tmp_path / "other", deviceTypes=[TYPE], devices=[TWO, ONE])
    assert one.digest == other.digest
    assert one.manifest_digest != other.manifest_digest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"7",
        b'{"formatVersion": 1, "changes": 5}',
        b'{"formatVersion": 1, "outcomes": []}',
        sealed(b'  "seal"'),
        sealed(b'{\n  "formatVersion": 1,\n  "seal"'),
        sealed(b'{\n  "changes": [],\n  "seal"'),
        sealed(b'{\n  "changes": [\n' + b"[" * 100_000 + b'\n  ],\n  "seal"'),
    ],
)
def test_what_is_no_plan_is_a_file_error(data: bytes) -> None:
    with pytest.raises(FileError, match="not a plan that fleetsync saved"):
        parse_saved_plan(data, name="p.json")


def edits() -> list[tuple[str, Any]]:
    wrong: list[Any] = [None, 7, "", "edited", [], {}, [[]]]
    keys = ["action", "kind", "typeId", "deviceId", "fields", "precondition"]
    pairs = [(key, value) for key in keys for value in wrong]
    # Whoever can seal can change what a change waits for: only its form is looked at.
    return [
        pair for pair in pairs if pair not in (("precondition", ""), ("precondition", "edited"))
    ]


@pytest.mark.parametrize(("key", "value"), edits())
def test_a_change_that_was_written_anew_under_a_true_seal_is_told_by_the_digest(
    plan: Plan, key: str, value: Any
) -> None:
    lines = saved_bytes(plan).splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"p-2"' in line)
    change = {**json.loads(lines[at].rstrip(b",\n")), key: value}
    lines[at] = f"    {json.dumps(change)},\n".encode()
    with pytest.raises((StalePlanError, FileError)):
        parse_saved_plan(sealed(b"".join(lines)), name="p.json")


@pytest.mark.parametrize("at", range(4))
def test_a_change_that_was_taken_out_or_doubled_under_a_true_seal_is_told(
    plan: Plan, at: int
) -> None:
    whole = json.loads(saved_bytes(plan))
    changes = whole["changes"]
    lines = [json.dumps(change) for change in changes]
    text = saved_bytes(plan).decode()
    begin, end = text.index('"changes": [') + len('"changes": ['), text.index("\n  ]")
    for some in (lines[:at] + lines[at + 1 :], [*lines, lines[at]]):
        altered = text[:begin] + ",".join(f"\n    {line}" for line in some) + text[end:]
        with pytest.raises((StalePlanError, FileError)):
            parse_saved_plan(sealed(altered.encode()), name="p.json")


def test_a_change_that_stands_there_twice_is_no_plan_of_ours_whatever_its_digest(
    plan: Plan,
) -> None:
    doubled = plan._replace(changes=plan.changes[:1] * 2, digest=plan_digest(plan.changes[:1] * 2))
    with pytest.raises(FileError, match="not a plan that fleetsync saved"):
        save(doubled)


@pytest.mark.parametrize("version", ["2", '"1"', "null", "[1]", "1.0", "\\u0031"])
@pytest.mark.parametrize("is_sealed", [True, False])
def test_another_format_version_is_said_first(plan: Plan, version: str, is_sealed: bool) -> None:
    data = saved_bytes(plan).replace(
        b'"formatVersion": 1', b'"formatVersion": %b' % version.encode()
    )
    with pytest.raises(StalePlanError, match=r"its format version is .*, this fleetsync reads 1;"):
        parse_saved_plan(sealed(data) if is_sealed else data, name="p.json")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"fleet": "prod"}, "made for fleet 'test', not for 'prod'"),
        ({"org": "zzz999"}, "made for org 'abc123', not for 'zzz999'"),
        ({"manifest_digest": "sha256:0"}, "fleet.yaml or a manifest was changed"),
    ],
)
def test_a_plan_for_something_else_is_stale(plan: Plan, other: dict[str, str], words: str) -> None:
    with pytest.raises(StalePlanError, match=words):
        check_still_fits(save(plan), plan._replace(**other), name="p.json")  # type: ignore[arg-type]  # texts
