from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.manifest import find_files, find_tables
from tests.manifest.folder import write

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tables_of_a_fleet_are_named_whatever_else_is_wrong(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "manifests/a.yaml": "deviceSets: [{csv: factory/a.csv}, {csv: 7}, 8, {csv: ../b.csv}]",
            "manifests/b.yaml": "devices: [{csv: c.csv}]\n---\n- deviceSets\n---\ndeviceSets: 1",
            "manifests/c.yaml": "deviceSets: [{csv: d.csv}]\n---\n{",
            "manifests/d.yaml/e": "",
        },
    )
    manifests = find_files(tmp_path, ["manifests"]).files
    found = [path.relative_to(tmp_path).as_posix() for path in find_tables(tmp_path, manifests)]
    assert found == ["factory/a.csv", "d.csv"]
