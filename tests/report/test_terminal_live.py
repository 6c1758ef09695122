from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.report.terminal.cells import cells
from fleetsync.report.terminal.live import Board, frame, noted

RUN: dict[str, Any] = {
    "run": "20261123T170114-1a2b3c4d5e",
    "fleet": "emea-sensors",
    "org": "abc123",
    "undoes": None,
    "callsPerSecond": 8,
    "stages": [
        {"kind": "deviceType", "action": "create", "total": 1, "records": False},
        {"kind": "device", "action": "update", "total": 1200, "records": False},
        {"kind": "device", "action": "delete", "total": 2, "records": False},
        {"kind": "device", "action": "update", "total": 1, "records": True},
    ],
}


def outcome(name: str, calls: int, *, status: str = "done", reason: str = "") -> dict[str, Any]:
    return {
        "status": status,
        "action": "update",
        "typeId": "pump",
        "deviceId": name,
        "reason": reason,
        "calls": calls,
    }


def board() -> Board:
    """A run of a quarter of an hour that is held up right now."""
    made = noted(noted(Board(), "run", RUN, 100.0), "stage", {}, 100.0)
    created = {**outcome("", 1), "action": "create", "deviceId": None}
    made = noted(noted(made, "outcome", created, 100.5), "stage", {}, 100.5)
    for number in range(50):
        made = noted(made, "outcome", outcome(f"p-{number:03}", number + 2), 101 + number / 8)
    refused = outcome("p-\x1b[2J", 52, status="failed", reason="409: it is locked \u202e")
    made = noted(made, "outcome", refused, 107.4)
    for number in range(51, 54):
        made = noted(made, "outcome", outcome(f"房间-{number}", number + 2), 101 + number / 8)
    words = "the org is busy (429); trying again in 4.0 s"
    return noted(made, "waiting", {"message": words, "seconds": 4.0}, 108.0)


WIDE = """\
Applying to emea-sensors in org abc123: run 20261123T170114-1a2b3c4d5e
  create 1 device type     ended, 0.5 s
  update 1,200 devices     [....................] 54 of 1,200, 6/s, 3 min 11 s left, 1 failed
  delete 2 devices         to come
  note 1 location          to come
  55 of 1,204 ended, 1 failed; 5.2 of 8 calls a second; 9.5 s
  Waiting 2.5 s: the org is busy (429)
  ! pump/p-\\x1b[2J: update: 409: it is locked \\u202e
  ~ pump/p-049
  ~ pump/房间-51
  ~ pump/房间-52
  ~ pump/房间-53
"""
NARROW = """\
Applying to emea-sensors in org abc12...
  create 1 device type     ended, 0.5 s
  update 1,200 devices     54 of 1,20...
  delete 2 devices         to come
  note 1 location          to come
  55 of 1,204 ended, 1 failed; 5.2 of...
  Waiting 2.5 s: the org is busy (429)
  Stopping: what was begun is finishe...
  ! pump/p-\\x1b[2J: update: 409: it i...
  ~ pump/房间-53
"""


@pytest.mark.parametrize(
    ("columns", "rows", "stopping", "lines"), [(120, 30, False, WIDE), (40, 10, True, NARROW)]
)
def test_the_view_fits_its_terminal(columns: int, rows: int, stopping: bool, lines: str) -> None:
    drawn = frame(board(), 109.5, columns=columns, rows=rows, stopping=stopping)
    assert "".join(f"{line}\n" for line in drawn) == lines


def test_at_80_columns_nothing_that_counts_is_cut() -> None:
    drawn = frame(board(), 109.5, columns=79, rows=30, stopping=False)
    assert "  update 1,200 devices     54 of 1,200, 6/s, 3 min 11 s left, 1 failed" in drawn
    assert not any(line.endswith("...") for line in drawn)


def test_a_wait_that_is_over_is_not_shown_and_a_stage_that_is_over_stands_still() -> None:
    made = noted(board(), "stage", {}, 110.0)
    drawn = frame(made, 200.0, columns=120, rows=30, stopping=False)
    assert not any("Waiting" in line for line in drawn)
    assert drawn[1] == "  create 1 device type     ended, 0.5 s"


def test_other_events_change_nothing() -> None:
    assert noted(board(), "notice", {"message": "x"}, 111.0) == board()


@given(st.integers(1, 200), st.integers(1, 30), st.booleans(), st.floats(108, 1e6))
def test_no_frame_is_larger_than_its_terminal(
    columns: int, rows: int, stopping: bool, now: float
) -> None:
    drawn = frame(board(), now, columns=columns, rows=rows, stopping=stopping)
    assert len(drawn) <= rows
    assert all(cells(line) <= columns and line.isprintable() for line in drawn)


def test_an_undo_says_what_it_takes_back() -> None:
    undo = {**RUN, "undoes": "20261122T090000-00000000aa"}
    drawn = frame(noted(Board(), "run", undo, 0), 1, columns=120, rows=30, stopping=False)
    assert drawn == [
        "Taking back run 20261122T090000-00000000aa for emea-sensors in org abc123: run"
        " 20261123T170114-1a2b3c4d5e",
        "  create 1 device type     to come",
        "  update 1,200 devices     to come",
        "  delete 2 devices         to come",
        "  note 1 location          to come",
        "  0 of 1,204 ended, 0 failed; 0.0 of 8 calls a second; 1.0 s",
    ]
