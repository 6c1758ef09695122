"""What policies say is saved with a plan, and read back by whoever shows or applies it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fleetsync.errors import FileError
from fleetsync.model import Source
from fleetsync.plan import Plan
from fleetsync.plan.plan import with_policies
from fleetsync.plan.policy import Finding, PolicyOutcome, PolicyStatus, Severity
from fleetsync.plan.reading import read_view
from fleetsync.plan.saved import parse_saved_plan
from fleetsync.plan.view import PlanView, view_of
from tests.plan.plans import mixed_plan, saved_bytes, sealed_anew
from tests.plan.test_saved import SCHEMA

HERE = Source("fleet.yaml", 4)
OUTCOMES = (
    PolicyOutcome("kept", Severity.ERROR, PolicyStatus.PASSED, "all is well", HERE),
    PolicyOutcome(
        "owner",
        Severity.ERROR,
        PolicyStatus.VIOLATED,
        'every "device" has \\ an owner',
        HERE,
        1200,
        (Finding("pump/p-1", Source("a.yaml", 3), "] }, \n  ]\n"),),
    ),
    PolicyOutcome(
        "script",
        Severity.NOTE,
        PolicyStatus.FAILED,
        "it agrees",
        HERE,
        1,
        (Finding(None, None, '\x1b[2J\u202e\ud800 "seal": "sha256:'),),
    ),
)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return with_policies(mixed_plan(tmp_path / "fleet"), OUTCOMES)


def shown(data: bytes) -> PlanView:
    def lines(start: int) -> list[bytes]:
        file = BytesIO(data)
        file.seek(start)
        return list(file)

    return read_view(lines, name="p.json")


def test_outcomes_are_saved_as_the_schema_says_and_read_back(plan: Plan) -> None:
    data = saved_bytes(plan)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(data))
    view = shown(data)
    assert view.policies == OUTCOMES == view_of(plan).policies
    assert view.refusals == plan.refusals
    assert view.doubts == ()
    assert parse_saved_plan(data, name="p.json").digest == plan.digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"severity": "note"', b'"severity": "fine"'),
        (b'"status": "violated"', b'"status": "passed"'),
        (b'"count": 1200', b'"count": 0'),
        (b'"message": "it agrees"', b'"message": 7'),
        (b'"key": "pump/p-1"', b'"kez": "pump/p-1"'),
    ],
)
def test_outcomes_of_another_form_are_neither_shown_nor_applied(
    plan: Plan, before: bytes, after: bytes
) -> None:
    data = saved_bytes(plan)
    assert before in data
    data = sealed_anew(data.replace(before, after))
    with pytest.raises(FileError):
        shown(data)
    with pytest.raises(FileError):
        parse_saved_plan(data, name="p.json")


def test_an_outcome_that_somebody_edited_is_shown_with_a_warning(plan: Plan) -> None:
    data = saved_bytes(plan).replace(b"all is well", b"all is fine")
    assert len(shown(data).doubts) == 1
