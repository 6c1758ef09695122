"""Remember who connected, as the connection log shows it (platform page 6.3); kept in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.emulator.device import get_device
from fleetsync.emulator.refusal import RefusalError, Violation, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.turn import Turn

KEPT_LINES = 100_000
"""How many lines are kept of all devices together; no source, this protects the emulator."""

_MOST = 20
_PARAMETERS = frozenset({"typeId", "deviceId", "limit", "offset", "fromTime", "toTime"})
_INSERT = "INSERT INTO connection_log VALUES (?, ?, ?, ?)"
_PRUNE = "DELETE FROM connection_log WHERE rowid <= (SELECT max(rowid) FROM connection_log) - ?"
_SELECT = (
    "SELECT message, at FROM connection_log WHERE type_id = ? AND device_id = ?"
    " ORDER BY rowid DESC LIMIT ? OFFSET ?"
)


def note_connection(turn: Turn, type_id: str, device_id: str) -> None:
    """Write down that a device has connected; refuse one that is not there."""
    row = get_device(turn, type_id, device_id)
    prefix = "g" if row.class_id == "Gateway" else "d"
    client = f"{prefix}:{turn.org}:{type_id}:{device_id}"
    words = f"Token auth succeeded: ClientID='{client}', ClientIP=192.0.2.7"
    note_line(turn, type_id, device_id, words)


def note_line(turn: Turn, type_id: str, device_id: str, words: str) -> None:
    """Enter a line for a device; of all lines the newest are kept."""
    turn.connection.execute(_INSERT, (type_id, device_id, words, turn.now))
    turn.connection.execute(_PRUNE, (KEPT_LINES,))


def read_log(turn: Turn, query: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the newest entries of a device; none for one that is not there, or not to be seen."""
    for name in query.keys() - _PARAMETERS:
        raise invalid([Violation("EMU1008E", f"Unknown query parameter {name}.")])
    for name in ("typeId", "deviceId"):
        if name not in query:
            raise invalid([Violation("EMU1008E", f"The query parameter {name} is missing.")])
    limit = _number(query, "limit", _MOST, lowest=1, highest=_MOST)
    offset = _number(query, "offset", 0, lowest=0, highest=1000)
    key = (query["typeId"], query["deviceId"])
    try:
        get_device(turn, *key)
    except RefusalError:
        return []
    rows = turn.connection.execute(_SELECT, (*key, limit, offset))
    return [{"message": message, "timestamp": at} for message, at in rows]


def _number(query: Mapping[str, str], name: str, default: int, *, lowest: int, highest: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    if not lowest <= number <= highest:
        words = f"{name} must be a number from {lowest} to {highest}."
        raise invalid([Violation("EMU1008E", words)])
    return number
