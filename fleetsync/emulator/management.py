"""Keep the management data of managed devices (platform page 5.7); in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.emulator.value import JSONObject, write_json

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn

_WHERE = "WHERE type_id = ? AND device_id = ?"


def keep_management(turn: Turn, type_id: str, device_id: str, data: JSONObject) -> None:
    """Keep what is known of a managed device, instead of what was known."""
    sql = "INSERT OR REPLACE INTO management VALUES (?, ?, ?)"
    turn.connection.execute(sql, (type_id, device_id, write_json(data)))


def find_management(turn: Turn, type_id: str, device_id: str) -> str | None:
    """Return the management data of a device as JSON, None for one that is not managed."""
    sql = f"SELECT data FROM management {_WHERE}"  # noqa: S608 - our own words
    row = turn.connection.execute(sql, (type_id, device_id)).fetchone()
    return None if row is None else str(row[0])


def is_managed(turn: Turn, type_id: str, device_id: str) -> bool:
    """Tell whether a device has management data."""
    sql = f"SELECT EXISTS (SELECT 1 FROM management {_WHERE})"  # noqa: S608 - our own words
    return bool(turn.connection.execute(sql, (type_id, device_id)).fetchone()[0])


def forget_management(turn: Turn, type_id: str, device_id: str) -> None:
    """Make a device an unmanaged one."""
    turn.connection.execute(f"DELETE FROM management {_WHERE}", (type_id, device_id))  # noqa: S608 - same
