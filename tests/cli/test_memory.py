from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.apply.outcome import Outcome, Status
from fleetsync.cli.memory import remember_after, remember_before, sizes_after
from fleetsync.diff.change import Action, Change
from fleetsync.listing import read_memory
from fleetsync.model import Sizes
from tests.report.sample import empty

AT = "2026-11-23T10:00:00Z"
BEFORE = Sizes(2, {"pump": 10, "valve": 3}, AT)
MANY = Sizes(5, {"pump": 1000}, AT)


def change(action: Action, type_id: str, device_id: str | None = None) -> Change:
    return Change(action, type_id, device_id, "")


@pytest.mark.parametrize(
    ("action", "status", "types", "pumps"),
    [
        (Action.CREATE, Status.DONE, 3, 11),
        (Action.CREATE, Status.ALREADY, 3, 11),
        (Action.CREATE, Status.FAILED, 2, 10),
        (Action.CREATE, Status.NOT_TRIED, 2, 10),
        (Action.UPDATE, Status.DONE, 2, 10),
        (Action.DELETE, Status.DONE, 1, 9),
        (Action.DELETE, Status.ALREADY, 1, 9),
        (Action.DELETE, Status.FAILED, 1, 9),  # nobody may know whether it is gone
        (Action.DELETE, Status.NOT_TRIED, 2, 10),
    ],
)
def test_what_is_surely_there_counts(
    action: Action, status: Status, types: int, pumps: int
) -> None:
    of_device = [Outcome(change(action, "pump", "p-1"), status)]
    assert sizes_after(BEFORE, of_device) == Sizes(2, {"pump": pumps, "valve": 3}, AT)
    assert sizes_after(BEFORE, [Outcome(change(action, "other"), status)]).types == types


def test_a_new_type_and_its_devices_are_counted_and_a_deleted_one_is_forgotten() -> None:
    outcomes = [
        Outcome(change(Action.CREATE, "new"), Status.DONE),
        Outcome(change(Action.CREATE, "new", "n-1"), Status.DONE),
        Outcome(change(Action.DELETE, "valve", "v-1"), Status.DONE),
        Outcome(change(Action.DELETE, "valve"), Status.DONE),
    ]
    assert sizes_after(BEFORE, outcomes) == Sizes(2, {"pump": 10, "new": 1}, AT)


def test_before_deletes_it_is_noted_what_they_may_leave_over(tmp_path: Path) -> None:
    gone = tuple(change(Action.DELETE, "pump", f"p-{number}") for number in range(600))
    made = empty()._replace(sizes=MANY, changes=gone)
    remember_before(tmp_path, made)
    assert read_memory(tmp_path).orgs == {"abc123": Sizes(5, {"pump": 400}, AT)}
    outcomes = [Outcome(each, Status.NOT_TRIED) for each in gone]
    remember_after(tmp_path, made, outcomes)
    assert read_memory(tmp_path).orgs == {"abc123": MANY}


def test_before_a_plan_without_deletes_nothing_is_noted(tmp_path: Path) -> None:
    made = empty()._replace(sizes=MANY, changes=(change(Action.CREATE, "pump", "p"),))
    remember_before(tmp_path, made)
    assert list(tmp_path.iterdir()) == []


def test_a_listing_with_doubts_is_not_remembered(tmp_path: Path) -> None:
    remember_after(tmp_path, empty()._replace(sizes=None), ())
    assert list(tmp_path.iterdir()) == []


def test_that_it_cannot_be_written_is_said_and_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".fleetsync").write_text("", "utf-8")
    remember_after(tmp_path, empty()._replace(sizes=MANY), ())
    assert capsys.readouterr().err == (
        f"Warning: {tmp_path}/.fleetsync/listing.json: not a folder of its own; the next run cannot"
        " tell whether the org's lists shrank\n"
    )
