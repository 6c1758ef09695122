"""Let lists lag behind writes, as a search index does (platform page Q16); off by default.

Before a write, the row that lists go on showing is put aside. The lag belongs to this process, as
the switches do: what is put aside is in temporary tables.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleetsync.emulator.schema import DEVICE_COLUMNS, TYPE_COLUMNS

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn


def remember_type(turn: Turn, type_id: str) -> None:
    """Put a type aside as lists show it, before it is written."""
    _remember(turn, "device_type", TYPE_COLUMNS, {"id": type_id})


def remember_device(turn: Turn, type_id: str, device_id: str) -> None:
    """Put a device aside as lists show it, before it is written."""
    _remember(turn, "device", DEVICE_COLUMNS, {"type_id": type_id, "device_id": device_id})


def begin_list(turn: Turn, table: str) -> str:
    """Return what a list call selects from: the table, or the table as it was before the lag."""
    _forget_passed(turn, table)
    stale = f"stale_{table}"
    if turn.connection.execute(f"SELECT 1 FROM {stale} LIMIT 1").fetchone() is None:  # noqa: S608 - same
        return table
    columns, key = _shape(table)
    same = " AND ".join(f"s.{name} = {table}.{name}" for name in key)
    return (
        f"(SELECT {columns} FROM {table} WHERE NOT EXISTS "  # noqa: S608 - our own tables
        f"(SELECT 1 FROM {stale} s WHERE {same}) "
        f"UNION ALL SELECT {columns} FROM {stale} WHERE present)"
    )


def end_list(turn: Turn, table: str) -> None:
    """Count a list call against what is put aside."""
    turn.connection.execute(
        f"UPDATE stale_{table} SET calls_left = calls_left - 1 WHERE calls_left > 0"  # noqa: S608 - our own table
    )


def _forget_passed(turn: Turn, table: str) -> None:
    """Let go of what lists need no longer show as it was."""
    turn.connection.execute(
        f"DELETE FROM stale_{table} WHERE calls_left <= 0 AND until <= ?",  # noqa: S608 - our own table
        (time.time(),),
    )


def _shape(table: str) -> tuple[str, tuple[str, ...]]:
    if table == "device":
        return DEVICE_COLUMNS, ("type_id", "device_id")
    return TYPE_COLUMNS, ("id",)


def _remember(turn: Turn, table: str, columns: str, key: dict[str, str]) -> None:
    switches = turn.switches
    if not switches.list_lag_calls and not switches.list_lag_seconds:
        return
    _forget_passed(turn, table)
    until = time.time() + switches.list_lag_seconds
    where = " AND ".join(f"{name} = :{name}" for name in key)
    values = {**key, "calls": switches.list_lag_calls, "until": until}
    # A thing written twice goes on being shown as it was before the first write.
    changed = turn.connection.execute(
        f"UPDATE stale_{table} SET calls_left = :calls, until = :until WHERE {where}",  # noqa: S608 - our own names
        values,
    ).rowcount
    if changed:
        return
    found = turn.connection.execute(
        f"INSERT INTO stale_{table} SELECT {columns}, 1, :calls, :until FROM {table} WHERE {where}",  # noqa: S608 - same
        values,
    ).rowcount
    if not found:
        names, marks = ", ".join(key), ", ".join(f":{name}" for name in key)
        turn.connection.execute(
            f"INSERT INTO stale_{table} ({names}, present, calls_left, until) "  # noqa: S608 - same
            f"VALUES ({marks}, 0, :calls, :until)",
            values,
        )
