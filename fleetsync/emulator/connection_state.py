"""Remember which devices are connected, and since when (platform page 2); kept in memory.

The call is a beta whose documents list no fields: ``id``, ``connectionStatus`` and the two times
are assumed. A device that never connected has no state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.access_group import among_sql, is_hidden
from fleetsync.emulator.refusal import RefusalError, Violation, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSON

CONNECTED, DISCONNECTED = "connected", "disconnected"
_FILTERS = {
    "connectionStatus": "status = ?",
    "deviceType": "type_id = ?",
    "deviceId": "device_id = ?",
    "connectedAfter": "connected_at > ?",
}
_PARAMETERS = frozenset({*_FILTERS, "_limit", "_bookmark"})
_TOLD_WHEN_SHORT = "unicode(substr(client_id, -1)) % 2 = 0"
_COLUMNS = "client_id, type_id, device_id, status, connected_at, disconnected_at"
_BEGIN = """INSERT INTO connection_state VALUES (?, ?, ?, 'connected', ?, NULL)
    ON CONFLICT (client_id)
    DO UPDATE SET status = 'connected', connected_at = excluded.connected_at"""
_END = """UPDATE connection_state SET status = 'disconnected', disconnected_at = ?
    WHERE client_id = ?"""


class _State(NamedTuple):
    client_id: str
    type_id: str
    device_id: str
    status: str
    connected_at: str
    disconnected_at: str | None


class StatePage(NamedTuple):
    """One page of states, and how many there are in all; None where lists do not tell."""

    states: list[dict[str, JSON]]
    bookmark: str | None
    total: int | None


def note_begin(turn: Turn, client_id: str, device: tuple[str, str]) -> None:
    """Remember that a device has connected."""
    turn.connection.execute(_BEGIN, (client_id, *device, turn.now))


def note_gone(turn: Turn, client_id: str) -> None:
    """Remember that a device has gone; one that was never there stays unknown."""
    turn.connection.execute(_END, (turn.now, client_id))


def forget_state(turn: Turn, type_id: str, device_id: str) -> None:
    """Forget a device that was deleted."""
    sql = "DELETE FROM connection_state WHERE type_id = ? AND device_id = ?"
    turn.connection.execute(sql, (type_id, device_id))


def read_state(turn: Turn, client_id: str) -> dict[str, JSON]:
    """Return the state of one client; 404 for one that never connected, or is hidden."""
    _check_switch(turn)
    sql = f"SELECT {_COLUMNS} FROM connection_state WHERE client_id = ?"  # noqa: S608 - our own names
    row = turn.connection.execute(sql, (client_id,)).fetchone()
    if row is None or is_hidden(turn, row[1], row[2]):
        raise not_found()
    return _document(_State._make(row))


def read_states(turn: Turn, query: Mapping[str, str]) -> StatePage:
    """Return a page of states in the order of client ids; a bookmark is the last one's."""
    _check_switch(turn)
    for name in query.keys() - _PARAMETERS:
        raise invalid([Violation("EMU1008E", f"Unknown query parameter {name}.")])
    limit = _limit(query, turn)
    given = [(sql, query[name]) for name, sql in _FILTERS.items() if name in query]
    where = " AND ".join(["1", *(sql for sql, _ in given), f"NOT {among_sql(turn.hidden)}"])
    values = [value for _, value in given]
    whole = f"FROM connection_state WHERE {where}"
    told = _TOLD_WHEN_SHORT if turn.switches.client_states == "short" else "1"
    found = turn.connection.execute(
        f"SELECT {_COLUMNS} {whole} AND {told} AND client_id > ? ORDER BY client_id LIMIT ?",
        [*values, query.get("_bookmark", ""), limit + 1],
    ).fetchall()
    rows = list(map(_State._make, found))
    more = rows[limit - 1].client_id if len(rows) > limit else None
    return StatePage([_document(row) for row in rows[:limit]], more, _total(turn, whole, values))


def _total(turn: Turn, whole: str, values: list[str]) -> int | None:
    if turn.switches.total_rows == "absent":
        return None
    found = turn.connection.execute(f"SELECT count(*) {whole}", values).fetchone()
    return int(found[0])


def _check_switch(turn: Turn) -> None:
    status = turn.switches.client_states
    if status == "404":
        raise not_found()
    if status == "403":
        raise RefusalError(403, "EMU0403E", "This key may not ask who is connected.")
    if status == "503":
        raise RefusalError(503, "EMU0503E", "This beta is not available.")


def _limit(query: Mapping[str, str], turn: Turn) -> int:
    text = query.get("_limit", str(turn.switches.page_default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if number and turn.switches.limit_too_large == "clamp":
        number = min(number, turn.switches.page_cap)
    if not 1 <= number <= turn.switches.page_cap:
        words = f"_limit must be a number from 1 to {turn.switches.page_cap}."
        raise invalid([Violation("EMU1008E", words)])
    return number


def _document(state: _State) -> dict[str, JSON]:
    document: dict[str, JSON] = {
        "id": state.client_id,
        "connectionStatus": state.status,
        "connectTime": state.connected_at,
    }
    if state.disconnected_at is not None:
        document["disconnectTime"] = state.disconnected_at
    return document
