"""Carry out what managed devices ask of device management (platform page 5.7)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fleetsync.emulator.device import put_location, update_device
from fleetsync.emulator.diagnostics import add_code, add_log, clear_codes, clear_logs
from fleetsync.emulator.management import forget_management, keep_management
from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.stamp import stamp_of
from fleetsync.emulator.value import JSON, JSONObject, read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetsync.emulator.mqtt.identity import Device
    from fleetsync.emulator.turn import Turn

_FINER = re.compile(r"(?<=\.\d{3})\d+", re.ASCII)
_LOCATION_KEYS = ("longitude", "latitude", "elevation", "accuracy", "measuredDateTime")
_LONGEST_LIFETIME = 366 * 24 * 3600


def carry_out(turn: Turn, device: Device, topic: str, payload: bytes) -> bytes | None:
    """Return the response to a request; None for what is none, and for what is not known here."""
    action = _ACTIONS.get(topic.removeprefix("iotdevice-1/"))
    if action is None:
        return None
    request_id: JSON = None
    try:
        request = _object(read_json(payload))
        request_id = request.get("reqId")
        action(turn, device, _object(request.get("d")))
    except RefusalError as refusal:
        return _response(refusal.status, request_id)
    return _response(200, request_id)


def _response(code: int, request_id: JSON) -> bytes:
    body: JSONObject = {"rc": code}
    if isinstance(request_id, str):
        body["reqId"] = request_id
    return json.dumps(body).encode("utf-8")


def _manage(turn: Turn, device: Device, given: JSONObject) -> None:
    """Make a device a managed one, with what it says of itself."""
    known: JSON = {key: given[key] for key in ("deviceInfo", "metadata") if key in given}
    update_device(turn, *device, known)
    supports = _object(given.get("supports"))
    data: JSONObject = {
        "lastActivityDateTime": turn.now,
        "dormant": False,
        "supports": {
            name: supports.get(name) is True for name in ("deviceActions", "firmwareActions")
        },
    }
    lifetime = given.get("lifetime")
    if isinstance(lifetime, int) and 0 < lifetime < _LONGEST_LIFETIME:
        dormant_at = datetime.fromisoformat(turn.now) + timedelta(seconds=lifetime)
        data["dormantDateTime"] = stamp_of(dormant_at)
    keep_management(turn, *device, data)


def _unmanage(turn: Turn, device: Device, given: JSONObject) -> None:
    del given
    forget_management(turn, *device)


def _locate(turn: Turn, device: Device, given: JSONObject) -> None:
    put_location(turn, *device, {key: given[key] for key in _LOCATION_KEYS if key in given})


def _add_log(turn: Turn, device: Device, given: JSONObject) -> None:
    add_log(turn, *device, _in_milliseconds(given))


def _clear_logs(turn: Turn, device: Device, given: JSONObject) -> None:
    del given
    clear_logs(turn, *device)


def _add_code(turn: Turn, device: Device, given: JSONObject) -> None:
    add_code(turn, *device, _in_milliseconds(given))


def _clear_codes(turn: Turn, device: Device, given: JSONObject) -> None:
    del given
    clear_codes(turn, *device)


_ACTIONS: dict[str, Callable[[Turn, Device, JSONObject], None]] = {
    "mgmt/manage": _manage,
    "mgmt/unmanage": _unmanage,
    "device/update/location": _locate,
    "add/diag/log": _add_log,
    "clear/diag/log": _clear_logs,
    "add/diag/errorCodes": _add_code,
    "clear/diag/errorCodes": _clear_codes,
}


def _in_milliseconds(given: JSONObject) -> JSONObject:
    """Cut the time stamp, which devices with the platform's SDK send with microseconds."""
    stamp = given.get("timestamp")
    return {**given, "timestamp": _FINER.sub("", stamp)} if isinstance(stamp, str) else given


def _object(value: JSON) -> JSONObject:
    return value if isinstance(value, dict) else {}
