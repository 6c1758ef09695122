"""Compare the whole declared fleet with the whole live one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetsync.diff.change import Action, Change, Field
from fleetsync.diff.device import SAME, Comparison, compare_device
from fleetsync.diff.device_type import compare_device_type, has_other_class
from fleetsync.diff.prune import Spared, may_prune
from fleetsync.model import (
    DesiredFleet,
    Device,
    DeviceKey,
    DeviceType,
    JSONObject,
    LiveDevice,
    LiveDeviceType,
    LiveFleet,
    Location,
)
from fleetsync.model.mark import parse_mark
from fleetsync.model.value import EMPTY


@dataclass(slots=True)
class FleetDiff:
    """All that was found.

    ``records`` are devices whose live location is the declared one while no mark says so yet: not
    a change, but noted by the next apply. ``other_classes`` are types that cannot become what the
    manifests say. ``kept`` are differences that the platform once refused to make go away.
    ``spared`` counts undeclared devices that are not deleted, by why.
    """

    changes: list[Change] = field(default_factory=list)
    records: list[Change] = field(default_factory=list)
    other_classes: list[tuple[DeviceType, LiveDeviceType]] = field(default_factory=list)
    kept: list[tuple[str, Field]] = field(default_factory=list)
    spared: dict[Spared, int] = field(default_factory=dict)


def diff_fleets(*, desired: DesiredFleet, live: LiveFleet, prune: bool) -> FleetDiff:
    """Compare ``desired`` with ``live``; ``prune`` is the org's rule for undeclared devices."""
    diff = FleetDiff()
    for declared in desired.types.values():
        _diff_type(diff, declared, live.types.get(declared.type_id))
    for type_id, devices in desired.devices.items():
        _diff_devices(diff, desired.types[type_id], devices, live)
        _prune_type(diff, desired.types[type_id], devices, live, prune=prune)
    for type_id in desired.removed_types:
        _remove_type(diff, type_id, desired, live)
    return diff


def _diff_type(diff: FleetDiff, declared: DeviceType, live: LiveDeviceType | None) -> None:
    about = Change(Action.CREATE, declared.type_id, None, "not in the org", declared.source)
    if live is None:
        diff.changes.append(about._replace(after=declared))
        return
    if has_other_class(declared, live):
        diff.other_classes.append((declared, live))
    comparison = compare_device_type(declared, live)
    diff.kept += [(declared.type_id, kept) for kept in comparison.kept]
    if comparison.fields:
        diff.changes.append(_as_update(about._replace(before=live, after=declared), comparison))


def _diff_devices(
    diff: FleetDiff, template: DeviceType, devices: Mapping[str, Device], live: LiveFleet
) -> None:
    listed = live.devices.get(template.type_id, {})
    inherited = inherited_metadata(template, live.types.get(template.type_id))
    template = _with_live_class(template, live.types.get(template.type_id))
    for device_id, device in devices.items():
        found = listed.get(device_id)
        if found is None:
            diff.changes.append(_creation(device, template, inherited))
            continue
        comparison = compare_device(device, template, found, live_location(device, found, live))
        if comparison is not SAME:
            _note(diff, _creation(device, template, inherited)._replace(before=found), comparison)


def _note(diff: FleetDiff, about: Change, comparison: Comparison) -> None:
    diff.kept += [(about.name, kept) for kept in comparison.kept]
    if comparison.fields:
        diff.changes.append(_as_update(about, comparison))
    elif comparison.unrecorded:
        diff.records.append(_as_update(about, comparison))


def _with_live_class(template: DeviceType, live: LiveDeviceType | None) -> DeviceType:
    return template if live is None else template._replace(class_id=live.class_id)


def inherited_metadata(template: DeviceType, live: LiveDeviceType | None) -> JSONObject:
    """Give the metadata that a device registered now would get from its type (page 3.8)."""
    if template.metadata is not None:
        return template.metadata
    return live.metadata if live is not None else EMPTY


def live_location(device: Device, found: LiveDevice, live: LiveFleet) -> Location | None:
    """Give the location as it was read, else as the mark tells."""
    if device.location is None:
        return None
    key = DeviceKey(device.type_id, device.device_id)
    if key in live.locations:
        return live.locations[key]
    return parse_mark(str(key), found.mark).location


def differs(fields: tuple[Field, ...]) -> str:
    """Say in words which fields differ."""
    names = [field.path for field in fields]
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more differ"
    return f"{' and '.join(names)} differ{'s' if len(names) == 1 else ''}"


def _creation(device: Device, template: DeviceType, inherited: JSONObject) -> Change:
    return Change(
        Action.CREATE,
        device.type_id,
        device.device_id,
        "not in the org",
        device.source,
        after=device,
        template=template,
        inherited=inherited,
    )


def _as_update(about: Change, comparison: Comparison) -> Change:
    fields = comparison.fields
    return about._replace(
        action=Action.UPDATE,
        reason=differs(fields) if fields else "its location is not recorded yet",
        location=comparison.location,
        fields=fields,
        kept=comparison.kept,
    )


def _prune_type(
    diff: FleetDiff,
    template: DeviceType,
    devices: Mapping[str, Device],
    live: LiveFleet,
    *,
    prune: bool,
) -> None:
    own = template.lifecycle.prune
    pruned = prune if own is None else own
    for device_id, found in live.devices.get(template.type_id, {}).items():
        if device_id in devices:
            continue
        spared = may_prune(found, pruned=pruned, whole=not live.doubts)
        if spared is None:
            diff.changes.append(_deletion(found, template, "no manifest declares it"))
        else:
            diff.spared[spared] = diff.spared.get(spared, 0) + 1


def _remove_type(diff: FleetDiff, type_id: str, desired: DesiredFleet, live: LiveFleet) -> None:
    found = live.types.get(type_id)
    devices = live.devices.get(type_id, {})
    if live.doubts:
        diff.spared[Spared.DOUBT] = diff.spared.get(Spared.DOUBT, 0) + len(devices)
        return
    source = desired.removed_types[type_id]
    for device in devices.values():
        reason = "its type is in removedDeviceTypes"
        diff.changes.append(_deletion(device, None, reason)._replace(source=source))
    if found is not None:
        reason = "it is in removedDeviceTypes"
        diff.changes.append(Change(Action.DELETE, type_id, None, reason, source, before=found))


def _deletion(found: LiveDevice, template: DeviceType | None, reason: str) -> Change:
    return Change(
        Action.DELETE,
        found.type_id,
        found.device_id,
        reason,
        before=found,
        template=template,
    )
