"""Whatever bytes a manifest has: a fleet or problems, soon, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.manifest.schema_file import read_schema
from tests.fuzz.files import broken, lines_of, only_our_errors
from tests.fuzz.size import fuzzed
from tests.manifest.folder import load, write
from tests.manifest.test_check import values_of

if TYPE_CHECKING:
    import pytest

SCHEMA = read_schema("manifest")
TABLE = "serial,lat,lon\ns-1,51.5,-0.1\ns-2,,\n"
GOOD = list(
    lines_of(
        """\
deviceTypes:
  - &t {id: thermostat, classId: Device, metadata: {a: [1, 2.5, null, true]}}
  - {<<: *t, id: other, lifecycle: {protect: true, ignoreChanges: ['metadata["a.b"]']}}
devices:
  - typeId: thermostat
    deviceId: lobby-01
    deviceInfo: {serialNumber: "0001", model: !!str 1.0}
    location: {latitude: 51.5, longitude: -0.1, measuredDateTime: "2026-01-31T08:30:00Z"}
---
removedDeviceTypes: [old]
""",
        """\
deviceTypes: [{id: thermostat}]
deviceSets:
  - typeId: thermostat
    deviceIds: ["room-{001..020}", "{a..c}-{9..1..2}", spare]
    deviceInfo: {descriptiveLocation: "Room ${deviceId}"}
    metadata: {a: ["$${x}", {b: "${typeId}"}]}
  - typeId: thermostat
    csv: a.csv
    deviceId: ${serial}
    location: {latitude: "${lat}", longitude: "${lon}"}
    status: {alert: {enabled: false}}
    lifecycle: {protect: true}
""",
    )
)
PIECES = [
    *lines_of(
        "{", "}", "[", "]", ": ", "- ", "\n", "\t", "&a ", "*a", "*t", "<<: ", "---\n", "!!x "
    ),
    *lines_of('"', "'", "|\n", "#", "no", "0x1", "1e400", "2026-01-01", "\0", "\x85", "\ufeff"),
    *lines_of(
        "..", "{1..9999999}", "{0..99999}", "${", "${serial}", "$${", "deviceSets:\n", "csv: "
    ),
    *lines_of("/etc/passwd", "../", "authToken", "a-abc123-k0dl0vqqrk", "\u202e", "9" * 300),
    b"\xff",
]


@fuzzed(200)
@given(data=broken(GOOD, PIECES) | st.binary(max_size=60))
def test_any_bytes_are_a_fleet_or_problems(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    write(folder, {"manifests/a.yaml": data, "a.csv": TABLE})
    only_our_errors(lambda: load(folder))


@fuzzed(150)
@given(sets=st.lists(values_of(SCHEMA["$defs"]["deviceSet"], SCHEMA), max_size=3))
def test_any_sets_are_devices_or_problems(
    tmp_path_factory: pytest.TempPathFactory, sets: list[Any]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    manifest = {"deviceTypes": [{"id": "thermostat"}], "deviceSets": sets}
    write(folder, {"manifests/a.yaml": json.dumps(manifest), "a.csv": TABLE})
    write(folder, {"factory/batch-7.csv": TABLE})
    only_our_errors(lambda: load(folder))
