from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fleetsync.errors import ManifestError
from fleetsync.manifest.finding import Finding
from fleetsync.manifest.pinpoint import pinpoint
from fleetsync.manifest.schema_file import read_schema
from tests.manifest.folder import load, write
from tests.manifest.test_check import values_of

SCHEMA = read_schema("manifest")


@settings(deadline=None)
@given(value=values_of(SCHEMA, SCHEMA))
def test_a_manifest_that_does_not_fit_the_schema_has_problems(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    folder = tmp_path_factory.mktemp("fleet")
    write(folder, {"manifests/a.yaml": json.dumps(value)})
    try:
        load(folder)
    except ManifestError:
        return
    Draft202012Validator(SCHEMA).validate(value)


@settings(deadline=None)
@given(types=st.lists(values_of(SCHEMA["$defs"]["deviceType"], SCHEMA), max_size=3), data=st.data())
def test_whatever_the_items_are_each_is_in_the_fleet_or_has_a_problem(
    tmp_path_factory: pytest.TempPathFactory, types: list[Any], data: st.DataObject
) -> None:
    devices = data.draw(st.lists(values_of(SCHEMA["$defs"]["device"], SCHEMA), max_size=3))
    folder = tmp_path_factory.mktemp("fleet")
    manifest = {"deviceTypes": types, "devices": devices}
    write(folder, {"manifests/a.yaml": json.dumps(manifest)})
    try:
        fleet = load(folder)
    except ManifestError:
        return
    assert list(fleet.types) == [item["id"] for item in types]
    assert sum(map(len, fleet.devices.values())) == len(devices)


def test_a_finding_that_jsonschema_does_not_share_is_not_lost() -> None:
    finding = Finding("f", 2, 0, ("devices", 0), part="device")
    data = b"devices:\n- {typeId: t, deviceId: d}\n"
    assert [str(problem) for problem in pinpoint("f", data, [finding])] == [
        "f:2:1: something here does not fit its schema"
    ]
