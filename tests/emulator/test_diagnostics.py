"""Diagnostic logs and error codes (platform page 6.1, 6.2)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Caller

DEVICE = "/device/types/pump/devices/p-1"
LOGS, CODES = f"{DEVICE}/diag/logs", f"{DEVICE}/diag/errorCodes"


@pytest.fixture(autouse=True)
def device(call: Caller) -> None:
    call.add_type("pump")
    call.add_device("pump", "p-1")


def messages(call: Caller) -> list[str]:
    return [entry["message"] for entry in call("GET", LOGS).body]


def test_entries_come_newest_first_with_everything_filled_in(call: Caller) -> None:
    assert call("GET", LOGS) == (200, [])
    stamp = "2018-06-01T10:00:00.123Z"
    whole = {"message": "m", "severity": 2, "data": "d", "timestamp": stamp}
    assert call("POST", LOGS, whole) == (201, None)
    assert call("POST", LOGS, {"message": "later"}) == (201, None)
    later, first = call("GET", LOGS).body
    assert first.pop("id") != later.pop("id")
    assert later.pop("timestamp") > stamp
    assert later == {"message": "later", "severity": 0, "data": ""}
    assert first == whole


def test_one_entry_is_read_and_deleted_by_its_id(call: Caller) -> None:
    for message in ("a", "b"):
        call("POST", LOGS, {"message": message})
    entry = call("GET", LOGS).body[0]
    path = f"{LOGS}/{entry['id']}"
    assert call("GET", path) == (200, entry)
    assert call("DELETE", path) == (204, None)
    assert call("GET", path).status == call("DELETE", path).status == 404
    assert messages(call) == ["a"]


def test_clearing_leaves_empty_lists(call: Caller) -> None:
    call("POST", LOGS, {"message": "a"})
    call("POST", CODES, {"errorCode": 7})
    assert call("DELETE", LOGS) == call("DELETE", CODES) == (204, None)
    assert call("GET", LOGS) == call("GET", CODES) == (200, [])


def test_error_codes_come_newest_first(call: Caller) -> None:
    stamp = "2015-10-29T05:43:57.112Z"
    call("POST", CODES, {"errorCode": 1234, "timestamp": stamp})
    assert call("POST", CODES, {"errorCode": -99}) == (201, None)
    latest, first = call("GET", CODES).body
    assert first == {"errorCode": 1234, "timestamp": stamp}
    assert (latest["errorCode"], latest["timestamp"] > stamp) == (-99, True)


BAD: list[tuple[str, Any, str]] = [
    (LOGS, [], "EMU1002E"),
    (LOGS, {}, "EMU1003E"),
    (LOGS, {"message": 1}, "EMU1002E"),
    (LOGS, {"message": "m", "severity": 3}, "CUDRS0012E"),
    (LOGS, {"message": "m", "severity": -1}, "EMU1006E"),
    (LOGS, {"message": "m", "severity": True}, "EMU1002E"),
    (LOGS, {"message": "m", "timestamp": "2018-06-01T10:00:00.123456Z"}, "EMU1007E"),
    (LOGS, {"message": "m", "when": "now"}, "EMU1001E"),
    (CODES, {}, "EMU1003E"),
    (CODES, {"errorCode": "7"}, "EMU1002E"),
    (CODES, {"errorCode": 2**63}, "CUDRS0012E"),
    (CODES, {"errorCode": 1, "message": "m"}, "EMU1001E"),
]


@pytest.mark.parametrize(("path", "body", "id"), BAD)
def test_what_is_not_right_is_refused(call: Caller, path: str, body: Any, id: str) -> None:  # noqa: A002 - the platform's word
    status, refusal = call("POST", path, body)
    assert (status, refusal["exception"]["id"]) == (400, "CUDRS0007E")
    assert [each["exception"]["id"] for each in refusal["violations"]] == [id]
    assert call("GET", path) == (200, [])


CALLS = [
    ("GET", "logs"),
    ("POST", "logs"),
    ("DELETE", "logs"),
    ("GET", "logs/x"),
    ("DELETE", "logs/x"),
    ("GET", "errorCodes"),
    ("POST", "errorCodes"),
    ("DELETE", "errorCodes"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_an_unknown_device_is_not_found(call: Caller, method: str, path: str) -> None:
    body = {"message": "m"} if method == "POST" else None
    assert call(method, f"/device/types/pump/devices/p-2/diag/{path}", body) == (404, {})


@pytest.mark.parametrize("switches", [Switches(diag_log_bytes=10, diag_codes=2)], indirect=True)
def test_the_oldest_go_where_there_are_too_many(call: Caller) -> None:
    for number in range(4):
        call("POST", LOGS, {"message": f"m-{number}", "data": "x"})
        call("POST", CODES, {"errorCode": number})
    assert messages(call) == ["m-3", "m-2"]
    assert [each["errorCode"] for each in call("GET", CODES).body] == [3, 2]


@pytest.mark.parametrize("switches", [Switches(diag_lag_seconds=3600)], indirect=True)
def test_what_is_written_may_be_seen_later(call: Caller) -> None:
    call("POST", LOGS, {"message": "a"})
    call("POST", CODES, {"errorCode": 1})
    assert call("GET", LOGS) == call("GET", CODES) == (200, [])


def test_they_go_with_their_device(call: Caller) -> None:
    call("POST", LOGS, {"message": "a"})
    call("POST", CODES, {"errorCode": 1})
    call("POST", "/bulk/devices/remove", [{"typeId": "pump", "deviceId": "p-1"}])
    call.add_device("pump", "p-1")
    assert call("GET", LOGS) == call("GET", CODES) == (200, [])


def test_a_file_from_before_there_were_diagnostics_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    OrgState.open(path).close()
    with closing(sqlite3.connect(path)) as old:
        old.execute("DROP TABLE diagnostic_log")
        old.execute("DROP TABLE error_code")
    with OrgState.open(path) as state, state.turn(writing=False) as turn:
        for table in ("diagnostic_log", "error_code"):
            assert turn.connection.execute(f"SELECT * FROM {table}").fetchall() == []  # noqa: S608 - ours
