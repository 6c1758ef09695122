"""Carry out the calls on single devices (platform page 5)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator import check, merge
from fleetsync.emulator.access_group import is_hidden
from fleetsync.emulator.device_type import count_devices, find_type
from fleetsync.emulator.lag import remember_device
from fleetsync.emulator.location import read_location
from fleetsync.emulator.management import forget_management
from fleetsync.emulator.new_device import NewDevice, read_single
from fleetsync.emulator.refusal import (
    DEVICE_EXISTS,
    INVALID_LOCATION,
    RefusalError,
    Violation,
    invalid,
    not_found,
)
from fleetsync.emulator.schema import DEVICE_COLUMNS, DeviceRow, TypeRow
from fleetsync.emulator.token import hash_token, make_token
from fleetsync.emulator.value import JSON, JSONObject, write_json

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn

_UPDATE_KEYS = frozenset({"deviceInfo", "metadata", "status", "extensions"})
_INSERT = (
    f"INSERT INTO device ({DEVICE_COLUMNS}) VALUES ({', '.join('?' * len(DeviceRow._fields))})"  # noqa: S608 - our own columns
    " ON CONFLICT DO NOTHING"
)
_SELECT = f"SELECT {DEVICE_COLUMNS} FROM device WHERE type_id = ? AND device_id = ?"  # noqa: S608 - same


class Template(NamedTuple):
    """What a new device takes over from its type (platform page 3.8)."""

    class_id: str
    info: dict[str, str]
    metadata: JSONObject | None


def get_device(turn: Turn, type_id: str, device_id: str) -> DeviceRow:
    """Return a device, or refuse with 404: unknown type and unknown device look the same."""
    row = turn.connection.execute(_SELECT, (type_id, device_id)).fetchone()
    if row is None or is_hidden(turn, type_id, device_id):
        raise not_found()
    return DeviceRow._make(row)


def add_device(turn: Turn, type_id: str, body: JSON) -> tuple[DeviceRow, str]:
    """Add one device and return it with its token (platform page 5.2)."""
    template = find_type(turn, type_id)
    if template is None:
        raise _unknown_type(turn, type_id)
    found: check.Found = []
    new = read_single(turn, type_id, body, found)
    if found or new.token_fault:
        raise invalid([*found, *([new.token_fault] if new.token_fault else [])])
    row, token = new_row(turn, new, read_template(template))
    if not insert_device(turn, row):
        raise RefusalError(409, DEVICE_EXISTS, "The device exists already.")
    check_quota(turn)
    return (row if turn.switches.inherited_in_answer else _without_template(turn, row, new)), token


def read_template(row: TypeRow) -> Template:
    """Return what new devices take over from a type."""
    metadata = None if row.metadata is None else json.loads(row.metadata)
    return Template(row.class_id, json.loads(row.device_info), metadata)


def new_row(turn: Turn, new: NewDevice, template: Template) -> tuple[DeviceRow, str]:
    """Return the row of a new device, which takes over what its type has, and its token."""
    info = merge.inherit_info(new.info, template.info, turn.switches)
    metadata = merge.inherit_metadata(
        new.metadata,
        template.metadata,
        was_sent=new.metadata_sent,
        switches=turn.switches,
    )
    token = new.token or make_token()
    gateway_type_id, gateway_id = new.gateway or (None, None)
    row = DeviceRow(
        type_id=new.type_id,
        device_id=new.device_id,
        class_id=template.class_id,
        device_info=write_json({**info}),
        metadata=None if metadata is None else write_json(metadata),
        location=None if new.location is None else write_json(new.location),
        gateway_type_id=gateway_type_id,
        gateway_id=gateway_id,
        author_type=turn.author.type,
        author_id=turn.author.id,
        registered=turn.now,
        alert=0,
        alert_at=turn.now,
        token=hash_token(token),
    )
    return row, token


def insert_device(turn: Turn, row: DeviceRow) -> bool:
    """Keep a new device; False if there is one with its ids, which stays untouched."""
    remember_device(turn, row.type_id, row.device_id)
    return turn.connection.execute(_INSERT, row).rowcount == 1


def check_quota(turn: Turn) -> None:
    """Refuse the request, and so undo it, when the org has too many devices (page 8)."""
    if count_devices(turn) > turn.switches.max_devices:
        raise RefusalError(403, "EMU0403E", "The maximum number of devices is exceeded.")


def update_device(turn: Turn, type_id: str, device_id: str, body: JSON) -> DeviceRow:
    """Update a device and return it; null leaves alone (platform page 5.4)."""
    old = get_device(turn, type_id, device_id)
    row = _read_update(turn, old, body)
    remember_device(turn, type_id, device_id)
    turn.connection.execute(
        "UPDATE device SET device_info = ?, metadata = ?, alert = ?, alert_at = ?"
        " WHERE type_id = ? AND device_id = ?",
        (row.device_info, row.metadata, row.alert, row.alert_at, type_id, device_id),
    )
    return row


def delete_device(turn: Turn, type_id: str, device_id: str) -> bool:
    """Delete a device with all that hangs on it; False if none can be seen (page 5.5)."""
    if is_hidden(turn, type_id, device_id):
        return False
    remember_device(turn, type_id, device_id)
    sql = "DELETE FROM device WHERE type_id = ? AND device_id = ?"
    if turn.connection.execute(sql, (type_id, device_id)).rowcount != 1:
        return False
    forget_management(turn, type_id, device_id)
    turn.removed.append((type_id, device_id))
    return True


def put_location(turn: Turn, type_id: str, device_id: str, body: JSON) -> str:
    """Replace the location of a device as a whole and return its text (platform page 5.6)."""
    get_device(turn, type_id, device_id)
    found: check.Found = []
    given = check.read_object(body, "The body", found)
    if found:
        raise invalid(found)
    location = read_location(given, turn, found)
    if found:
        raise invalid(found, INVALID_LOCATION)
    text = write_json(location)
    turn.connection.execute(
        "UPDATE device SET location = ? WHERE type_id = ? AND device_id = ?",
        (text, type_id, device_id),
    )
    return text


def _without_template(turn: Turn, row: DeviceRow, new: NewDevice) -> DeviceRow:
    """Return the row as an answer shows it where inheritance is not visible at once (Q12)."""
    return row._replace(
        device_info=write_json({**merge.first_info(new.info, turn.switches)}),
        metadata=None if new.metadata is None else write_json(new.metadata),
    )


def _unknown_type(turn: Turn, type_id: str) -> RefusalError:
    if turn.switches.unknown_type == "404":
        return not_found()
    return invalid([Violation("EMU1010E", "There is no such device type.", (type_id,))])


def _read_update(turn: Turn, old: DeviceRow, body: JSON) -> DeviceRow:
    found: check.Found = []
    given = check.read_object(body, "The body", found)
    check.check_keys(given, _UPDATE_KEYS, turn.switches, found)
    info = check.read_info(given.get("deviceInfo"), turn.switches, found)
    metadata = check.read_free_object(given.get("metadata"), "metadata", turn.switches, found)
    check.read_free_object(given.get("extensions"), "extensions", turn.switches, found)
    alert = _read_alert(turn, given.get("status"), found)
    if found:
        raise invalid(found)
    old_metadata = None if old.metadata is None else json.loads(old.metadata)
    new_metadata = merge.update_metadata(old_metadata, metadata, turn.switches.metadata_put)
    new_info = merge.update_info(json.loads(old.device_info), info, turn.switches)
    return old._replace(
        device_info=write_json({**new_info}),
        metadata=None if new_metadata is None else write_json(new_metadata),
        alert=old.alert if alert is None else int(alert),
        alert_at=old.alert_at if alert is None else turn.now,
    )


def _read_alert(turn: Turn, status: JSON, found: check.Found) -> bool | None:
    """Return what an update says of the alert, None if nothing."""
    alert = _part(turn, status, "status", "alert", found)
    enabled = _part(turn, alert, "status.alert", "enabled", found)
    if enabled is None or isinstance(enabled, bool):
        return enabled
    found.append(check.wrong_type("status.alert.enabled", "true or false"))
    return None


def _part(turn: Turn, value: JSON, where: str, key: str, found: check.Found) -> JSON:
    if value is None:
        return None
    whole: JSONObject = check.read_object(value, where, found)
    check.check_keys(whole, frozenset({key}), turn.switches, found, f"{where}.")
    return whole.get(key)
