"""Whatever bytes a CSV file has: rows or problems, soon, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.errors import ManifestError
from fleetsync.escape import shown
from fleetsync.manifest.complaint import Complaints
from fleetsync.manifest.table import Table
from tests.fuzz.files import broken, lines_of, only_our_errors
from tests.fuzz.size import fuzzed
from tests.manifest.folder import load, write

if TYPE_CHECKING:
    import pytest

MANIFEST = """\
deviceTypes: [{id: t}]
deviceSets:
  - typeId: t
    csv: a.csv
    deviceId: x-${id}
    deviceInfo: {model: "${model}", description: "${id} of ${typeId}"}
    metadata: {a: ["${model}", {b: "${deviceId}"}]}
    location: {latitude: "${lat}", longitude: "${lon}"}
    status: {alert: {enabled: "${alert}"}}
"""
GOOD = [
    b"id,model,lat,lon,alert\n1,M,51.5,-0.1,true\n2,,,,\n",
    b'\xef\xbb\xbfid,model,lat,lon,alert\r\n"1","a ""b""\r\nc",1,2,FALSE\r\n',
    "id,model,lat,lon,alert,Größe\n1,M,1,2,,ü\n\n2,M,1.5e+3,2,no,x\n".encode(),
]
PIECES = [
    *lines_of('"', '""', ",", "\n", "\r", "\r\n", "\0", "id", "\ufeff", "1e999", "NaN", "-0"),
    *lines_of("${id}", "9" * 400, "authToken", "a-abc123-k0dl0vqqrk", "\x1b[31m", "=cmd", "\u2028"),
    b"\xff",
    b"\xc2",
]
FILES = broken(GOOD, PIECES) | st.binary(max_size=80)


@fuzzed(150)
@given(data=FILES)
def test_any_bytes_are_rows_or_problems(data: bytes) -> None:
    complaints = Complaints("f")
    table = Table(data, "f", complaints)
    lines = data.count(b"\n") + 1
    for row in table.rows() if table.whole else ():
        assert len(row.cells) == len(table.columns)
        assert 1 < row.line <= lines
        line, column = row.place(len(row.cells) - 1)
        assert row.line <= line <= lines
        assert column >= 1
    for problem in complaints.problems():
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.message == shown(problem.message)
    assert table.whole or complaints.count


@fuzzed(150)
@given(data=FILES)
def test_any_table_fills_a_set_or_has_problems(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    write(folder, {"manifests/a.yaml": MANIFEST, "a.csv": data})

    def work() -> None:
        for device in load(folder).devices["t"].values():
            assert device.device_id == device.device_id.strip()
            assert device.source.file == "a.csv"

    only_our_errors(work)


@fuzzed(60)
@given(data=FILES)
def test_no_problem_of_a_table_moves_a_cursor(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    write(folder, {"manifests/a.yaml": MANIFEST, "a.csv": data})
    try:
        load(folder)
    except ManifestError as error:
        for problem in error.problems:
            assert shown(problem.message) == problem.message
