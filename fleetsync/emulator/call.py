"""Answer each call of the registry API: one small function per method and path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleetsync.emulator import bulk, device, device_type, diagnostics
from fleetsync.emulator.collection import DEVICES, TYPES, Collection
from fleetsync.emulator.connection_log import read_log
from fleetsync.emulator.connection_state import read_state, read_states
from fleetsync.emulator.listing import Page, read_page
from fleetsync.emulator.management import find_management
from fleetsync.emulator.message import Answer, Request
from fleetsync.emulator.organization import describe_organization
from fleetsync.emulator.refusal import RefusalError, not_found
from fleetsync.emulator.render import device_text, type_text
from fleetsync.emulator.schema import DeviceRow, TypeRow
from fleetsync.emulator.value import write_json

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn


def get_organization(turn: Turn, request: Request) -> Answer:
    """``GET /`` (platform page 2)."""
    del request
    return Answer(200, write_json(describe_organization(turn)))


def list_types(turn: Turn, request: Request) -> Answer:
    """``GET /device/types`` (platform page 3.2)."""
    page = read_page(turn, TYPES, request.query)
    return _page_answer(page, [type_text(TypeRow._make(row)) for row in page.rows])


def post_type(turn: Turn, request: Request) -> Answer:
    """``POST /device/types`` (platform page 3.4)."""
    return Answer(201, type_text(device_type.create_type(turn, request.body)))


def get_type(turn: Turn, request: Request) -> Answer:
    """``GET /device/types/{typeId}`` (platform page 3.5)."""
    return Answer(200, type_text(device_type.get_type(turn, request.path["typeId"])))


def put_type(turn: Turn, request: Request) -> Answer:
    """``PUT /device/types/{typeId}`` (platform page 3.6)."""
    row = device_type.update_type(turn, request.path["typeId"], request.body)
    return Answer(200, type_text(row))


def delete_type(turn: Turn, request: Request) -> Answer:
    """``DELETE /device/types/{typeId}`` (platform page 3.7)."""
    device_type.delete_type(turn, request.path["typeId"])
    return Answer(204)


def list_devices(turn: Turn, request: Request) -> Answer:
    """``GET /bulk/devices`` (platform page 4.1)."""
    return _device_page(turn, request, DEVICES)


def list_devices_of_type(turn: Turn, request: Request) -> Answer:
    """``GET /device/types/{typeId}/devices`` (platform page 5.1)."""
    row = device_type.get_type(turn, request.path["typeId"])
    return _device_page(turn, request, DEVICES.of_type(row.id))


def list_devices_of_gateway(turn: Turn, request: Request) -> Answer:
    """``GET /device/types/{typeId}/devices/{deviceId}/devices`` (platform page 5.8)."""
    row = device.get_device(turn, **_ids(request))
    if row.class_id != "Gateway":
        raise RefusalError(403, "EMU0403E", "This is no gateway.", explained=False)
    return _device_page(turn, request, DEVICES.of_gateway(row.type_id, row.device_id))


def post_bulk_add(turn: Turn, request: Request) -> Answer:
    """``POST /bulk/devices/add`` (platform page 4.2)."""
    status, results = bulk.add_devices(turn, request.body)
    return Answer(status, write_json(results))


def post_bulk_remove(turn: Turn, request: Request) -> Answer:
    """``POST /bulk/devices/remove`` (platform page 4.3)."""
    status, results = bulk.remove_devices(turn, request.body)
    return Answer(status, write_json(results))


def post_device(turn: Turn, request: Request) -> Answer:
    """``POST /device/types/{typeId}/devices`` (platform page 5.2)."""
    row, token = device.add_device(turn, request.path["typeId"], request.body)
    return Answer(201, device_text(row, turn, token=token))


def get_device(turn: Turn, request: Request) -> Answer:
    """``GET /device/types/{typeId}/devices/{deviceId}`` (platform page 5.3)."""
    return Answer(200, device_text(device.get_device(turn, **_ids(request)), turn))


def put_device(turn: Turn, request: Request) -> Answer:
    """``PUT /device/types/{typeId}/devices/{deviceId}`` (platform page 5.4)."""
    row = device.update_device(turn, **_ids(request), body=request.body)
    return Answer(200, device_text(row, turn))


def delete_device(turn: Turn, request: Request) -> Answer:
    """``DELETE /device/types/{typeId}/devices/{deviceId}`` (platform page 5.5)."""
    if not device.delete_device(turn, **_ids(request)):
        raise not_found()
    return Answer(204)


def get_location(turn: Turn, request: Request) -> Answer:
    """``GET .../location``: 404 while it was never set (platform page 5.6)."""
    location = device.get_device(turn, **_ids(request)).location
    if location is None:
        raise not_found()
    return Answer(200, location)


def put_location(turn: Turn, request: Request) -> Answer:
    """``PUT .../location`` (platform page 5.6)."""
    return Answer(200, device.put_location(turn, **_ids(request), body=request.body))


def get_mgmt(turn: Turn, request: Request) -> Answer:
    """``GET .../mgmt``: 404 for a device that is not managed (platform page 5.7)."""
    row = device.get_device(turn, **_ids(request))
    data = find_management(turn, row.type_id, row.device_id)
    if data is None:
        raise not_found()
    return Answer(200, data)


def get_logs(turn: Turn, request: Request) -> Answer:
    """``GET .../diag/logs`` (platform page 6.1)."""
    return Answer(200, write_json([*diagnostics.read_logs(turn, **_ids(request))]))


def post_log(turn: Turn, request: Request) -> Answer:
    """``POST .../diag/logs``: the body of the answer is not documented (platform page 6.1)."""
    diagnostics.add_log(turn, **_ids(request), body=request.body)
    return Answer(201)


def delete_logs(turn: Turn, request: Request) -> Answer:
    """``DELETE .../diag/logs`` (platform page 6.1)."""
    diagnostics.clear_logs(turn, **_ids(request))
    return Answer(204)


def get_log(turn: Turn, request: Request) -> Answer:
    """``GET .../diag/logs/{logId}`` (platform page 6.1)."""
    entry = diagnostics.read_log_entry(turn, **_ids(request), log_id=request.path["logId"])
    return Answer(200, write_json(entry))


def delete_log(turn: Turn, request: Request) -> Answer:
    """``DELETE .../diag/logs/{logId}`` (platform page 6.1)."""
    diagnostics.delete_log_entry(turn, **_ids(request), log_id=request.path["logId"])
    return Answer(204)


def get_codes(turn: Turn, request: Request) -> Answer:
    """``GET .../diag/errorCodes`` (platform page 6.2)."""
    return Answer(200, write_json([*diagnostics.read_codes(turn, **_ids(request))]))


def post_code(turn: Turn, request: Request) -> Answer:
    """``POST .../diag/errorCodes`` (platform page 6.2)."""
    diagnostics.add_code(turn, **_ids(request), body=request.body)
    return Answer(201)


def delete_codes(turn: Turn, request: Request) -> Answer:
    """``DELETE .../diag/errorCodes`` (platform page 6.2)."""
    diagnostics.clear_codes(turn, **_ids(request))
    return Answer(204)


def get_connection_log(turn: Turn, request: Request) -> Answer:
    """``GET /logs/connection`` (platform page 6.3)."""
    return Answer(200, json.dumps(read_log(turn, request.query)))


def list_connection_states(turn: Turn, request: Request) -> Answer:
    """``GET /clientconnectionstates`` (platform page 2)."""
    page = read_states(turn, request.query)
    more = {} if page.bookmark is None else {"bookmark": page.bookmark}
    meta = {} if page.total is None else {"total_rows": page.total}
    whole = {"results": page.states, **more, "meta": meta}
    return Answer(200, json.dumps(whole))


def get_connection_state(turn: Turn, request: Request) -> Answer:
    """``GET /clientconnectionstates/{clientId}`` (platform page 2)."""
    return Answer(200, json.dumps(read_state(turn, request.path["clientId"])))


def _ids(request: Request) -> dict[str, str]:
    return {"type_id": request.path["typeId"], "device_id": request.path["deviceId"]}


def _device_page(turn: Turn, request: Request, collection: Collection) -> Answer:
    page = read_page(turn, collection, request.query)
    return _page_answer(page, [device_text(DeviceRow._make(row), turn) for row in page.rows])


def _page_answer(page: Page, items: list[str]) -> Answer:
    """Return the envelope of a list; no ``bookmark`` key at the end (platform page 3.3)."""
    meta = {"total_rows": page.total, "facets": page.facets}
    shown = {key: value for key, value in meta.items() if value is not None}
    bookmark = "" if page.bookmark is None else f'"bookmark":"{page.bookmark}",'
    text = f'{{"results":[{",".join(items)}],{bookmark}"meta":{json.dumps(shown)}}}'
    return Answer(200, text)
