from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fleetsync.model import Device, Lifecycle, Location, Source
from tests.manifest.folder import load, problems, write

if TYPE_CHECKING:
    from pathlib import Path

TYPES = "deviceTypes: [{id: thermostat}]\n"
RANGES = f"""{TYPES}
deviceSets:
  - typeId: thermostat
    deviceIds: ["room-{{08..10}}", spare-a]
    deviceInfo: {{descriptiveLocation: "Room ${{deviceId}}", model: T, serialNumber: null}}
    metadata: {{floor: 1.0, tags: ["${{typeId}}:${{deviceId}}", "$${{deviceId}}", 100 %]}}
    lifecycle: {{protect: true}}
"""
TABLE = f"""{TYPES}
deviceSets:
  - typeId: thermostat
    csv: factory/batch-7.csv
    deviceId: ${{site}}-${{serial}}
    deviceInfo: {{serialNumber: "${{serial}}", model: "${{model}}", hwVersion: "v${{model}}"}}
    metadata: {{batch: "7", id: "${{deviceId}}", deep: {{a: ["${{model}}", x], b: "${{model}}"}}}}
    location: {{latitude: "${{lat}}", longitude: "${{lon}}", elevation: "${{up}}"}}
    status: {{alert: {{enabled: "${{alert}}"}}}}
"""
ROWS = """\
site,serial,model,lat,lon,up,alert
b1,0001,100 %,51.5,-0.12,12,TRUE
b1,0002,,,,,
b1,0003,"a ""b"", c",-0,180.0,,false
"""


def device(fleet_id: str, **parts: object) -> Device:
    return Device("thermostat", fleet_id, **parts)  # type: ignore[arg-type]  # named parts


def test_a_range_gives_a_device_for_each_id(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": RANGES})
    source = Source("manifests/a.yaml", 4)
    assert load(tmp_path).devices["thermostat"] == {
        name: device(
            name,
            source=source,
            device_info={"descriptiveLocation": f"Room {name}", "model": "T", "serialNumber": ""},
            metadata={"floor": 1, "tags": [f"thermostat:{name}", "${deviceId}", "100 %"]},
            lifecycle=Lifecycle(protect=True),
        )
        for name in ("room-08", "room-09", "room-10", "spare-a")
    }


def test_a_row_gives_a_device_and_an_empty_cell_leaves_its_value_out(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": TABLE, "factory/batch-7.csv": ROWS})
    assert load(tmp_path).devices["thermostat"] == {
        "b1-0001": device(
            "b1-0001",
            source=Source("factory/batch-7.csv", 2),
            device_info={"serialNumber": "0001", "model": "100 %", "hwVersion": "v100 %"},
            metadata={"batch": "7", "id": "b1-0001", "deep": {"a": ["100 %", "x"], "b": "100 %"}},
            location=Location(51.5, -0.12, 12.0),
            alert_enabled=True,
        ),
        "b1-0002": device(
            "b1-0002",
            source=Source("factory/batch-7.csv", 3),
            device_info={"serialNumber": "0002", "hwVersion": "v"},
            metadata={"batch": "7", "id": "b1-0002", "deep": {"a": ["x"]}},
        ),
        "b1-0003": device(
            "b1-0003",
            source=Source("factory/batch-7.csv", 4),
            device_info={"serialNumber": "0003", "model": 'a "b", c', "hwVersion": 'va "b", c'},
            metadata={
                "batch": "7",
                "id": "b1-0003",
                "deep": {"a": ['a "b", c', "x"], "b": 'a "b", c'},
            },
            location=Location(0.0, 180.0),
            alert_enabled=False,
        ),
    }


def test_a_column_wins_over_the_name_that_every_set_knows(tmp_path: Path) -> None:
    text = f"""{TYPES}
deviceSets:
  - {{typeId: thermostat, csv: a.csv, deviceId: "x-${{deviceId}}",
     metadata: {{d: "${{deviceId}}"}}}}
"""
    write(tmp_path, {"manifests/a.yaml": text, "a.csv": "deviceId\n1\n"})
    (only,) = load(tmp_path).devices["thermostat"].values()
    assert (only.device_id, only.metadata) == ("x-1", {"d": "1"})


def test_one_file_may_fill_several_sets(tmp_path: Path) -> None:
    item = 'csv: a.csv, deviceId: "${id}"'
    sets = f"deviceSets: [{{typeId: a, {item}}}, {{typeId: b, {item}}}]"
    text = f"deviceTypes: [{{id: a}}, {{id: b}}]\n{sets}"
    write(tmp_path, {"manifests/a.yaml": text, "a.csv": "id\n1\n2\n"})
    assert {name: list(devices) for name, devices in load(tmp_path).devices.items()} == {
        "a": ["1", "2"],
        "b": ["1", "2"],
    }


def test_what_no_cell_changes_is_one_object(tmp_path: Path) -> None:
    rows = "".join(f"b1,{n},M,1,2,3,true\n" for n in range(3))
    table = f"{ROWS.splitlines()[0]}\n{rows}"
    manifest = TABLE.replace(', id: "${deviceId}"', "")
    write(tmp_path, {"manifests/a.yaml": manifest, "factory/batch-7.csv": table})
    one, two, three = load(tmp_path).devices["thermostat"].values()
    assert one.metadata is two.metadata is three.metadata
    assert one.device_info["model"] is two.device_info["model"]


def test_a_changed_csv_file_changes_the_digest(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": TABLE, "factory/batch-7.csv": ROWS})
    before = load(tmp_path).digest
    assert load(tmp_path).digest == before
    write(tmp_path, {"factory/batch-7.csv": ROWS + "\n"})
    assert load(tmp_path).digest != before


def one_set(path: str, types: str = TYPES) -> str:
    return f'{types}deviceSets: [{{typeId: thermostat, csv: {path}, deviceId: "${{id}}"}}]\n'


@pytest.mark.timeout(20)
def test_a_table_is_a_regular_file_inside_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"secret.csv": "id\n1\n"})
    folder = tmp_path / "fleet"
    files = {
        f"manifests/{name}.yaml": one_set(f"{name}.csv", "\n") for name in ("link", "loop", "pipe")
    }
    write(folder, {**files, "manifests/deep.yaml": one_set("deep/secret.csv")})
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "deep").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.csv")
    leads = "is a link that leads out of the folder of fleet.yaml: put the file itself there"
    see = "correct the path, or see to the file"
    place = "2:40: csv"
    assert problems(folder) == [
        f'manifests/deep.yaml:{place} "deep/secret.csv" {leads}',
        f'manifests/link.yaml:{place} "link.csv" {leads}',
        f'manifests/loop.yaml:{place} "loop.csv" cannot be read: Too many levels of symbolic links:'
        f" {see}",
        f'manifests/pipe.yaml:{place} "pipe.csv" cannot be read: Not a regular file: {see}',
    ]


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"manifests/a.yaml": one_set("./b//a.csv"), "b/c.csv": "id\n1\n"})
    (tmp_path / "b" / "a.csv").symlink_to("c.csv")
    (only,) = load(tmp_path).devices["thermostat"].values()
    assert only.source == Source("b/a.csv", 2)


def test_a_manifest_outside_the_folder_names_tables_inside(tmp_path: Path) -> None:
    write(tmp_path, {"shared/a.yaml": one_set("a.csv"), "shared/a.csv": "id\n1\n"})
    write(tmp_path / "fleet", {})
    (found,) = problems(tmp_path / "fleet", ["../shared"])
    assert found.endswith("No such file or directory: correct the path, or see to the file")


def test_bad_rows_without_end_are_told_in_a_hundred_lines(tmp_path: Path) -> None:
    rows = "".join(f"bad id {n}\n" for n in range(2_000)) + "good\n" * 2_000
    write(tmp_path, {"manifests/a.yaml": one_set("a.csv"), "a.csv": f"id\n{rows}"})
    found = problems(tmp_path)
    assert len(found) == 100
    assert found[0].startswith('a.csv:2:1: deviceId "bad id 0" must be 1 to 36 of the characters')
    assert found[-1].endswith("(and 3,899 more problems in this file)")


def test_ids_that_differ_in_case_without_end_are_told_in_a_hundred_lines(tmp_path: Path) -> None:
    rows = "".join(f"a{n}\nA{n}\n" for n in range(500))
    write(tmp_path, {"manifests/a.yaml": one_set("a.csv"), "a.csv": f"id\n{rows}"})
    found = problems(tmp_path)
    assert len(found) == 100
    assert found[-1].endswith("(and 400 more problems in this file)")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("key", ["metadata: {a: TEXT}", "deviceInfo: {model: TEXT}"])
def test_a_short_file_cannot_stand_for_texts_without_end(tmp_path: Path, key: str) -> None:
    part = key.replace("TEXT", '"' + "${t}" * 50_000 + '"')
    text = one_set("a.csv").replace("}]", f", {part}}}]")
    write(tmp_path, {"manifests/a.yaml": text, "a.csv": f"id,t\n1,{'x' * 400_000}\n2,y\n"})
    assert problems(tmp_path) == [
        "a.csv:2:1: this row's texts are larger than a request may be (512,000): shorten them"
    ]


def test_an_item_that_a_row_makes_too_large_is_refused(tmp_path: Path) -> None:
    text = one_set("a.csv").replace("}]", ', metadata: {a: "${t}"}}]')
    write(tmp_path, {"manifests/a.yaml": text, "a.csv": f"id,t\n1,{'x' * 511_500}\n"})
    (found,) = problems(tmp_path)
    assert found.startswith("a.csv:2:3: this takes 512,648 bytes in a request")
