"""The connection log (platform page 6.3)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from fleetsync.emulator.connection_log import KEPT_LINES, note_line
from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.state import OrgState

LOG = "/api/v0002/logs/connection"


@pytest.fixture
def state() -> Any:
    with OrgState.open(None) as opened:
        yield opened


def ask(state: OrgState, query: str) -> tuple[int, Any]:
    with run_emulator(state) as org:
        answer = requests.get(f"{org.url}{LOG}?{query}", auth=("a-embedded-key", "t"), timeout=5)
    return answer.status_code, answer.json()


def register(state: OrgState) -> None:
    with state.turn(writing=True) as turn:
        turn.connection.execute(
            "INSERT INTO device_type VALUES ('pump', 'Device', NULL, '{}', NULL, NULL, '', '')"
        )
    state.register_as_person("pump", "p-1")


def test_a_device_that_has_never_connected_has_no_entry(state: OrgState) -> None:
    register(state)
    assert ask(state, "typeId=pump&deviceId=p-1") == (200, [])


def test_entries_come_newest_first_and_up_to_the_limit(state: OrgState) -> None:
    register(state)
    for _ in range(3):
        state.note_connection("pump", "p-1")
    status, entries = ask(state, "typeId=pump&deviceId=p-1&limit=2")
    message = "Token auth succeeded: ClientID='d:embedded:pump:p-1', ClientIP=192.0.2.7"
    assert status == 200
    assert [entry["message"] for entry in entries] == [message, message]


def test_an_unknown_device_has_no_entry_rather_than_an_error(state: OrgState) -> None:
    assert ask(state, "typeId=pump&deviceId=p-1") == (200, [])


@pytest.mark.parametrize(
    "query",
    ["typeId=pump", "deviceId=p-1", "typeId=t&deviceId=d&limit=21", "typeId=t&deviceId=d&_limit=2"],
)
def test_a_query_that_is_not_right_is_refused(state: OrgState, query: str) -> None:
    assert ask(state, query)[0] == 400


def test_of_too_many_lines_the_newest_are_kept(state: OrgState) -> None:
    register(state)
    with state.turn(writing=True) as turn:
        for number in range(KEPT_LINES + 5):
            note_line(turn, "pump", "p-1", str(number))
        kept = turn.connection.execute("SELECT count(*), min(rowid) FROM connection_log")
        assert kept.fetchone() == (KEPT_LINES, 6)
