"""Keep the diagnostic logs and error codes of devices (platform page 6.1, 6.2)."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from fleetsync.emulator.check import check_keys, read_object, wrong_type
from fleetsync.emulator.device import get_device
from fleetsync.emulator.refusal import ABOVE_MAXIMUM, Violation, invalid, not_found
from fleetsync.emulator.stamp import is_stamp

if TYPE_CHECKING:
    from fleetsync.emulator.check import Found
    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSON, JSONObject

_LOG_KEYS = frozenset({"message", "severity", "data", "timestamp"})
_CODE_KEYS = frozenset({"errorCode", "timestamp"})
_SEVERITIES = range(3)
_CODES = range(-(2**63), 2**63)  # what the file can hold; the platform tells no bound

_SHOWN = "type_id = ? AND device_id = ? AND written <= ?"
_SELECT_LOGS = f"""SELECT id, message, severity, data, timestamp FROM diagnostic_log
    WHERE {_SHOWN} ORDER BY number DESC"""  # noqa: S608 - our own words
_SELECT_CODES = f"SELECT code, timestamp FROM error_code WHERE {_SHOWN} ORDER BY number DESC"  # noqa: S608 - same
_NEXT = "(SELECT ifnull(max(number), 0) + 1 FROM {} WHERE type_id = :type AND device_id = :device)"
_INSERT_LOG = f"""INSERT INTO diagnostic_log
    VALUES (:type, :device, {_NEXT.format("diagnostic_log")},
        :id, :message, :severity, :data, :stamp, :written)"""  # noqa: S608 - same
_INSERT_CODE = f"""INSERT INTO error_code
    VALUES (:type, :device, {_NEXT.format("error_code")}, :code, :stamp, :written)"""  # noqa: S608 - same
_PRUNE_LOGS = """DELETE FROM diagnostic_log WHERE type_id = :type AND device_id = :device AND number IN (
    SELECT number FROM (SELECT number, sum(length(CAST(message AS BLOB)) +
        length(CAST(data AS BLOB))) OVER (ORDER BY number DESC) AS size
        FROM diagnostic_log WHERE type_id = :type AND device_id = :device) WHERE size > :most)"""
_PRUNE_CODES = """DELETE FROM error_code WHERE type_id = :type AND device_id = :device AND number NOT IN (
    SELECT number FROM error_code WHERE type_id = :type AND device_id = :device
    ORDER BY number DESC LIMIT :most)"""


def read_logs(turn: Turn, type_id: str, device_id: str) -> list[JSONObject]:
    """Return the entries of a device's log, the newest first."""
    get_device(turn, type_id, device_id)
    names = ("id", "message", "severity", "data", "timestamp")
    rows = turn.connection.execute(_SELECT_LOGS, (type_id, device_id, _visible(turn)))
    return [dict(zip(names, row, strict=True)) for row in rows]


def add_log(turn: Turn, type_id: str, device_id: str, body: JSON) -> None:
    """Add an entry; the oldest go where a device's log grows too large."""
    get_device(turn, type_id, device_id)
    given, found = _read_body(body, _LOG_KEYS, turn)
    message = _text(given.get("message"), "message", found, needed=True)
    severity = _number(given.get("severity", 0), "severity", found, _SEVERITIES)
    data = _text(given.get("data"), "data", found, needed=False)
    stamp = _stamp(given.get("timestamp"), turn, found)
    if found:
        raise invalid(found)
    about = {"type": type_id, "device": device_id}
    entry = {"id": str(uuid.uuid4()), "message": message, "severity": severity, "data": data}
    written = {"stamp": stamp, "written": time.time()}
    turn.connection.execute(_INSERT_LOG, {**about, **entry, **written})
    turn.connection.execute(_PRUNE_LOGS, {**about, "most": turn.switches.diag_log_bytes})


def clear_logs(turn: Turn, type_id: str, device_id: str) -> None:
    """Delete the whole log of a device."""
    get_device(turn, type_id, device_id)
    sql = "DELETE FROM diagnostic_log WHERE type_id = ? AND device_id = ?"
    turn.connection.execute(sql, (type_id, device_id))


def read_log_entry(turn: Turn, type_id: str, device_id: str, log_id: str) -> JSONObject:
    """Return one entry, or refuse with 404."""
    for entry in read_logs(turn, type_id, device_id):
        if entry["id"] == log_id:
            return entry
    raise not_found()


def delete_log_entry(turn: Turn, type_id: str, device_id: str, log_id: str) -> None:
    """Delete one entry, or refuse with 404."""
    get_device(turn, type_id, device_id)
    sql = "DELETE FROM diagnostic_log WHERE type_id = ? AND device_id = ? AND id = ?"
    if not turn.connection.execute(sql, (type_id, device_id, log_id)).rowcount:
        raise not_found()


def read_codes(turn: Turn, type_id: str, device_id: str) -> list[JSONObject]:
    """Return the error codes of a device, the newest first."""
    get_device(turn, type_id, device_id)
    rows = turn.connection.execute(_SELECT_CODES, (type_id, device_id, _visible(turn)))
    return [{"errorCode": code, "timestamp": stamp} for code, stamp in rows]


def add_code(turn: Turn, type_id: str, device_id: str, body: JSON) -> None:
    """Add an error code; the oldest go where there are too many."""
    get_device(turn, type_id, device_id)
    given, found = _read_body(body, _CODE_KEYS, turn)
    code = _number(given.get("errorCode"), "errorCode", found, _CODES)
    stamp = _stamp(given.get("timestamp"), turn, found)
    if found:
        raise invalid(found)
    about = {"type": type_id, "device": device_id}
    written = {"code": code, "stamp": stamp, "written": time.time()}
    turn.connection.execute(_INSERT_CODE, {**about, **written})
    turn.connection.execute(_PRUNE_CODES, {**about, "most": turn.switches.diag_codes})


def clear_codes(turn: Turn, type_id: str, device_id: str) -> None:
    """Delete all error codes; what remains is an empty list (platform page 6.2)."""
    get_device(turn, type_id, device_id)
    sql = "DELETE FROM error_code WHERE type_id = ? AND device_id = ?"
    turn.connection.execute(sql, (type_id, device_id))


def _visible(turn: Turn) -> float:
    """Return until when something must have been written to be seen by now."""
    return time.time() - turn.switches.diag_lag_seconds


def _read_body(body: JSON, keys: frozenset[str], turn: Turn) -> tuple[JSONObject, Found]:
    found: Found = []
    given = read_object(body, "The body", found)
    if found:
        raise invalid(found)
    check_keys(given, keys, turn.switches, found)
    return given, found


def _text(value: JSON, where: str, found: Found, *, needed: bool) -> str:
    if value is None:
        if needed:
            found.append(Violation("EMU1003E", f"{where} is missing.", (where,)))
        return ""
    if isinstance(value, str):
        return value
    found.append(wrong_type(where, "a string"))
    return ""


def _number(value: JSON, where: str, found: Found, bounds: range) -> int:
    if value is None:
        found.append(Violation("EMU1003E", f"{where} is missing.", (where,)))
    elif isinstance(value, bool) or not isinstance(value, int):
        found.append(wrong_type(where, "a whole number"))
    elif value > bounds[-1]:
        text = f"{where} is above {bounds[-1]}."
        found.append(Violation(ABOVE_MAXIMUM, text, (where, str(bounds[-1]))))
    elif value < bounds[0]:
        text = f"{where} is below {bounds[0]}."
        found.append(Violation("EMU1006E", text, (where, str(bounds[0]))))
    else:
        return value
    return 0


def _stamp(value: JSON, turn: Turn, found: Found) -> str:
    """Return the time of an entry; microseconds are not taken (platform page 6.1)."""
    if value is None:
        return turn.now
    long_fractions = turn.switches.long_fractions == "accepted"
    if isinstance(value, str) and is_stamp(value, long_fractions=long_fractions):
        return value
    text = "timestamp must be a time stamp with at most milliseconds."
    found.append(Violation("EMU1007E", text, ("timestamp",)))
    return turn.now
