"""Carry out the calls on device types (platform pages 3.4 to 3.7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleetsync.emulator import check, merge
from fleetsync.emulator.lag import remember_type
from fleetsync.emulator.refusal import RefusalError, Violation, invalid, not_found
from fleetsync.emulator.schema import TYPE_COLUMNS, TypeRow
from fleetsync.emulator.value import JSON, JSONObject, write_json

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn

_CREATE_KEYS = frozenset(
    {"id", "description", "classId", "deviceInfo", "metadata", "edgeConfiguration"}
)
_UPDATE_KEYS = frozenset({"description", "deviceInfo", "metadata", "edgeConfiguration"})
_CLASSES = ("Device", "Gateway")


def find_type(turn: Turn, type_id: str) -> TypeRow | None:
    """Return a device type, or None."""
    sql = f"SELECT {TYPE_COLUMNS} FROM device_type WHERE id = ?"  # noqa: S608 - our own columns
    row = turn.connection.execute(sql, (type_id,)).fetchone()
    return None if row is None else TypeRow._make(row)


def get_type(turn: Turn, type_id: str) -> TypeRow:
    """Return a device type, or refuse with 404."""
    row = find_type(turn, type_id)
    if row is None:
        raise not_found()
    return row


def create_type(turn: Turn, body: JSON) -> TypeRow:
    """Create a device type and return it."""
    row = _read_new(turn, body)
    if find_type(turn, row.id):
        raise RefusalError(409, "EMU0409E", f"The device type {row.id} exists already.")
    count = turn.connection.execute("SELECT count(*) FROM device_type").fetchone()[0]
    if count >= turn.switches.max_types:
        raise RefusalError(403, "EMU0403E", "The maximum number of device types is reached.")
    remember_type(turn, row.id)
    marks = ", ".join("?" * len(row))
    turn.connection.execute(f"INSERT INTO device_type VALUES ({marks})", row)  # noqa: S608 - marks only
    return row


def update_type(turn: Turn, type_id: str, body: JSON) -> TypeRow:
    """Update a device type and return it; devices that exist do not change (page 3.6)."""
    old = get_type(turn, type_id)
    row = _read_update(turn, old, body)
    remember_type(turn, type_id)
    turn.connection.execute(
        "UPDATE device_type SET description = ?, device_info = ?, metadata = ?,"
        " edge_configuration = ?, updated = ? WHERE id = ?",
        (*row[2:6], row.updated, type_id),
    )
    return row


def delete_type(turn: Turn, type_id: str) -> None:
    """Delete a device type; one that still has devices is refused (platform page 3.7)."""
    if find_type(turn, type_id) is None:
        if turn.switches.absent_type_delete == "204":
            return
        raise not_found()
    if count_devices(turn, type_id):
        status = int(turn.switches.type_delete_in_use)
        raise RefusalError(status, "EMU0410E", f"The device type {type_id} still has devices.")
    remember_type(turn, type_id)
    turn.connection.execute("DELETE FROM device_type WHERE id = ?", (type_id,))


def count_devices(turn: Turn, type_id: str | None = None) -> int:
    """Return how many devices a type has, or the whole org."""
    where, values = ("", ()) if type_id is None else (" WHERE type_id = ?", (type_id,))
    sql = f"SELECT coalesce(sum(n), 0) FROM device_count{where}"  # noqa: S608 - one of two texts above
    return int(turn.connection.execute(sql, values).fetchone()[0])


def _read_new(turn: Turn, body: JSON) -> TypeRow:
    found: check.Found = []
    given = check.read_object(body, "The body", found)
    if found:
        raise invalid(found)
    check.check_keys(given, _CREATE_KEYS, turn.switches, found)
    type_id = check.read_id(given.get("id"), "id", found)
    class_id = _read_class(given.get("classId"), found)
    text, info, metadata, edge = _read_common(turn, given, found)
    if found:
        raise invalid(found)
    kept_info = merge.first_info(info, turn.switches)
    if text == "" and turn.switches.empty_description != "stored":
        text = None
    return TypeRow(
        type_id, class_id, text, write_json({**kept_info}), _text(metadata), _text(edge),
        turn.now, turn.now,
    )  # fmt: skip


def _read_update(turn: Turn, old: TypeRow, body: JSON) -> TypeRow:
    found: check.Found = []
    given = check.read_object(body, "The body", found)
    check.check_keys(given, _UPDATE_KEYS, turn.switches, found)
    text, info, metadata, edge = _read_common(turn, given, found)
    if found:
        raise invalid(found)
    switches = turn.switches
    new_info = merge.update_info(json.loads(old.device_info), info, switches)
    new_metadata = merge.update_metadata(_value(old.metadata), metadata, switches.type_metadata_put)
    return old._replace(
        description=merge.update_text(old.description, text, switches.empty_description),
        device_info=write_json({**new_info}),
        metadata=_text(new_metadata),
        edge_configuration=old.edge_configuration if edge is None else write_json(edge),
        updated=turn.now,
    )


def _read_common(
    turn: Turn, given: JSONObject, found: check.Found
) -> tuple[str | None, dict[str, str | None], JSONObject | None, JSONObject | None]:
    """Read what creating and updating share: description, deviceInfo and the free objects."""
    switches = turn.switches
    return (
        check.read_text(given.get("description"), "description", switches, found),
        check.read_info(given.get("deviceInfo"), switches, found),
        check.read_free_object(given.get("metadata"), "metadata", switches, found),
        check.read_free_object(
            given.get("edgeConfiguration"), "edgeConfiguration", switches, found
        ),
    )


def _read_class(value: JSON, found: check.Found) -> str:
    if value is None:
        return "Device"
    if isinstance(value, str) and value in _CLASSES:
        return value
    found.append(Violation("EMU1008E", "classId must be Device or Gateway.", ("classId",)))
    return ""


def _text(value: JSONObject | None) -> str | None:
    return None if value is None else write_json(value)


def _value(text: str | None) -> JSONObject | None:
    return None if text is None else json.loads(text)
