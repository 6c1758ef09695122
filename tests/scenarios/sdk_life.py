"""The life of a device, told with the platform's own SDK; a program for a process of its own.

On stdin: where the emulator listens, the CA, the API key, and a device with its token. On stdout:
what was seen, as JSON. The SDK fixes hosts and ports; here they are resolved to the emulator's.
"""

from __future__ import annotations

import json
import queue
import socket
import sys
import time
from datetime import UTC, datetime
from typing import Any

GIVEN = json.load(sys.stdin)
ORG, DOMAIN = GIVEN["org"], "localhost"
PORTS = {
    (f"{ORG}.{DOMAIN}", 443): GIVEN["httpPort"],
    (f"{ORG}.messaging.{DOMAIN}", 8883): GIVEN["mqttPort"],
}
SECONDS = 20

_look_up = socket.getaddrinfo


def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
    if (host, port) in PORTS:
        host, port = "127.0.0.1", PORTS[host, port]
    return _look_up(host, port, *rest, **more)


socket.getaddrinfo = look_up

import wiotp.sdk.application  # noqa: E402 - behind the resolver
import wiotp.sdk.device  # noqa: E402 - same


def options(**more: Any) -> dict[str, Any]:
    return {"domain": DOMAIN, "mqtt": {"caFile": GIVEN["caFile"]}, **more}


def new_application() -> Any:
    return wiotp.sdk.application.ApplicationClient(
        {
            "identity": {"appId": "life"},
            "auth": {"key": GIVEN["key"], "token": GIVEN["token"]},
            "options": options(http={"verify": GIVEN["caFile"]}),
        }
    )


def new_device(token: str) -> Any:
    config = {
        "identity": {"orgId": ORG, "typeId": GIVEN["typeId"], "deviceId": GIVEN["deviceId"]},
        "auth": {"token": token},
        "options": options(),
    }
    managing = wiotp.sdk.device.ManagedDeviceClient
    return managing(config, deviceInfo=wiotp.sdk.device.DeviceInfo())


def wait_until(look: Any) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def live() -> dict[str, Any]:
    seen: dict[str, Any] = {}
    status: queue.Queue[Any] = queue.Queue()
    events: queue.Queue[Any] = queue.Queue()
    commands: queue.Queue[Any] = queue.Queue()
    app, device = new_application(), new_device(GIVEN["deviceToken"])
    app.connect()
    app.deviceStatusCallback = status.put
    app.deviceEventCallback = events.put
    granted: list[Any] = []  # the SDK may subscribe again by itself while it connects
    app.subscriptionCallback = lambda _, qos: granted.append(qos[0])
    app.subscribeToDeviceStatus(GIVEN["typeId"])
    app.subscribeToDeviceEvents(GIVEN["typeId"], qos=1)
    seen["granted"] = wait_until(lambda: set(granted) == {0, 1})

    types = app.registry.devicetypes
    seen["types"] = [each.id for each in types]
    seen["devices"] = [each.deviceId for each in types[GIVEN["typeId"]].devices]

    device.commandCallback = commands.put
    device.connect()
    seen["status"] = status.get(timeout=SECONDS).action
    device.subscriptionsAcknowledged.wait(SECONDS)
    device.publishEvent("reading", "json", {"celsius": 21.5}, qos=1)
    event = events.get(timeout=SECONDS)
    seen["event"] = [event.typeId, event.deviceId, event.eventId, event.format, event.data]
    app.publishCommand(GIVEN["typeId"], GIVEN["deviceId"], "blink", "json", {"times": 3})
    command = commands.get(timeout=SECONDS)
    seen["command"] = [command.commandId, command.format, command.data]

    devices, device_id = types[GIVEN["typeId"]].devices, GIVEN["deviceId"]
    entry = devices[device_id]
    managed = wait_until(entry.getMgmt)
    seen["managed"] = managed["supports"] if managed else None
    device.addLog("hot", "21.5", 1)
    device.setErrorCode(7)
    seen["device's log"] = wait_until(lambda: [each.message for each in entry.diagLogs])
    seen["device's codes"] = [wait_until(lambda: len(entry.diagErrorCodes))]
    seen["device's codes"].append(entry.diagErrorCodes[0].errorCode)
    entry.diagLogs.append(message="seen", severity=2, data="", timestamp=datetime.now(UTC))
    first = next(iter(entry.diagLogs))
    seen["added log"] = [first.message, first.severity, first.id in entry.diagLogs]
    entry.diagErrorCodes.append(errorCode=8, timestamp=datetime.now(UTC))
    seen["added code"] = entry.diagErrorCodes[0].errorCode
    entry.diagLogs.clear()
    entry.diagErrorCodes.clear()
    seen["cleared"] = [len(entry.diagLogs), len(entry.diagErrorCodes)]
    device.disconnect()
    seen["status later"] = status.get(timeout=SECONDS).action
    logs = wait_until(lambda: [*entry.getConnectionLogs()][1:])
    seen["log"] = [logs and each.message.partition(":")[0] for each in entry.getConnectionLogs()]
    del devices[device_id]
    seen["gone"] = device_id not in devices
    app.disconnect()
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(live()))
