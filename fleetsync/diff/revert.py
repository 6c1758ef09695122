"""Take an update back, field by field: only what still is as the run left it."""

from __future__ import annotations

import re
from typing import NamedTuple

from fleetsync.diff.device import Comparison, compare_device
from fleetsync.diff.device_type import compare_device_type
from fleetsync.diff.location import location_differences
from fleetsync.journal.entry import Before
from fleetsync.model import (
    JSON,
    Device,
    DeviceType,
    JSONObject,
    Lifecycle,
    LiveDevice,
    LiveDeviceType,
    Location,
    Source,
)
from fleetsync.model.location import LOCATION_KEYS
from fleetsync.model.mark import parse_mark
from fleetsync.model.path import Path, parse_path, value_at, with_value
from fleetsync.model.value import same_value

FROM_JOURNAL = Source("", 0)
"""Where a value comes from that no manifest declares."""

_STAMP = re.compile(r"([0-9A-Za-z:+-]{1,30})(?:(\.[0-9]{1,3})[0-9]*)?(Z|[+-][0-9:]{1,6})?")
_MEASURED = "location.measuredDateTime"

Wanted = dict[Path, JSON]


class Reverted(NamedTuple):
    """What of an update can be taken back.

    ``after`` declares what shall be there again and nothing else, ``comparison`` holds it against
    what is live. ``theirs`` are paths that somebody changed since, so that they stay as they are.
    ``placed`` tells that the run gave a location to what had none, ``unlocated`` that nobody
    recorded which one it had.
    """

    after: Device | DeviceType
    comparison: Comparison
    theirs: tuple[str, ...] = ()
    placed: bool = False
    unlocated: bool = False


def revert_device(before: Before, found: LiveDevice, place: Location | None) -> Reverted:
    """Say what takes an update of a device back; ``place`` is where it is now."""
    name = f"{found.type_id}/{found.device_id}"
    protect = parse_mark(name, found.mark).protect
    wanted, theirs = _wanted(before, _document(found, protect=protect))
    target, whose = _location(before, place)
    device = Device(
        found.type_id,
        found.device_id,
        FROM_JOURNAL,
        device_info=_info(wanted),
        metadata=_metadata(wanted, found.metadata),
        location=target,
        alert_enabled=_flag(wanted, ("status", "alert", "enabled")),
        lifecycle=_lifecycle(wanted, protect=protect),
    )
    comparison = compare_device(device, bare_type(found.type_id), found, place)
    if whose == "theirs":
        theirs = [*theirs, "location"]
    return Reverted(
        device, comparison, tuple(theirs), placed=whose == "placed", unlocated=whose == "unlocated"
    )


def revert_type(before: Before, found: LiveDeviceType) -> Reverted:
    """Say what takes an update of a device type back."""
    protect = parse_mark(found.type_id, found.mark).protect
    document = _document(found, protect=protect) | {"description": found.description}
    wanted, theirs = _wanted(before, document)
    text = wanted.get(("description",))
    declared = DeviceType(
        found.type_id,
        FROM_JOURNAL,
        description=str(text or "") if ("description",) in wanted else None,
        device_info=_info(wanted),
        metadata=_metadata(wanted, found.metadata),
        lifecycle=_lifecycle(wanted, protect=protect),
    )
    return Reverted(declared, compare_device_type(declared, found), tuple(theirs))


def bare_type(type_id: str) -> DeviceType:
    """Give a type that declares nothing, so that devices are held against themselves alone."""
    return DeviceType(type_id, FROM_JOURNAL)


def sendable(location: Location | None) -> Location | None:
    """Give a location as it can be put: time stamps with at most milliseconds (page 5.6)."""
    if location is None or location.measured is None:
        return location
    parts = _STAMP.fullmatch(location.measured)
    return location._replace(
        measured="".join(part or "" for part in parts.groups()) if parts else None
    )


def _document(found: LiveDevice | LiveDeviceType, *, protect: bool) -> dict[str, JSON]:
    document: dict[str, JSON] = {
        "deviceInfo": dict(found.device_info),
        "metadata": dict(found.metadata),
        "lifecycle": {"protect": protect},
    }
    if isinstance(found, LiveDevice):
        document["status"] = {"alert": {"enabled": found.alert_enabled}}
    return document


def _wanted(before: Before, document: JSONObject) -> tuple[Wanted, list[str]]:
    """Part the fields into those to take back, with their old values, and those of others."""
    wanted: Wanted = {}
    theirs: list[str] = []
    for text, old, new in before.fields:
        path = _parsed(text)
        now = value_at(document, path)
        if path[:1] == ("location",) or _same(path, now, old):
            continue
        if path and _same(path, now, new) and _leads_there(document, path):
            wanted[path] = old
        else:
            theirs.append(text)
    return wanted, theirs


def _parsed(text: str) -> Path:
    """Read a path; what is none leads to something that no update of ours has written."""
    try:
        return parse_path(text)
    except ValueError:
        return ()


def _same(path: Path, one: JSON, other: JSON) -> bool:
    if path[:1] in (("deviceInfo",), ("description",)):
        return (one or None) == (other or None)
    return same_value(one, other)


def _leads_there(document: JSONObject, path: Path) -> bool:
    """Tell whether nothing else has taken the place of what held the value."""
    around = (value_at(document, path[:size]) for size in range(1, len(path)))
    return all(value is None or isinstance(value, dict) for value in around)


def _info(wanted: Wanted) -> dict[str, str]:
    """Clear a field that had no value with an empty text (page 5.4)."""
    return {path[1]: str(old or "") for path, old in wanted.items() if path[0] == "deviceInfo"}


def _metadata(wanted: Wanted, live: JSONObject) -> JSONObject | None:
    paths = [path for path in wanted if path[0] == "metadata"]
    if not paths:
        return None
    whole = live
    for path in paths:
        whole = with_value(whole, path[1:], wanted[path])
    return whole


def _flag(wanted: Wanted, path: Path) -> bool | None:
    return wanted[path] is True if path in wanted else None


def _lifecycle(wanted: Wanted, *, protect: bool) -> Lifecycle:
    asked = _flag(wanted, ("lifecycle", "protect"))
    return Lifecycle(protect=protect if asked is None else asked)


def _location(before: Before, place: Location | None) -> tuple[Location | None, str]:
    """Give the location to go back to, if there is one; else what speaks against it, if anything.

    It is written and so judged as a whole (page 5.6).
    """
    parts = {path: new for path, _, new in before.fields if path.startswith("location.")}
    if not parts or place is None:
        return None, ""
    if not before.located:
        return None, "unlocated"
    old = before.location
    if old is None:
        return None, "placed"
    timed = _MEASURED in parts
    if not location_differences(old if timed else old._replace(measured=None), place):
        return None, ""
    if location_differences(_overlaid(old, parts, timed=timed), place):
        return None, "theirs"
    return sendable(old), ""


def _overlaid(old: Location, parts: dict[str, JSON], *, timed: bool) -> Location:
    """Give the location that the run wrote: what it was, with the parts that changed."""
    values = old._asdict() if timed else old._replace(measured=None)._asdict()
    for name, theirs in LOCATION_KEYS.items():
        if f"location.{theirs}" in parts:
            values[name] = parts[f"location.{theirs}"]
    return Location(**values)
