"""Decide at the org who may log in, and which devices there are."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.connection_log import note_line
from fleetsync.emulator.device import add_device, get_device
from fleetsync.emulator.mqtt.identity import DEVICE_USER, Device, Identity, Role
from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.token import token_matches
from fleetsync.emulator.turn import Author

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.mqtt.ending import Ending
    from fleetsync.emulator.mqtt.status import Link
    from fleetsync.emulator.schema import DeviceRow
    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSONObject


class Login(NamedTuple):
    """What came of a login; ``is_registered``: the device is there, be the token wrong."""

    is_right: bool
    is_registered: bool = False


class Known(NamedTuple):
    """What the broker has to know of a registered device: the gateway that it is behind."""

    gateway: Device | None


def check_device(turn: Turn, link: Link, token: str) -> Login:
    """Judge the login of a device or gateway, and enter it into the connection log."""
    row = _find(turn, link.identity.device)
    if row is None:
        return Login(False)
    role = Role.GATEWAY if row.class_id == "Gateway" else Role.DEVICE
    is_right = (link.identity.role, link.user) == (role, DEVICE_USER)
    is_right = token_matches(token, row.token) and is_right
    words = "succeeded" if is_right else "failed"
    client = link.identity.client_id
    line = f"Token auth {words}: ClientID='{client}', ClientIP={link.address}"
    note_line(turn, *link.identity.device, line)
    return Login(is_right, True)


def check_application(key: str, token: str, accounts: Mapping[str, str] | None) -> Login:
    """Judge the login of an application; without accounts any key and token will do."""
    if accounts is None or not key or not token:
        return Login(bool(key and token))
    expected = accounts.get(key, "").encode("utf-8")
    return Login(bool(expected) and hmac.compare_digest(expected, token.encode("utf-8")))


def note_end(turn: Turn, link: Link, ending: Ending) -> None:
    """Enter the end of a device's connection into the connection log."""
    line = f"Closed connection from {link.address}. {ending.words}"
    note_line(turn, *link.identity.device, line)


def look_up(turn: Turn, device: Device) -> Known | None:
    """Return what there is to know of a device, None if it is not registered."""
    row = _find(turn, device)
    return None if row is None else _known(row)


def look_up_for_gateway(turn: Turn, device: Device, gateway: Identity) -> Known | None:
    """Do the same; a device that is not there is registered by its gateway (platform page 5.8)."""
    found = look_up(turn, device)
    if found is not None:
        return found
    as_gateway = replace(turn, author=Author("gateway", gateway.client_id))
    body: JSONObject = {
        "deviceId": device[1],
        "gatewayTypeId": gateway.device[0],
        "gatewayId": gateway.device[1],
    }
    try:
        row, _ = add_device(as_gateway, device[0], body)
    except RefusalError:
        return None
    return _known(row)


def _find(turn: Turn, device: Device) -> DeviceRow | None:
    try:
        return get_device(turn, *device)
    except RefusalError:
        return None


def _known(row: DeviceRow) -> Known:
    if row.gateway_type_id is None or row.gateway_id is None:
        return Known(None)
    return Known((row.gateway_type_id, row.gateway_id))
