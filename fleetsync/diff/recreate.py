"""Bring back what a run deleted: types and devices as they were recorded before."""

from __future__ import annotations

from fleetsync.diff.change import Action, Change, Inheritance
from fleetsync.diff.device import compare_device
from fleetsync.diff.device_type import compare_device_type, has_other_class
from fleetsync.diff.revert import FROM_JOURNAL, bare_type, sendable
from fleetsync.diff.undo_case import UndoCase
from fleetsync.diff.undo_warning import Left, Lost
from fleetsync.journal.entry import Before, Deed
from fleetsync.model import (
    Device,
    DeviceKey,
    DeviceType,
    Lifecycle,
    LiveDevice,
    LiveDeviceType,
)
from fleetsync.model.mark import parse_mark

_REASON = "the run deleted it"


def recreate_types(case: UndoCase) -> None:
    """Create the types again that the run deleted."""
    for type_id, before in case.types(Deed.DELETE_TYPE):
        found = case.live.types.get(type_id)
        if before is None or not isinstance(before.live, LiveDeviceType):
            case.leave(Left.UNRECORDED, type_id)
        elif found is None:
            _create_type(before.live, case)
        elif _differs(_declared_type(before.live), found):
            case.leave(Left.EXISTS, type_id)


def _create_type(recorded: LiveDeviceType, case: UndoCase) -> None:
    declared = _declared_type(recorded)
    case.new_types[recorded.type_id] = declared
    case.passed_on[recorded.type_id] = Inheritance(recorded.device_info, recorded.metadata)
    case.lost.add(Lost.TYPES)
    change = Change(Action.CREATE, recorded.type_id, None, _REASON, after=declared)
    case.diff.changes.append(change)


def _declared_type(recorded: LiveDeviceType) -> DeviceType:
    return DeviceType(
        recorded.type_id,
        FROM_JOURNAL,
        class_id=recorded.class_id,
        description=recorded.description,
        device_info=recorded.device_info,
        metadata=recorded.metadata or None,
        lifecycle=Lifecycle(protect=parse_mark(recorded.type_id, recorded.mark).protect),
    )


def _differs(declared: DeviceType, found: LiveDeviceType) -> bool:
    return bool(compare_device_type(declared, found).fields) or has_other_class(declared, found)


def recreate_devices(case: UndoCase) -> None:
    """Register the devices again that the run deleted."""
    for key, before in case.devices(Deed.DELETE_DEVICES):
        if before is None:  # the run registered it, and had to do so anew
            continue
        if not isinstance(before.live, LiveDevice):
            case.leave(Left.UNRECORDED, str(key))
            continue
        found = case.device(key)
        if found is None:
            _create_device(before, before.live, case)
        elif parse_mark(str(key), found.mark).run in case.since.earlier:
            _complete_device(before, before.live, found, case)
        elif found.registration != before.live.registration:
            case.leave(Left.EXISTS, str(key))


def _create_device(before: Before, recorded: LiveDevice, case: UndoCase) -> None:
    type_id = recorded.type_id
    key = DeviceKey(type_id, recorded.device_id)
    if type_id not in case.live.types and type_id not in case.new_types:
        case.leave(Left.TYPE_GONE, str(key))
        return
    if not before.located:
        case.leave(Left.UNLOCATED, str(key))
    case.lost |= {Lost.HISTORY, *([Lost.TIES] if recorded.via_gateway else [])}
    about = _about(key, case)
    device = recorded_device(before, recorded, about.inherited)
    case.diff.changes.append(about._replace(after=device))


def _complete_device(
    before: Before, recorded: LiveDevice, found: LiveDevice, case: UndoCase
) -> None:
    """Go on with a device that an undo which did not end has registered again."""
    about = _about(DeviceKey(recorded.type_id, recorded.device_id), case)
    device = recorded_device(before, recorded, about.inherited)
    place = parse_mark(about.name, found.mark).location
    comparison = compare_device(device, bare_type(recorded.type_id), found, place)
    case.change_back(about, device, found, comparison)


def _about(key: DeviceKey, case: UndoCase) -> Change:
    return Change(
        Action.CREATE,
        *key,
        _REASON,
        template=bare_type(key.type_id),
        inherited=case.inherited(key.type_id),
        gateway=case.is_gateway(key.type_id),
    )


def recorded_device(before: Before, recorded: LiveDevice, inherited: Inheritance) -> Device:
    """Declare all that was recorded, and that nothing is passed on by the type beyond that."""
    mark = parse_mark(f"{recorded.type_id}/{recorded.device_id}", recorded.mark)
    return Device(
        recorded.type_id,
        recorded.device_id,
        FROM_JOURNAL,
        device_info={**dict.fromkeys(inherited.device_info, ""), **recorded.device_info},
        metadata=recorded.metadata,
        location=sendable(before.location),
        alert_enabled=recorded.alert_enabled or None,
        lifecycle=Lifecycle(protect=mark.protect),
    )
