"""A device's life by the calls of ibmiotf 0.4.0: with that client itself, or with what stands in.

Run as a script, it uses the client that is installed. It reads options on stdin and writes what
each call gave as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

PUMP = ("pump", "p-1")
PLACE = {"longitude": 8.1, "latitude": 50.2, "measuredDateTime": "2015-10-28T08:45:11.673Z"}
STAMP = "2018-06-01T10:00:00.000Z"
MADE_BY_SERVER = {
    "authToken", "createdDateTime", "updatedDateTime", "registration", "status", "id", "bookmark",
}  # fmt: skip


def live(ibmiotf: Any, options: dict[str, Any]) -> list[Any]:
    """Make each call in turn, and give what it returned or raised."""
    api = ibmiotf.api.ApiClient(options)
    log: dict[str, Any] = {}
    steps: list[Callable[[], Any]] = [
        lambda: api.getOrganizationDetails()["id"],
        lambda: api.addDeviceType("pump", "Pump", {"model": "P1"}, {"line": "7"}),
        lambda: api.addDeviceType("pump"),
        lambda: api.addDeviceType("gate", classId="Gateway"),
        lambda: api.getDeviceTypes({"_limit": 1}),
        lambda: api.getDeviceType("pump"),
        lambda: api.getDeviceType("none"),
        lambda: api.updateDeviceType("pump", "New", {"model": "P2"}),
        lambda: api.registerDevice(
            *PUMP, "t0ken-of-a-pump", {"serialNumber": "S1"}, PLACE, {"a": "b"}
        ),
        lambda: api.registerDevice(*PUMP),
        lambda: api.registerDevices(
            [
                {"typeId": "pump", "deviceId": f"p-{n}", "authToken": f"t0ken-{n}-abc"}
                for n in (2, 3)
            ]
        ),
        lambda: api.registerDevices(
            [{"typeId": each, "deviceId": "p-4"} for each in ("pump", "none")]
        ),
        lambda: api.registerDevices([{"typeId": "pump", "deviceId": "p/5"}]),
        lambda: api.getDevices({"typeId": "pump", "_limit": 2, "_sort": "deviceId"}),
        lambda: api.getDevicesForType("pump", {"_sort": "-deviceId"}),
        lambda: api.getDevice(*PUMP),
        lambda: api.getDevice("pump", "none"),
        lambda: api.updateDevice(
            *PUMP, {"c": "d"}, {"fwVersion": "2"}, {"alert": {"enabled": True}}
        ),
        lambda: api.getDeviceLocation(*PUMP),
        lambda: api.getDeviceLocation("pump", "p-2"),
        lambda: api.updateDeviceLocation(*PUMP, {**PLACE, "elevation": 7}),
        lambda: api.getDeviceManagementInformation(*PUMP),
        lambda: api.addDiagnosticLog(
            *PUMP, {"message": "m", "severity": 1, "data": "d", "timestamp": STAMP}
        ),
        lambda: api.getAllDiagnosticLogs(*PUMP),
        lambda: log.update(api.getAllDiagnosticLogs(*PUMP)[0]),
        lambda: api.getDiagnosticLog(*PUMP, log["id"]),
        lambda: api.clearDiagnosticLog(*PUMP, log["id"]),
        lambda: api.clearAllDiagnosticLogs(*PUMP),
        lambda: api.addErrorCode(*PUMP, {"errorCode": 1234, "timestamp": STAMP}),
        lambda: api.getAllDiagnosticErrorCodes(*PUMP),
        lambda: api.clearAllErrorCodes(*PUMP),
        lambda: api.getAllDiagnosticErrorCodes(*PUMP),
        lambda: api.getConnectionLogs({"typeId": "pump", "deviceId": "p-1"}),
        lambda: api.deleteMultipleDevices([{"typeId": "pump", "deviceId": "p-2"}]),
        lambda: api.removeDevice("pump", "p-3"),
        lambda: api.deleteDevice(*PUMP),
        lambda: api.deleteDevice(*PUMP),
        lambda: api.removeDevice("pump", "p-4"),
        lambda: api.deleteDeviceType("gate"),
        lambda: api.deleteDeviceType("pump"),
    ]
    return [told(step, ibmiotf.APIException) for step in steps]


def told(step: Callable[[], Any], refusal: type[Exception]) -> Any:
    """Give what a call returned, or the status and the partial response that it raised."""
    try:
        return steady(step())
    except refusal as error:
        raised: Any = error
        return {"raised": raised.httpCode, "response": steady(raised.response)}


def steady(value: Any) -> Any:
    """Put the same word for what a server makes up; that it is there still shows."""
    if isinstance(value, dict):
        return {
            name: "made" if name in MADE_BY_SERVER else steady(value[name])
            for name in sorted(value)
        }
    return [*map(steady, value)] if isinstance(value, list) else value


if __name__ == "__main__":
    import_module("ibmiotf.api")
    json.dump(live(import_module("ibmiotf"), json.load(sys.stdin)), sys.stdout)
