"""With ``--format json``, stdout is one JSON document or nothing at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Fleetsync, Folder

PUMPS: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(5)],
}
ONE = {**PUMPS, "devices": PUMPS["devices"][:1]}


def test_nothing_to_do_is_a_report_without_outcomes(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(PUMPS)
    fleetsync("apply", "--yes")
    told = fleetsync("apply", "--format", "json")
    assert (told.code, told.err) == (0, "")
    assert told.json["outcomes"] == []
    assert told.json["error"] is None
    assert fleetsync("plan", "--format", "json").json["changes"] == []


def test_a_refusal_is_a_report_of_what_was_not_tried(
    folder: Folder, fleetsync: Fleetsync, tmp_path: Path
) -> None:
    folder.manifest(PUMPS)
    fleetsync("apply", "--yes")
    folder.manifest(ONE)
    told = fleetsync("apply", "--yes", "--format", "json")
    assert told.code == 4
    assert told.json["error"].startswith("Refused: the plan deletes 4 of 5 ")
    assert told.err == f"Error: {told.json['error']}\n"
    assert told.json["summary"] == {
        "done": 0,
        "already": 0,
        "failed": 0,
        "notTried": 4,
        "records": {"done": 0, "already": 0, "failed": 0, "notTried": 0},
    }
    report = tmp_path / "report.json"
    as_text = fleetsync("apply", "--yes", "--output", f"json={report}")
    assert as_text.code == 4
    assert as_text.out.startswith("Plan for test in org embedded: delete 4 devices.\n")
    assert report.read_text("utf-8") == told.out


def test_a_plan_that_nobody_confirms_is_a_report_too(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest(ONE)
    told = fleetsync("apply", "--format", "json")
    assert told.code == 4
    assert told.err == f"Error: {told.json['error']}\n"
    assert [outcome["status"] for outcome in told.json["outcomes"]] == ["notTried"] * 2


def test_problems_are_one_document(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.manifest({"deviceTypes": [{"id": "a b"}, {"id": "c d"}]})
    told = fleetsync("validate", "--format", "json")
    assert told.code == 7
    assert told.json["valid"] is False
    assert [problem["line"] for problem in told.json["problems"]] == [2, 3]


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "--fleet", "absent.yaml"),
        ("apply", "--yes", "--fleet", "absent.yaml"),
        ("apply", "absent.json"),
        ("plan", "--out", "absent/plan.json"),
        ("plan", "--nonsense"),
    ],
)
def test_a_failure_before_there_is_a_result_leaves_stdout_empty(
    folder: Folder, fleetsync: Fleetsync, command: tuple[str, ...]
) -> None:
    folder.manifest(PUMPS)
    told = fleetsync(*command, "--format", "json")
    assert told.code != 0
    assert told.out == ""
    assert "Error: " in told.err
