"""Compare one declared device with the one in the org."""

from __future__ import annotations

from typing import NamedTuple

from fleetsync.diff.change import Field
from fleetsync.diff.location import (
    ignored_paths,
    is_ignored,
    is_recorded,
    location_differences,
    wanted_location,
)
from fleetsync.model import Device, DeviceType, JSONObject, LiveDevice, Location
from fleetsync.model.mark import Mark, kept_fingerprint, parse_mark
from fleetsync.model.path import Path, value_at, with_value
from fleetsync.model.value import same_mapping


class Comparison(NamedTuple):
    """What came of comparing a declaration with what is live.

    ``fields`` are to be changed. ``kept`` are differences that the platform once refused to make
    go away; they are not tried again. ``location`` is the one that the device shall have, if it is
    declared. ``unrecorded`` tells that it has it but no mark says so.
    """

    fields: tuple[Field, ...] = ()
    kept: tuple[Field, ...] = ()
    location: Location | None = None
    unrecorded: bool = False


SAME = Comparison()


def compare_device(
    device: Device, template: DeviceType, live: LiveDevice, location: Location | None
) -> Comparison:
    """Compare a device with what is live; ``location`` is what was read, or what the mark says."""
    mark = parse_mark(f"{device.type_id}/{device.device_id}", live.mark)
    return compare_marked(device, template, live, mark, location)


def compare_marked(
    device: Device, template: DeviceType, live: LiveDevice, mark: Mark, location: Location | None
) -> Comparison:
    """Compare a device whose mark was read already; see ``compare_device``."""
    ignored = ignored_paths(device, template.lifecycle.ignore_changes)
    fields = _info_differences(device, template, live, ignored)
    fields += _metadata_differences(device, template, live, ignored)
    place = wanted_location(device, ignored, location)
    moved = [] if place is None else location_differences(place, location)
    fields += moved
    fields += _switch_differences(device, live, mark, ignored)
    recorded = place is None or is_recorded(device, ignored, mark.location)
    if not fields and recorded:
        return SAME
    unrecorded = not recorded and not moved
    return split_kept(fields, mark)._replace(location=place, unrecorded=unrecorded)


def wanted_info(device: Device, template: DeviceType) -> dict[str, str]:
    """Give the attributes to compare: the declared ones, with ``propagate`` the type's below."""
    if template.lifecycle.propagate:
        return {**template.device_info, **device.device_info}
    return dict(device.device_info)


def wanted_metadata(
    device: Device, template: DeviceType, live: JSONObject, ignored: tuple[Path, ...]
) -> JSONObject | None:
    """Give the whole metadata that the device shall have, or None where that is its own affair."""
    if device.metadata is not None:
        wanted = device.metadata
    elif template.lifecycle.propagate and template.metadata:
        wanted = {**live, **template.metadata}
    else:
        return None
    for path in ignored:
        if path == ("metadata",):
            return None
        if path[0] == "metadata":
            wanted = with_value(wanted, path[1:], value_at(live, path[1:]))
    return wanted


def _info_differences(
    device: Device, template: DeviceType, live: LiveDevice, ignored: tuple[Path, ...]
) -> list[Field]:
    wanted = wanted_info(device, template)
    return [
        Field(f"deviceInfo.{name}", live.device_info.get(name) or None, text or None)
        for name, text in wanted.items()
        if live.device_info.get(name, "") != text and not is_ignored(("deviceInfo", name), ignored)
    ]


def _metadata_differences(
    device: Device, template: DeviceType, live: LiveDevice, ignored: tuple[Path, ...]
) -> list[Field]:
    wanted = wanted_metadata(device, template, live.metadata, ignored)
    if wanted is None or same_mapping(wanted, live.metadata):
        return []
    return explain_metadata(live.metadata, wanted)


def explain_metadata(before: JSONObject, after: JSONObject) -> list[Field]:
    """List what differs between two metadata objects that are not the same."""
    from fleetsync.diff.metadata import metadata_fields  # noqa: PLC0415  # deepdiff costs 0.2 s

    return metadata_fields(before, after)


def _switch_differences(
    device: Device, live: LiveDevice, mark: Mark, ignored: tuple[Path, ...]
) -> list[Field]:
    fields: list[Field] = []
    wanted = device.alert_enabled
    path = ("status", "alert", "enabled")
    if wanted is not None and wanted != live.alert_enabled and not is_ignored(path, ignored):
        fields.append(Field("status.alert.enabled", live.alert_enabled, wanted))
    if device.lifecycle.protect != mark.protect:
        fields.append(Field("lifecycle.protect", mark.protect, device.lifecycle.protect))
    return fields


def split_kept(fields: list[Field], mark: Mark) -> Comparison:
    """Set apart the differences that the platform once refused to make go away."""
    kept = tuple(field for field in fields if is_kept(field, mark))
    tried = tuple(field for field in fields if field not in kept)
    return Comparison(tried, kept)


def is_kept(field: Field, mark: Mark) -> bool:
    """Tell whether the platform once refused to make exactly this change."""
    if not mark.kept:
        return False
    fingerprint = kept_fingerprint(field.path, before=field.before, after=field.after)
    return fingerprint in mark.kept
