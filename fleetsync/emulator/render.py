"""Write types and devices as the JSON text of an answer.

Rows hold their JSON parts as text already, and ids need no escaping (platform page 7), so an item
is joined from parts and a page of a hundred costs no parsing at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.emulator.management import is_managed
from fleetsync.emulator.stamp import whole_seconds
from fleetsync.emulator.value import write_json

if TYPE_CHECKING:
    from fleetsync.emulator.schema import DeviceRow, TypeRow
    from fleetsync.emulator.turn import Turn


def type_text(row: TypeRow) -> str:
    """Return a device type (platform page 3.1): stamps of two forms, refs without a slash."""
    path = f"api/v0002/device/types/{row.id}"
    parts = [f'"id":"{row.id}"']
    if row.description is not None:
        parts.append(f'"description":{write_json(row.description)}')
    parts.append(f'"classId":"{row.class_id}","deviceInfo":{row.device_info}')
    if row.metadata is not None:
        parts.append(f'"metadata":{row.metadata}')
    if row.edge_configuration is not None:
        parts.append(f'"edgeConfiguration":{row.edge_configuration}')
    parts.append(
        f'"createdDateTime":"{whole_seconds(row.created)}","updatedDateTime":"{row.updated}",'
        f'"refs":{{"physicalInterface":"{path}/physicalinterface",'
        f'"logicalInterfaces":"{path}/logicalinterfaces","mappings":"{path}/mappings"}}'
    )
    return "{" + ",".join(parts) + "}"


def device_text(row: DeviceRow, turn: Turn, *, token: str | None = None) -> str:
    """Return a device (platform page 4.1): ``clientId``, refs with a slash, never a location.

    ``token`` is for the answer to an add, the only one that shows it.
    """
    path = f"/api/v0002/device/types/{row.type_id}/devices/{row.device_id}"
    prefix = turn.switches.gateway_prefix if row.class_id == "Gateway" else "d"
    return (
        f'{{"clientId":"{prefix}:{turn.org}:{row.type_id}:{row.device_id}",'
        f'"typeId":"{row.type_id}","deviceId":"{row.device_id}","deviceInfo":{row.device_info},'
        f"{_metadata(row)}{_gateway(row)}"
        f'"refs":{{"diag":{{"errorCodes":"{path}/diag/errorCodes","logs":"{path}/diag/logs"}},'
        f'"location":"{path}/location"{_mgmt(row, path, turn)}}},'
        f'"registration":{{"auth":{{"id":{write_json(row.author_id)},'
        f'"type":"{row.author_type}"}},"date":"{row.registered}"}},'
        f'"status":{{"alert":{{"enabled":{"true" if row.alert else "false"},'
        f'"timestamp":"{row.alert_at}"}}}}{_token(token)}}}'
    )


def _mgmt(row: DeviceRow, path: str, turn: Turn) -> str:
    """Return the reference to management data, which managed devices alone have."""
    managed = is_managed(turn, row.type_id, row.device_id)
    return f',"mgmt":"{path}/mgmt"' if managed else ""


def _metadata(row: DeviceRow) -> str:
    return "" if row.metadata is None else f'"metadata":{row.metadata},'


def _gateway(row: DeviceRow) -> str:
    if row.gateway_id is None:
        return ""
    return f'"gatewayTypeId":"{row.gateway_type_id}","gatewayId":"{row.gateway_id}",'


def _token(token: str | None) -> str:
    return "" if token is None else f',"authToken":{write_json(token)}'
