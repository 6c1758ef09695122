"""Read the body of a device to be added, alone or as an item of a bulk request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator import check
from fleetsync.emulator.location import read_first_location
from fleetsync.emulator.refusal import Violation
from fleetsync.emulator.token import is_token

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSON, JSONObject

_COMMON_KEYS = frozenset({"deviceId", "authToken", "deviceInfo", "location", "metadata"})
SINGLE_KEYS = _COMMON_KEYS | {"gatewayId", "gatewayTypeId"}
ITEM_KEYS = _COMMON_KEYS | {"typeId"}


class NewDevice(NamedTuple):
    """What a request says of a new device; ``token`` None means: make one.

    ``metadata_sent`` tells a null that was sent from nothing at all. ``token_fault`` is apart from
    the other violations because it never fails more than one item of a bulk request (Q6).
    """

    type_id: str
    device_id: str
    info: dict[str, str | None]
    metadata: JSONObject | None
    metadata_sent: bool
    location: JSONObject | None
    gateway: tuple[str, str] | None
    token: str | None
    token_fault: Violation | None


def read_single(turn: Turn, type_id: str, body: JSON, found: check.Found) -> NewDevice:
    """Read the body of ``POST /device/types/{typeId}/devices`` (platform page 5.2)."""
    given = check.read_object(body, "The body", found)
    if found:
        return _read(turn, type_id, {}, found)
    check.check_keys(given, SINGLE_KEYS, turn.switches, found)
    return _read(turn, type_id, given, found)


def read_item(turn: Turn, item: JSONObject, found: check.Found) -> NewDevice:
    """Read an item of ``POST /bulk/devices/add`` (platform page 4.2)."""
    check.check_keys(item, ITEM_KEYS, turn.switches, found)
    type_id = check.read_id(item.get("typeId"), "typeId", found)
    without_gateway = {key: item[key] for key in item if key in ITEM_KEYS}
    return _read(turn, type_id, without_gateway, found)


def _read(turn: Turn, type_id: str, given: JSONObject, found: check.Found) -> NewDevice:
    switches = turn.switches
    token, token_fault = _read_token(turn, given.get("authToken"), found)
    return NewDevice(
        type_id=type_id,
        device_id=check.read_id(given.get("deviceId"), "deviceId", found),
        info=check.read_info(given.get("deviceInfo"), switches, found),
        metadata=check.read_free_object(given.get("metadata"), "metadata", switches, found),
        metadata_sent="metadata" in given,
        location=read_first_location(given.get("location"), turn, found),
        gateway=_read_gateway(given, found),
        token=token,
        token_fault=token_fault,
    )


def _read_token(turn: Turn, value: JSON, found: check.Found) -> tuple[str | None, Violation | None]:
    """Return the token and what is wrong with it; the words never repeat the token."""
    if value is None:
        return None, None
    if not isinstance(value, str):
        found.append(check.wrong_type("authToken", "a string"))
        return None, None
    if is_token(value, strict=turn.switches.tokens == "strict"):
        return value, None
    text = "authToken must be 8 to 36 letters, digits and - _ ! & @ ? * + . ( )"
    return value, Violation("EMU1005E", text, ("authToken",))


def _read_gateway(given: JSONObject, found: check.Found) -> tuple[str, str] | None:
    gateway = given.get("gatewayTypeId"), given.get("gatewayId")
    if gateway == (None, None):
        return None
    return (
        check.read_id(gateway[0], "gatewayTypeId", found),
        check.read_id(gateway[1], "gatewayId", found),
    )
