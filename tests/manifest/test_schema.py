from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fleetsync.errors import Problem
from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.places import Places
from fleetsync.manifest.schema import check_value
from fleetsync.manifest.schema_file import python_pattern, read_schema

FILE = Path(__file__).parent.parent.parent / "schemas" / "manifest.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text("utf-8"))


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every property, list item and definition of a schema."""
    for group in ("properties", "$defs"):
        for name, below in schema.get(group, {}).items():
            yield f"{path}/{name}", below
            yield from fields(below, f"{path}/{name}")
    if "items" in schema:
        yield f"{path}[]", schema["items"]
        yield from fields(schema["items"], f"{path}[]")


FIELDS = dict(fields(SCHEMA))


def resolved(field: dict[str, Any]) -> dict[str, Any]:
    target = field.get("$ref", "").rpartition("/")[2]
    return {**SCHEMA["$defs"][target], **field} if target else field


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_explains_itself_to_an_editor(name: str) -> None:
    field = resolved(FIELDS[name])
    assert field["description"].endswith(".")
    assert field["examples"]


@pytest.mark.parametrize("name", FIELDS)
def test_every_example_is_right(name: str) -> None:
    field = FIELDS[name]
    validator = Draft202012Validator({**field, "$defs": SCHEMA["$defs"]})
    for example in resolved(field)["examples"]:
        validator.validate(example)


@pytest.mark.parametrize("name", FIELDS)
def test_only_metadata_is_open(name: str) -> None:
    field = resolved(FIELDS[name])
    if field.get("type") == "object":
        closed = field.get("additionalProperties") is False
        assert closed is not name.endswith("/metadata")


def check(text: str) -> list[str]:
    parsed = parse_yaml(text.encode(), file="f.yaml", places=True)
    (document,) = parsed.documents

    def places() -> Places:
        assert document.places is not None
        return document.places

    found = check_value(
        document.value, schema="manifest", file="f.yaml", places=places, known=parsed.problems
    )
    return [str(problem) for problem in sorted(found)]


def test_a_whole_document_may_be_checked_at_once() -> None:
    assert check("deviceTypes: [{id: a}]\ndevices:\nremovedDeviceTypes: []\n") == []
    assert check("deviceTypes: [{id: 1}, {}]\ndevice: 1\n") == [
        'f.yaml:1:20: deviceTypes[0].id must be text; YAML reads 1 as a number: quote it: "1"',
        'f.yaml:1:24: deviceTypes[1] needs "id": add it',
        'f.yaml:2:1: unknown key "device" in this manifest; did you mean "devices"?',
    ]


def test_a_spot_that_has_a_problem_gets_no_second_one() -> None:
    assert check("deviceTypes: [{id: 0123}]\non: x\n") == []


def test_a_missing_key_is_told_even_where_the_first_key_has_a_problem() -> None:
    assert check("devices:\n- 1: x\n  typeId: a\n") == [
        'f.yaml:2:3: devices[0] needs "deviceId": add it'
    ]


def test_places_are_not_asked_for_while_all_is_well() -> None:
    def places() -> Places:
        raise AssertionError("not needed")

    assert check_value({"devices": []}, schema="manifest", file="f", places=places) == []


def test_jsonschema_is_loaded_only_to_explain() -> None:
    code = (
        "import sys; from fleetsync.manifest.schema import check_value\n"
        "assert check_value({}, schema='manifest', file='f', places=None) == []\n"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [("^a$", "(?a)^a\\Z"), ("a", "(?a)a"), ("a\\$", "(?a)a\\$"), ("^(a|b)$", "(?a)^(a|b)\\Z")],
)
def test_patterns_mean_what_they_mean_in_json_schema(pattern: str, translated: str) -> None:
    assert python_pattern(pattern) == translated


def test_patterns_are_translated_when_a_schema_is_read() -> None:
    pattern = read_schema("manifest")["$defs"]["id"]["pattern"]
    assert pattern == "(?a)^(?!\\.\\.?$)[A-Za-z0-9._-]{1,36}\\Z"


def test_problems_are_problems() -> None:
    parsed = parse_yaml(b"- a", file="f", places=True)
    places = parsed.documents[0].places
    assert places is not None
    assert check_value(["a"], schema="manifest", file="f", places=lambda: places) == [
        Problem("f", 1, 1, "this manifest must be a mapping, not a list")
    ]
