"""Show what an org holds without what the server made, so that tests can write it out whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleetsync.emulator.schema import DEVICE_COLUMNS, TYPE_COLUMNS, DeviceRow, TypeRow

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn


def take_snapshot(turn: Turn) -> dict[str, Any]:
    """Return ``{"deviceTypes": {id: ...}, "devices": {"type/device": ...}}``; unset is left out."""
    types = turn.connection.execute(f"SELECT {TYPE_COLUMNS} FROM device_type")  # noqa: S608 - our own columns
    devices = turn.connection.execute(f"SELECT {DEVICE_COLUMNS} FROM device")  # noqa: S608 - same
    return {
        "deviceTypes": {row.id: _show_type(row) for row in map(TypeRow._make, types)},
        "devices": {
            f"{row.type_id}/{row.device_id}": _show_device(row)
            for row in map(DeviceRow._make, devices)
        },
    }


def _show_type(row: TypeRow) -> dict[str, Any]:
    shown = {
        "classId": row.class_id,
        "description": row.description,
        "deviceInfo": json.loads(row.device_info),
        "metadata": _parse(row.metadata),
        "edgeConfiguration": _parse(row.edge_configuration),
    }
    return {key: value for key, value in shown.items() if value is not None}


def _show_device(row: DeviceRow) -> dict[str, Any]:
    shown = {
        "deviceInfo": json.loads(row.device_info),
        "metadata": _parse(row.metadata),
        "location": _show_location(_parse(row.location)),
        "status": {"alert": {"enabled": bool(row.alert)}},
        "gateway": row.gateway_id and f"{row.gateway_type_id}/{row.gateway_id}",
    }
    return {key: value for key, value in shown.items() if value is not None}


def _show_location(location: dict[str, Any] | None) -> dict[str, Any] | None:
    """Leave out the stamps of the server; a measuring time that nobody gave equals the update."""
    if location is None:
        return None
    updated = location.pop("updatedDateTime")
    if location["measuredDateTime"] == updated:
        del location["measuredDateTime"]
    return location


def _parse(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)
