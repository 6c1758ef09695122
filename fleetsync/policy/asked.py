"""Write out what policies are asked of: devices and types as they shall be, and changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from fleetsync.diff.change import Change, Inheritance, change_fields, location_fields
from fleetsync.diff.device import wanted_info, wanted_metadata
from fleetsync.diff.fleet import inheritance
from fleetsync.diff.location import ignored_paths, is_ignored, wanted_location
from fleetsync.model import (
    JSON,
    DesiredFleet,
    Device,
    DeviceType,
    LiveDevice,
    LiveDeviceType,
    LiveFleet,
    Source,
)
from fleetsync.model.mark import NO_MARK, Mark, parse_mark
from fleetsync.model.value import EMPTY
from fleetsync.plan import Plan
from fleetsync.plan.document import presence_document
from fleetsync.policy.policy import Asked, Over

_UNTYPED = DeviceType("", Source("", 0))


class Subject(NamedTuple):
    """Something that policies are asked of: its name, and where it is declared.

    ``head`` is as much of it as tells whether a policy is asked of it; ``write`` gives all of it,
    which takes its time.
    """

    name: str | None
    source: Source | None
    head: Asked
    write: Callable[[], Asked]


def subjects(over: Over, plan: Plan, desired: DesiredFleet, live: LiveFleet) -> Iterator[Subject]:
    """Give all that policies over devices, types or changes are asked of, one by one.

    An undo has no manifests: there it is what the plan creates and updates.
    """
    if over is Over.CHANGE:
        for change in plan.changes:
            yield Subject(change.name, change.source, _head(change), partial(_change, change))
    elif plan.undoes is not None:
        yield from _undone(over, plan)
    elif over is Over.DEVICE:
        yield from _devices(desired, live)
    elif over is Over.DEVICE_TYPE:
        for type_id, declared in desired.types.items():
            write = partial(_type, declared, live.types.get(type_id))
            yield Subject(type_id, declared.source, {"typeId": type_id}, write)


def _undone(over: Over, plan: Plan) -> Iterator[Subject]:
    wanted = Device if over is Over.DEVICE else DeviceType
    for change in plan.changes:
        if isinstance(change.after, wanted):
            write = partial(_written, change.after, change)
            yield Subject(change.name, change.source, _head(change), write)


def _devices(desired: DesiredFleet, live: LiveFleet) -> Iterator[Subject]:
    for type_id, devices in desired.devices.items():
        template, listed = desired.types[type_id], live.devices.get(type_id, EMPTY)
        inherited = inheritance(template, live.types.get(type_id), ())
        for device_id, device in devices.items():
            head: Asked = {"typeId": type_id, "deviceId": device_id}
            write = partial(_device, device, template, listed.get(device_id), inherited)
            yield Subject(f"{type_id}/{device_id}", device.source, head, write)


def _head(change: Change) -> Asked:
    return {
        "action": change.action.value,
        "kind": change.kind.value,
        "typeId": change.type_id,
        "deviceId": change.device_id,
    }


def _change(change: Change) -> Asked:
    """Give a change as the document of a plan writes it, with all of before and after."""
    source = change.source
    return {
        **_head(change),
        "source": None if source is None else {"file": source.file, "line": source.line},
        "reason": change.reason,
        "presence": None if change.presence is None else presence_document(change.presence),
        "fields": [
            {"path": path, "before": before, "after": after}
            for path, before, after in change_fields(change)
        ],
        "before": _before(change),
        "after": None if change.after is None else _written(change.after, change),
    }


def _before(change: Change) -> Asked | None:
    live = change.before
    if isinstance(live, LiveDeviceType):
        return _live_type(live)
    return None if live is None else _live_device(live)


def _written(declared: Device | DeviceType, change: Change) -> Asked:
    live = change.before
    if isinstance(declared, DeviceType):
        return _type(declared, live if isinstance(live, LiveDeviceType) else None)
    found = live if isinstance(live, LiveDevice) else None
    return _device(declared, change.template or _UNTYPED, found, change.inherited)


def _device(
    device: Device, template: DeviceType, live: LiveDevice | None, inherited: Inheritance
) -> Asked:
    """Write a device as it shall be, in the words of a manifest."""
    ignored = ignored_paths(device, template.lifecycle.ignore_changes) if live else ()
    if live is None:
        asked = _blank(device.type_id, device.device_id)
        info, metadata = {**inherited.device_info, **device.device_info}, device.metadata
        asked["metadata"] = dict(inherited.metadata if metadata is None else metadata)
    else:
        asked = _live_device(live)
        info = {**live.device_info, **_wanted_info(device, template, ignored)}
        metadata = wanted_metadata(device, template, live.metadata, ignored)
        asked["metadata"] = dict(live.metadata if metadata is None else metadata)
    asked["deviceInfo"] = {name: text for name, text in info.items() if text}
    # A part of a location that is left to the device is known only as its mark has it.
    place = wanted_location(device, ignored, _noted(live).location)
    if place is not None:
        asked["location"] = location_fields(place)
    if device.alert_enabled is not None and not _left(("status", "alert", "enabled"), ignored):
        asked["status"] = {"alert": {"enabled": device.alert_enabled}}
    asked["lifecycle"] = {"protect": device.lifecycle.protect}
    return asked


def _wanted_info(
    device: Device, template: DeviceType, ignored: tuple[tuple[str, ...], ...]
) -> dict[str, str]:
    wanted = wanted_info(device, template)
    return {name: text for name, text in wanted.items() if not _left(("deviceInfo", name), ignored)}


def _left(path: tuple[str, ...], ignored: tuple[tuple[str, ...], ...]) -> bool:
    return bool(ignored) and is_ignored(path, ignored)


def _noted(live: LiveDevice | None) -> Mark:
    return NO_MARK if live is None else parse_mark(f"{live.type_id}/{live.device_id}", live.mark)


def _live_device(live: LiveDevice) -> Asked:
    """Write a device as it is; its location as far as its mark tells of it."""
    asked = _blank(live.type_id, live.device_id)
    asked["deviceInfo"], asked["metadata"] = dict(live.device_info), dict(live.metadata)
    asked["status"] = {"alert": {"enabled": live.alert_enabled}}
    mark = _noted(live)
    asked["lifecycle"] = {"protect": mark.protect}
    if mark.location is not None:
        asked["location"] = location_fields(mark.location)
    return asked


def _blank(type_id: str, device_id: str) -> Asked:
    return {
        "typeId": type_id,
        "deviceId": device_id,
        "deviceInfo": {},
        "metadata": {},
        "status": {"alert": {"enabled": False}},
        "lifecycle": {"protect": False},
    }


def _type(declared: DeviceType, live: LiveDeviceType | None) -> Asked:
    """Write a device type as it shall be, in the words of a manifest."""
    asked = _live_type(live or LiveDeviceType(declared.type_id))
    if declared.class_id is not None:
        asked["classId"] = declared.class_id
    if declared.description is not None:
        asked["description"] = declared.description
    if declared.metadata is not None:
        asked["metadata"] = dict(declared.metadata)
    old: Mapping[str, str] = EMPTY if live is None else live.device_info
    info = {**old, **declared.device_info}
    asked["deviceInfo"] = {name: text for name, text in info.items() if text}
    protect, prune, propagate, _ = declared.lifecycle
    lifecycle: dict[str, JSON] = {"protect": protect, "propagate": propagate}
    asked["lifecycle"] = lifecycle if prune is None else {**lifecycle, "prune": prune}
    return asked


def _live_type(live: LiveDeviceType) -> Asked:
    return {
        "id": live.type_id,
        "typeId": live.type_id,
        "classId": live.class_id,
        "description": live.description,
        "deviceInfo": dict(live.device_info),
        "metadata": dict(live.metadata),
        "lifecycle": {"protect": parse_mark(live.type_id, live.mark).protect},
    }
