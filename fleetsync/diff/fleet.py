"""Compare the whole declared fleet with the whole live one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fleetsync.diff.change import Action, Change, Field, Inheritance
from fleetsync.diff.device import SAME, Comparison, compare_marked
from fleetsync.diff.device_type import compare_device_type, has_other_class
from fleetsync.diff.prune import Spared, may_prune
from fleetsync.model import (
    DesiredFleet,
    Device,
    DeviceKey,
    DeviceType,
    LiveDeviceType,
    LiveFleet,
    Location,
)
from fleetsync.model.mark import Mark, parse_mark
from fleetsync.model.path import parse_path, with_value
from fleetsync.model.value import EMPTY


@dataclass(slots=True)
class FleetDiff:
    """All that was found.

    ``records`` are devices whose live location is the declared one while no mark says so yet: not
    a change, but noted by the next apply. ``other_classes`` are types that cannot become what the
    manifests say. ``kept`` are differences that the platform once refused to make go away.
    ``spared`` counts undeclared devices that are not deleted, by why; ``withheld`` the deletes that
    must wait for a listing that is provably whole.
    """

    changes: list[Change] = field(default_factory=list)
    records: list[Change] = field(default_factory=list)
    other_classes: list[tuple[DeviceType, LiveDeviceType]] = field(default_factory=list)
    kept: list[tuple[str, Field]] = field(default_factory=list)
    spared: dict[Spared, int] = field(default_factory=dict)
    withheld: int = 0


def diff_fleets(*, desired: DesiredFleet, live: LiveFleet, prune: bool) -> FleetDiff:
    """Compare ``desired`` with ``live``; ``prune`` is the org's rule for undeclared devices."""
    diff = FleetDiff()
    for type_id, declared in desired.types.items():
        found = live.types.get(type_id)
        kept = _diff_type(diff, declared, found)
        new = _new_device(declared, found, kept)
        _diff_devices(diff, new, declared, desired, live)
        own = declared.lifecycle.prune
        gone = new._replace(action=Action.DELETE, reason="no manifest declares it")
        _prune_type(diff, gone, desired, live, prune=prune if own is None else own)
    for type_id in desired.removed_types:
        _remove_type(diff, type_id, desired, live)
    return diff


def _diff_type(
    diff: FleetDiff, declared: DeviceType, live: LiveDeviceType | None
) -> tuple[Field, ...]:
    """Compare a type; give what of it will stay as it is, against its manifest."""
    about = Change(Action.CREATE, declared.type_id, None, "not in the org", declared.source)
    if live is None:
        diff.changes.append(about._replace(after=declared))
        return ()
    if has_other_class(declared, live):
        diff.other_classes.append((declared, live))
    comparison = compare_device_type(declared, live)
    _note(diff, about._replace(before=live, after=declared), comparison)
    return comparison.kept


def _new_device(
    template: DeviceType, live: LiveDeviceType | None, kept: tuple[Field, ...]
) -> Change:
    """Give the creation of a device of this type, without the device."""
    return Change(
        Action.CREATE,
        template.type_id,
        "",
        "not in the org",
        template=template,
        inherited=inheritance(template, live, kept),
        gateway=(template.class_id if live is None else live.class_id) == "Gateway",
    )


def inheritance(
    declared: DeviceType, live: LiveDeviceType | None, kept: Iterable[Field]
) -> Inheritance:
    """Give what the type passes on once it is as declared, but for what it ``kept`` (page 3.8)."""
    info = {**(EMPTY if live is None else live.device_info), **declared.device_info}
    metadata = declared.metadata
    if metadata is None:
        metadata = EMPTY if live is None else live.metadata
    for path, before, _ in kept:
        section, *rest = parse_path(path)
        if section == "metadata":
            metadata = with_value(metadata, tuple(rest), before)
        elif section == "deviceInfo":
            info[rest[0]] = str(before or "")
    return Inheritance({name: text for name, text in info.items() if text}, metadata)


def _diff_devices(
    diff: FleetDiff, new: Change, declared: DeviceType, desired: DesiredFleet, live: LiveFleet
) -> None:
    listed = live.devices.get(declared.type_id, EMPTY)
    for device_id, device in desired.devices.get(declared.type_id, EMPTY).items():
        found = listed.get(device_id)
        if found is None:
            diff.changes.append(_about(new, device))
            continue
        mark = parse_mark(f"{device.type_id}/{device_id}", found.mark)
        place = _live_location(device, mark, live)
        comparison = compare_marked(device, declared, found, mark, place)
        if comparison is not SAME:
            _note(diff, _about(new, device)._replace(before=found), comparison)


def _about(new: Change, device: Device) -> Change:
    return new._replace(device_id=device.device_id, source=device.source, after=device)


def _note(diff: FleetDiff, about: Change, comparison: Comparison) -> None:
    diff.kept += [(about.name, kept) for kept in comparison.kept]
    if comparison.fields:
        diff.changes.append(_as_update(about, comparison))
    elif comparison.unrecorded:
        diff.records.append(_as_update(about, comparison))


def _live_location(device: Device, mark: Mark, live: LiveFleet) -> Location | None:
    """Give the location as it was read, else as the mark tells."""
    if device.location is None or not live.locations:
        return mark.location
    return live.locations.get(DeviceKey(device.type_id, device.device_id), mark.location)


def _differ(fields: tuple[Field, ...]) -> str:
    """Say in words which fields differ."""
    names = [field.path for field in fields]
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more differ"
    return f"{' and '.join(names)} differ{'s' if len(names) == 1 else ''}"


def _as_update(about: Change, comparison: Comparison) -> Change:
    fields = comparison.fields
    return about._replace(
        action=Action.UPDATE,
        reason=_differ(fields) if fields else "its location is not recorded yet",
        location=comparison.location,
        fields=fields,
        kept=comparison.kept,
    )


def _prune_type(
    diff: FleetDiff, gone: Change, desired: DesiredFleet, live: LiveFleet, *, prune: bool
) -> None:
    devices = desired.devices.get(gone.type_id, EMPTY)
    for device_id, found in live.devices.get(gone.type_id, EMPTY).items():
        if device_id in devices:
            continue
        spared = may_prune(found, pruned=prune)
        if spared is not None:
            diff.spared[spared] = diff.spared.get(spared, 0) + 1
        elif live.doubts:
            diff.withheld += 1
        else:
            diff.changes.append(gone._replace(device_id=device_id, before=found))


def _remove_type(diff: FleetDiff, type_id: str, desired: DesiredFleet, live: LiveFleet) -> None:
    found = live.types.get(type_id)
    devices = live.devices.get(type_id, {})
    if live.doubts:
        diff.withheld += len(devices) + (found is not None)
        return
    source = desired.removed_types[type_id]
    gone = Change(Action.DELETE, type_id, "", "its type is in removedDeviceTypes", source)
    gone = gone._replace(gateway=found is not None and found.class_id == "Gateway")
    diff.changes += [gone._replace(device_id=name, before=each) for name, each in devices.items()]
    if found is not None:
        reason = "it is in removedDeviceTypes"
        diff.changes.append(Change(Action.DELETE, type_id, None, reason, source, before=found))
