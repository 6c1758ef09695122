"""Compare locations, most of them without reading one from the org."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import isclose

from fleetsync.diff.change import Field, location_fields
from fleetsync.model import DesiredFleet, Device, DeviceKey, LiveDevice, Location
from fleetsync.model.location import LOCATION_KEYS
from fleetsync.model.mark import parse_mark
from fleetsync.model.path import Path, covers, parse_path

_DEGREES = 1e-9
"""A difference this small is what a number suffers on its way through JSON."""


def ignored_paths(device: Device, type_ignores: tuple[str, ...]) -> tuple[Path, ...]:
    """Give the paths that are set at creation and then left to the device."""
    texts = device.lifecycle.ignore_changes + type_ignores
    return tuple(parse_path(text) for text in texts) if texts else ()


def is_ignored(path: Path, ignored: tuple[Path, ...]) -> bool:
    """Tell whether a path is one of the ignored, or inside one."""
    return any(covers(outer, path) for outer in ignored)


def locations_to_read(
    desired: DesiredFleet, live: Mapping[str, Mapping[str, LiveDevice]]
) -> Iterator[DeviceKey]:
    """Name the devices whose location no mark tells: only those must be read one by one."""
    for type_id, devices in desired.devices.items():
        listed = live.get(type_id, {})
        type_ignores = desired.types[type_id].lifecycle.ignore_changes
        for device_id, device in devices.items():
            found = listed.get(device_id)
            if device.location is None or found is None:
                continue
            if _must_read(device, found, type_ignores):
                yield DeviceKey(type_id, device_id)


def _must_read(device: Device, found: LiveDevice, type_ignores: tuple[str, ...]) -> bool:
    """Without a record, or where the live values of ignored parts must go along with a new one."""
    ignored = ignored_paths(device, type_ignores)
    if is_ignored(("location",), ignored):
        return False
    recorded = parse_mark(f"{device.type_id}/{device.device_id}", found.mark).location
    if recorded is None:
        return True
    partly = any(path[0] == "location" for path in ignored)
    return partly and not is_recorded(device, ignored, recorded)


def wanted_location(
    device: Device, ignored: tuple[Path, ...], live: Location | None
) -> Location | None:
    """Give the location that the device shall have, ignored parts as they are live."""
    if device.location is None or (ignored and is_ignored(("location",), ignored)):
        return None
    if live is None or not ignored:
        return device.location
    left = [name for name, theirs in LOCATION_KEYS.items() if ("location", theirs) in ignored]
    return device.location._replace(**{name: getattr(live, name) for name in left})


def is_recorded(device: Device, ignored: tuple[Path, ...], recorded: Location | None) -> bool:
    """Tell whether the mark says that the device is where its manifest wants it."""
    wanted = wanted_location(device, ignored, recorded)
    return wanted is None or wanted == recorded or same_location(wanted, recorded)


def same_location(wanted: Location, found: Location | None) -> bool:
    """Tell whether a location is the wanted one, as a whole (platform page 5.6)."""
    return found is not None and not location_differences(wanted, found)


def location_differences(wanted: Location, found: Location | None) -> list[Field]:
    """List the parts that differ; a measuring time counts only where one is declared."""
    if wanted == found:
        return []
    after, before = location_fields(wanted), location_fields(found)
    names = [*after, *(name for name in before if name not in after)]
    return [
        Field(f"location.{name}", before.get(name), after.get(name))
        for name in names
        if not (name == "measuredDateTime" and name not in after)
        and not same_part(before.get(name), after.get(name))
    ]


def same_part(one: object, other: object) -> bool:
    """Tell whether two values of one part of a location mean the same."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=0, abs_tol=_DEGREES)
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _instant(one) == _instant(other)
    return one == other


def _instant(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
