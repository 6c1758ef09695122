"""Keep the location of a device: unset until given, replaced as a whole (platform page 5.6)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fleetsync.emulator.check import Found, as_kept_number, check_keys, read_object, wrong_type
from fleetsync.emulator.refusal import ABOVE_MAXIMUM, Violation
from fleetsync.emulator.stamp import is_stamp

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSON, JSONObject

_KEYS = frozenset({"longitude", "latitude", "elevation", "accuracy", "measuredDateTime"})
_BOUNDS = {"longitude": 180, "latitude": 90}


def read_first_location(value: JSON, turn: Turn, found: Found) -> JSONObject | None:
    """Return the location of a new device; null and ``{}`` are none (platform page 4.2)."""
    if value is None or value == {}:
        return None
    given = read_object(value, "location", found)
    if turn.switches.numeric_strings == "accepted":
        given = {key: _from_text(key, part) for key, part in given.items()}
    return read_location(given, turn, found)


def read_location(given: JSONObject, turn: Turn, found: Found) -> JSONObject:
    """Return a location as it is kept, both stamps set (platform page 5.6)."""
    check_keys(given, _KEYS, turn.switches, found, "location.")
    kept: JSONObject = {}
    for key in ("longitude", "latitude", "elevation", "accuracy"):
        value = given.get(key)
        if value is None and key not in _BOUNDS:
            continue
        _check_number(key, value, found)
        kept[key] = as_kept_number(value, turn.switches)
    kept["measuredDateTime"] = _read_measured(given.get("measuredDateTime"), turn, found)
    kept["updatedDateTime"] = turn.now
    return kept


def _check_number(key: str, value: JSON, found: Found) -> None:
    if value is None:
        found.append(Violation("EMU1003E", f"{key} is missing.", (key,)))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        found.append(wrong_type(key, "a number"))
    elif key in _BOUNDS and value > _BOUNDS[key]:
        bound = str(_BOUNDS[key])
        found.append(Violation(ABOVE_MAXIMUM, f"{key} is above {bound}.", (key, bound)))
    elif key in _BOUNDS and value < -_BOUNDS[key]:
        bound = str(-_BOUNDS[key])
        found.append(Violation("EMU1006E", f"{key} is below {bound}.", (key, bound)))


def _read_measured(value: JSON, turn: Turn, found: Found) -> str:
    if value is None:
        return turn.now
    long_fractions = turn.switches.long_fractions == "accepted"
    if isinstance(value, str) and is_stamp(value, long_fractions=long_fractions):
        return value
    text = "measuredDateTime must be a time stamp with at most milliseconds."
    found.append(Violation("EMU1007E", text, ("measuredDateTime",)))
    return turn.now


def _from_text(key: str, value: JSON) -> JSON:
    if key == "measuredDateTime" or not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value
