from __future__ import annotations

import gc
import json
import os
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import ManifestError
from fleetsync.escape import shown
from fleetsync.model import (
    NO_LIFECYCLE,
    Device,
    DeviceType,
    Lifecycle,
    Location,
    Source,
)
from tests.manifest.folder import load, problems, write

if TYPE_CHECKING:
    from pathlib import Path

TYPES = """\
deviceTypes:
  - id: thermostat
    classId: Device
    description: Wall thermostat
    deviceInfo: {manufacturer: ACME, model: T-1000, fwVersion: "1.4.2"}
    metadata: {owner: facilities}
    lifecycle:
      protect: true
      prune: false
      propagate: false
      ignoreChanges: [deviceInfo.fwVersion, 'metadata["lastSeen"]', metadata.lastSeen]
  - id: bare
---
removedDeviceTypes: [old-thermostat]
"""
DEVICES = """\
devices:
  - typeId: thermostat
    deviceId: lobby-01
    deviceInfo: {serialNumber: "0001", descriptiveLocation: Lobby, model: null}
    metadata: {floor: 1.0, tags: [public, 2.0], size: 1.5}
    location: {latitude: 51.5007, longitude: -0.1246, elevation: 12}
    status: {alert: {enabled: false}}
    lifecycle: {protect: true}
  - {typeId: thermostat, deviceId: lobby-02, metadata: {}, deviceInfo: {}}
"""


def test_a_fleet_is_what_its_manifests_say(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/types.yaml": TYPES, "manifests/a/devices.yaml": DEVICES})
    fleet = load(tmp_path)
    assert fleet.types == {
        "thermostat": DeviceType(
            type_id="thermostat",
            source=Source("manifests/types.yaml", 2),
            class_id="Device",
            description="Wall thermostat",
            device_info={"manufacturer": "ACME", "model": "T-1000", "fwVersion": "1.4.2"},
            metadata={"owner": "facilities"},
            lifecycle=Lifecycle(
                protect=True,
                prune=False,
                propagate=False,
                ignore_changes=("deviceInfo.fwVersion", "metadata.lastSeen"),
            ),
        ),
        "bare": DeviceType("bare", Source("manifests/types.yaml", 12)),
    }
    assert fleet.devices == {
        "thermostat": {
            "lobby-01": Device(
                type_id="thermostat",
                device_id="lobby-01",
                source=Source("manifests/a/devices.yaml", 2),
                device_info={"serialNumber": "0001", "descriptiveLocation": "Lobby", "model": ""},
                metadata={"floor": 1, "tags": ["public", 2], "size": 1.5},
                location=Location(51.5007, -0.1246, 12.0),
                alert_enabled=False,
                lifecycle=Lifecycle(protect=True),
            ),
            "lobby-02": Device(
                "thermostat", "lobby-02", Source("manifests/a/devices.yaml", 9), metadata={}
            ),
        },
        "bare": {},
    }
    assert fleet.removed_types == {"old-thermostat": Source("manifests/types.yaml", 14)}


def test_whole_numbers_are_integers_in_metadata_and_floats_in_locations(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/types.yaml": TYPES, "manifests/devices.yaml": DEVICES})
    device = load(tmp_path).devices["thermostat"]["lobby-01"]
    assert json.dumps(device.metadata) == '{"floor": 1, "tags": ["public", 2], "size": 1.5}'
    assert repr(device.location and device.location.elevation) == "12.0"


def test_equal_parts_of_devices_are_one_object(tmp_path: Path) -> None:
    rest = "deviceInfo: {model: A}, metadata: {a: [1, {b: 2}]}"
    one, other = (f"devices: [{{typeId: bare, deviceId: {name}, {rest}}}]\n" for name in "xy")
    write(tmp_path, {"manifests/types.yaml": TYPES, "manifests/d.yaml": f"{one}---\n{other}"})
    first, second = load(tmp_path).devices["bare"].values()
    assert first.device_info is second.device_info
    assert first.metadata is second.metadata


def test_values_that_are_only_equal_to_python_stay_apart(tmp_path: Path) -> None:
    lines = [
        f"- {{typeId: bare, deviceId: d{number}, metadata: {{a: {value}}}}}\n"
        for number, value in enumerate(["1", "true", "'1'", "1.5", "0", "false"])
    ]
    write(tmp_path, {"manifests/t.yaml": TYPES + "---\ndevices:\n" + "".join(lines)})
    devices = load(tmp_path).devices["bare"].values()
    assert [repr(device.metadata) for device in devices] == [
        "{'a': 1}",
        "{'a': True}",
        "{'a': '1'}",
        "{'a': 1.5}",
        "{'a': 0}",
        "{'a': False}",
    ]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=8)
INFO = st.dictionaries(st.sampled_from(["model", "serialNumber", "fwVersion"]), TEXTS)
METADATA = st.dictionaries(
    TEXTS.filter(lambda key: key != "fleetsync"),
    st.recursive(st.none() | st.booleans() | st.integers(-99, 99) | TEXTS, st.lists, max_leaves=3),
    max_size=3,
)


@settings(deadline=None)
@given(
    devices=st.dictionaries(
        st.integers(0, 99).map("d-{}".format),
        st.fixed_dictionaries({}, optional={"deviceInfo": INFO, "metadata": METADATA}),
        max_size=4,
    ),
    flow=st.booleans(),
)
def test_any_fleet_that_yaml_writes_is_loaded_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    devices: dict[str, dict[str, dict[str, str]]],
    flow: bool,
) -> None:
    folder = tmp_path_factory.mktemp("fleet")
    items = [{"typeId": "t", "deviceId": name, **rest} for name, rest in devices.items()]
    manifest = {"deviceTypes": [{"id": "t"}], "devices": items}
    text = yaml.safe_dump(manifest, default_style='"', default_flow_style=flow, allow_unicode=True)
    write(folder, {"manifests/a.yaml": text})
    read = load(folder).devices["t"]
    assert {
        name: {"deviceInfo": device.device_info, "metadata": device.metadata}
        for name, device in read.items()
    } == {
        name: {"deviceInfo": rest.get("deviceInfo", {}), "metadata": rest.get("metadata")}
        for name, rest in devices.items()
    }


@settings(deadline=None)
@given(
    st.binary(max_size=60)
    | st.text(max_size=40).map(lambda text: b"devices: " + text.encode("utf-8", "replace"))
)
def test_no_bytes_bring_anything_but_a_fleet_or_problems(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fleet")
    write(folder, {"manifests/a.yaml": data})
    try:
        load(folder)
    except ManifestError as error:
        text = "".join(map(str, error.problems))
        assert text == shown(text) != ""


def test_an_empty_manifest_is_an_empty_fleet(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": "# nothing yet\n"})
    fleet = load(tmp_path)
    assert (fleet.types, fleet.devices, fleet.removed_types) == ({}, {}, {})


def test_all_problems_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "manifests/b.yaml": "deviceTypes: [{id: 1}]\n",
            "manifests/a.yaml": "x: 1\n---\ny: 1\n",
            "manifests/c/d.yaml": "devices: [\n",
        },
    )
    assert problems(tmp_path, ["none", "manifests"]) == [
        'fleet.yaml:1:1: manifests: "none" names no file: correct it, or add one',
        'manifests/a.yaml:1:1: unknown key "x" in this manifest; known are deviceTypes, devices,'
        " deviceSets and removedDeviceTypes",
        'manifests/a.yaml:3:1: unknown key "y" in this manifest; known are deviceTypes, devices,'
        " deviceSets and removedDeviceTypes",
        'manifests/b.yaml:1:20: id must be text; YAML reads 1 as a number: quote it: "1"',
        "manifests/c/d.yaml:2:1: YAML: did not find expected node content",
    ]


def test_the_digest_follows_names_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    def digest(name: str, files: dict[str, str], patterns: tuple[str, ...] = ("manifests",)) -> str:
        write(tmp_path / name, files)
        return load(tmp_path / name, patterns).digest

    files = {"manifests/a.yaml": "devices:\n", "manifests/b.yaml": ""}
    same = digest("one", files)
    assert same.startswith("sha256:")
    assert len(same) == len("sha256:") + 64
    assert digest("two", files, ("manifests/b.yaml", "manifests/*.yaml")) == same
    assert digest("three", {**files, "manifests/b.yaml": "\n"}) != same
    assert digest("four", {**files, "fleet.yaml": "fleet: other\n"}) != same
    assert digest("five", {"manifests/c.yaml": "devices:\n", "manifests/b.yaml": ""}) != same
    assert digest("six", {**files, "manifests/c.yaml": ""}) != same


def test_fleet_yaml_is_no_manifest_even_if_a_pattern_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "deviceTypes: [{id: a}]\n"})
    assert list(load(tmp_path, ["*.yaml"]).types) == ["a"]


def test_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": "x: 1"})
    assert gc.isenabled()
    problems(tmp_path)
    assert gc.isenabled()


@pytest.mark.timeout(20)
def test_what_is_no_readable_file_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/good.yaml": ""})
    os.mkfifo(tmp_path / "manifests" / "pipe.yaml")
    (tmp_path / "manifests" / "folder.yaml").mkdir()
    (tmp_path / "manifests" / "link.yaml").symlink_to("nowhere")
    (tmp_path / "manifests" / "loop.yaml").symlink_to("loop.yaml")
    way_out = "see to it, or take it away"
    assert problems(tmp_path) == [
        f"manifests/folder.yaml:1:1: the file cannot be read: Is a directory: {way_out}",
        f"manifests/link.yaml:1:1: the file cannot be read: No such file or directory: {way_out}",
        "manifests/loop.yaml:1:1: the file cannot be read: Too many levels of symbolic links:"
        f" {way_out}",
        f"manifests/pipe.yaml:1:1: the file cannot be read: Not a regular file: {way_out}",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_must_not_be_read_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": "", "manifests/b/c.yaml": ""})
    (tmp_path / "manifests" / "a.yaml").chmod(0)
    (tmp_path / "manifests" / "b").chmod(0)
    try:
        found = problems(tmp_path)
    finally:
        (tmp_path / "manifests" / "b").chmod(0o700)
    assert found == [
        "manifests/a.yaml:1:1: the file cannot be read: Permission denied: see to it, or take it"
        " away",
        "manifests/b:1:1: the folder cannot be read: Permission denied",
    ]


def test_file_names_are_escaped(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/\x1b[31m\n.yaml": "x: 1"})
    (found,) = problems(tmp_path)
    assert found.startswith("manifests/\\x1b[31m\\x0a.yaml:1:1: unknown key")


def test_files_above_the_folder_have_a_relative_name(tmp_path: Path) -> None:
    write(tmp_path, {"shared/a.yaml": "deviceTypes: [{id: a}]\n", "fleet/fleet.yaml": ""})
    fleet = load(tmp_path / "fleet", ["../shared"])
    assert fleet.types["a"].source == Source("../shared/a.yaml", 1)


def type_and_device(size: int) -> str:
    text = "ü" * (size // 2) + "x" * (size % 2)
    rest = f"metadata: {{m: {text}}}, lifecycle: {{protect: true}}"
    return f"deviceTypes: [{{id: t, {rest}}}]\ndevices: [{{typeId: t, deviceId: d, {rest}}}]\n"


TYPE_AROUND = len('[{"id":"t","metadata":{"m":""}}]')
DEVICE_AROUND = len('[{"typeId":"t","deviceId":"d","metadata":{"m":""}}]')
ROOM = 512_000 - 64 - 1024


def test_an_item_may_fill_a_request_but_for_what_fleetsync_adds(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": type_and_device(ROOM - DEVICE_AROUND)})
    assert list(load(tmp_path).devices["t"]) == ["d"]


def test_an_item_larger_than_a_request_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": type_and_device(ROOM - TYPE_AROUND + 1)})
    over = 512_001 + DEVICE_AROUND - TYPE_AROUND
    words = (
        "bytes in a request, and the platform takes 512,000 at most (1,088 of them are"
        " fleetsync's): make its texts or metadata smaller"
    )
    assert problems(tmp_path) == [
        f"manifests/a.yaml:1:15: this takes 512,001 {words}",
        f"manifests/a.yaml:2:11: this takes {over:,} {words}",
    ]


def test_aliases_count_as_what_they_stand_for(tmp_path: Path) -> None:
    metadata = f"{{a: &a {'x' * 60_000}, b: [{', '.join(['*a'] * 9)}]}}"
    write(tmp_path, {"manifests/a.yaml": f"deviceTypes: [{{id: t, metadata: {metadata}}}]\n"})
    (found,) = problems(tmp_path)
    assert found.startswith("manifests/a.yaml:1:15: this takes 601,")


def test_a_thousand_types_are_the_most(tmp_path: Path) -> None:
    items = "".join(f"- id: t-{n}\n" for n in range(1000))
    write(tmp_path, {"manifests/a.yaml": f"deviceTypes:\n{items}"})
    assert len(load(tmp_path).types) == 1000
    write(tmp_path, {"manifests/b.yaml": "deviceTypes:\n- id: x\n- id: y\n"})
    assert problems(tmp_path) == [
        "manifests/b.yaml:2:7: more than 1,000 device types: split the fleet between several orgs"
    ]


def test_many_strays_of_one_type_are_counted(tmp_path: Path) -> None:
    items = "".join(f"- {{typeId: t, deviceId: d-{n}}}\n" for n in range(250))
    write(tmp_path, {"manifests/a.yaml": f"devices:\n{items}"})
    found = problems(tmp_path)
    assert len(found) == 100
    words = 'its type "t" is not declared; add it to deviceTypes'
    assert found[98] == f"manifests/a.yaml:100:12: device t/d-98: {words}"
    more = "(and so for 150 more devices)"
    assert found[99] == f"manifests/a.yaml:101:12: device t/d-99: {words} {more}"


def test_no_lifecycle_is_the_shared_one(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": "deviceTypes: [{id: t}]\n"})
    assert load(tmp_path).types["t"].lifecycle is NO_LIFECYCLE
