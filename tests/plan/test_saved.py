"""A saved plan fits what it was made from and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from fleetsync.errors import FileError, StalePlanError
from fleetsync.manifest.load import load_fleet
from fleetsync.model import LiveFleet
from fleetsync.plan import Plan, PlanRules, make_plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.saved import check_still_fits, parse_saved_plan

SCHEMA = Path(__file__).parent.parent.parent / "schemas" / "plan.schema.json"
TYPE = {"deviceTypes": [{"id": "pump", "metadata": {"big": 1e300, "n": 1.0, "none": None}}]}
ONE = {"typeId": "pump", "deviceId": "p-1", "metadata": {"ü": [1.0, {"b": -0.0}]}}
TWO = {"typeId": "pump", "deviceId": "p-2", "location": {"latitude": 1.0, "longitude": 0.1}}


def make(folder: Path, files: dict[str, Any]) -> Plan:
    folder.mkdir(exist_ok=True)
    (folder / "fleet.yaml").write_text("fleet: test\n", "utf-8")
    for name, manifest in files.items():
        (folder / name).write_text(yaml.safe_dump(manifest), "utf-8")
    desired = load_fleet(folder, sorted(files), fleet_file=folder / "fleet.yaml")
    live = LiveFleet(org="abc123", types={}, devices={})
    rules = PlanRules(fleet="test")
    return make_plan(desired=desired, live=live, rules=rules, created_at="2026-11-23T10:00:00Z")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return make(tmp_path / "fleet", {"a.yaml": {**TYPE, "devices": [ONE, TWO]}})


@pytest.fixture
def document(plan: Plan) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads("".join(plan_text(plan)))
    return whole


def parse(document: Any) -> Any:
    return parse_saved_plan(json.dumps(document).encode(), name="p.json")


def test_a_plan_reads_back_and_fits_itself(plan: Plan, document: dict[str, Any]) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    check_still_fits(parse(document), plan, name="p.json")


def test_the_digest_does_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    one = make(
        tmp_path / "one", {"a.yaml": {**TYPE, "devices": [ONE]}, "b.yaml": {"devices": [TWO]}}
    )
    other = make(
        tmp_path / "other", {"a.yaml": {"devices": [TWO]}, "b.yaml": {**TYPE, "devices": [ONE]}}
    )
    assert one.digest == other.digest
    assert one.manifest_digest != other.manifest_digest


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [leaf for key, each in value.items() for leaf in leaves_of(each, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for at, each in enumerate(value) for leaf in leaves_of(each, (*path, at))]
    return [path]


def test_an_edit_of_anything_that_would_be_done_is_noticed(document: dict[str, Any]) -> None:
    spared = {"reason", "source"}  # for people: apply makes its own
    edits = [path for path in leaves_of(document["changes"]) if not spared & set(path)]
    assert len(edits) > 15
    for path in edits:
        altered = json.loads(json.dumps(document))
        inner = altered["changes"]
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = "edited"
        with pytest.raises((StalePlanError, FileError)):
            parse(altered)


@pytest.mark.parametrize("drop", [0, 1, 2])
def test_a_change_that_was_taken_out_or_doubled_is_noticed(
    document: dict[str, Any], drop: int
) -> None:
    changes = document["changes"]
    for altered in (changes[:drop] + changes[drop + 1 :], [*changes, changes[drop]]):
        with pytest.raises(StalePlanError, match="changed since it was saved"):
            parse({**document, "changes": altered})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"7", "not a plan"),
        (b'{"formatVersion": 1, "changes": 5}', "not a plan"),
        (b'{"formatVersion": 1, "changes": "text"}', "not a plan"),
        (b'{"formatVersion": 1, "changes": [{"fields": [[]]}]}', "not a plan"),
        (b'{"formatVersion": 1, "changes": [{"fields": {"a": 1}}]}', "not a plan"),
        (b'{"formatVersion": 1, "changes": [], "fleet": 1}', "not a plan"),
        (b'{"formatVersion": 1, "changes": ' + b'[{"a":' * 900 + b"1" + b"}]" * 900 + b"}", "plan"),
    ],
)
def test_what_is_no_plan_is_a_file_error(data: bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        parse_saved_plan(data, name="p.json")


@pytest.mark.parametrize("version", [2, "1", None, [1]])
def test_another_format_version_is_stale(document: dict[str, Any], version: Any) -> None:
    with pytest.raises(StalePlanError, match="its format version is"):
        parse({**document, "formatVersion": version})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"fleet": "prod"}, "made for fleet 'test', not for 'prod'"),
        ({"org": "zzz999"}, "made for org 'abc123', not for 'zzz999'"),
        ({"manifest_digest": "sha256:0"}, "fleet.yaml or a manifest was changed"),
        ({"digest": "sha256:0"}, "the org was changed since the plan was made"),
    ],
)
def test_a_plan_that_no_longer_fits_is_stale(
    plan: Plan, document: dict[str, Any], other: dict[str, str], words: str
) -> None:
    with pytest.raises(StalePlanError, match=words):
        check_still_fits(parse(document), plan._replace(**other), name="p.json")  # type: ignore[arg-type]  # texts
