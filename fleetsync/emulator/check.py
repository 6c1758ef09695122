"""Check the values of a request, field by field, and collect what is wrong with them.

Each ``read_x`` returns the value in the form that is kept and adds to ``found`` what it refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleetsync.emulator.refusal import Violation
from fleetsync.emulator.value import JSON, MAX_DEPTH, JSONObject, depth_of

if TYPE_CHECKING:
    from fleetsync.emulator.switches import Switches

DEVICE_INFO_FIELDS = (
    "serialNumber",
    "manufacturer",
    "model",
    "deviceClass",
    "description",
    "fwVersion",
    "hwVersion",
    "descriptiveLocation",
)
"""The eight attributes of deviceInfo, and there are no others (platform page 7)."""

_INFO_KEYS = frozenset(DEVICE_INFO_FIELDS)
_ID = re.compile(r"[A-Za-z0-9._-]{1,36}")

# Keys that occur in answers and that a request may not set (Q10). What a call does take is allowed
# by that call before this list is looked at.
_SERVER_KEYS = frozenset(
    {
        "id", "classId", "clientId", "typeId", "deviceId", "refs", "registration", "status", "mgmt",
        "createdDateTime", "updatedDateTime", "timestamp", "success",
    }
)  # fmt: skip

_LARGEST_FLOAT = 2**1000

Found = list[Violation]


def read_object(value: JSON, where: str, found: Found) -> JSONObject:
    """Return the value if it is an object, else an empty one and a violation."""
    if isinstance(value, dict):
        return value
    found.append(wrong_type(where, "an object"))
    return {}


def check_keys(
    value: JSONObject, allowed: frozenset[str], switches: Switches, found: Found, where: str = ""
) -> None:
    """Refuse the keys that are not allowed, as the switches have it (platform page 1.4)."""
    if value.keys() <= allowed:
        return
    for key in sorted(value.keys() - allowed):
        answer = switches.server_keys if key in _SERVER_KEYS else switches.unknown_keys
        if answer == "400":
            found.append(Violation("EMU1001E", f"Unexpected key {where}{key}.", (where + key,)))


def read_id(value: JSON, where: str, found: Found) -> str:
    """Return an id of 1 to 36 characters out of ``A-Z a-z 0-9 . _ -`` (platform page 7)."""
    if value is None:
        found.append(Violation("EMU1003E", f"{where} is missing.", (where,)))
    elif not isinstance(value, str):
        found.append(wrong_type(where, "a string"))
    elif not _ID.fullmatch(value):
        text = f"{where} must be 1 to 36 characters out of A-Z a-z 0-9 . _ -"
        found.append(Violation("EMU1004E", text, (where,)))
    else:
        return value
    return ""


def read_info(value: JSON, switches: Switches, found: Found) -> dict[str, str | None]:
    """Return the known attributes of a deviceInfo, each a text or null; null is an empty one."""
    if value is None:
        return {}
    info = read_object(value, "deviceInfo", found)
    check_keys(info, _INFO_KEYS, switches, found, "deviceInfo.")
    return {
        key: read_text(info[key], f"deviceInfo.{key}", switches, found)
        for key in info
        if key in _INFO_KEYS
    }


def read_text(value: JSON, where: str, switches: Switches, found: Found) -> str | None:
    """Return a text or null; the platform documents no length limit (Q20)."""
    if value is None:
        return None
    if not isinstance(value, str):
        found.append(wrong_type(where, "a string"))
        return None
    if switches.text_limit and len(value) > switches.text_limit:
        limit = str(switches.text_limit)
        found.append(Violation("EMU1009E", f"{where} is longer than {limit}.", (where, limit)))
    return value


def read_free_object(
    value: JSON, where: str, switches: Switches, found: Found
) -> JSONObject | None:
    """Return a free-form object (metadata, edgeConfiguration) or null (platform page 7)."""
    if value is None:
        return None
    free = read_object(value, where, found)
    if depth_of(free) > MAX_DEPTH:
        found.append(Violation("EMU1009E", f"{where} is nested too deeply.", (where,)))
        return None
    if switches.metadata_nulls == "kept" and switches.numbers == "kept":
        return free
    kept = _reshape(free, switches)
    return kept if isinstance(kept, dict) else {}


def wrong_type(where: str, wanted: str) -> Violation:
    """Return the violation of a value that has the wrong JSON type."""
    return Violation("EMU1002E", f"{where} must be {wanted}.", (where,))


def _reshape(value: JSON, switches: Switches) -> JSON:
    if isinstance(value, dict):
        drop = switches.metadata_nulls == "dropped"
        return {
            key: _reshape(part, switches)
            for key, part in value.items()
            if not (drop and part is None)
        }
    if isinstance(value, list):
        return [_reshape(part, switches) for part in value]
    return as_kept_number(value, switches)


def as_kept_number(value: JSON, switches: Switches) -> JSON:
    """Return a number in the form in which the org gives it back (platform page 11.7)."""
    if isinstance(value, bool) or not isinstance(value, int) or switches.numbers == "kept":
        return value
    return float(value) if abs(value) < _LARGEST_FLOAT else value
