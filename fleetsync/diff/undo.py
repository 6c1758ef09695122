"""Find what takes a run back: ordinary changes, from its journal and from what is live now.

Nothing is guessed: only what is provably the run's own is deleted, only what still is as the run
left it is changed back, and only what is gone is registered again. All else is said.
"""

from __future__ import annotations

from typing import NamedTuple

from fleetsync.diff.change import Action, Change, Inheritance
from fleetsync.diff.fleet import FleetDiff, inheritance
from fleetsync.diff.recreate import recreate_devices, recreate_types
from fleetsync.diff.revert import FROM_JOURNAL, Reverted, bare_type, revert_device, revert_type
from fleetsync.diff.undo_case import NOTHING_SINCE, Since, UndoCase
from fleetsync.diff.undo_warning import Left, Lost, undo_warnings
from fleetsync.journal.entry import Deed
from fleetsync.journal.run import Run
from fleetsync.model import (
    JSON,
    DesiredFleet,
    Device,
    DeviceKey,
    DeviceType,
    JSONObject,
    LiveDeviceType,
    LiveFleet,
    Location,
)
from fleetsync.model.mark import parse_mark
from fleetsync.model.value import EMPTY

_UPDATES = (Deed.UPDATE_TYPE, Deed.UPDATE_DEVICE, Deed.PUT_LOCATION)
_UPDATED = "the run changed it"
_CREATED = "the run created it"


class Undo(NamedTuple):
    """What takes a run back, and sentences on what does not come back."""

    diff: FleetDiff
    warnings: tuple[str, ...]


def concerned(run: Run) -> DesiredFleet:
    """Name what has to be read of the org: the types that the run changed something of.

    The devices in it are those whose location has to be read, since the run changed it.
    """
    names = {name[0] for deed in Deed for name in run.changed(deed)}
    types = {type_id: bare_type(type_id) for type_id in sorted(names)}
    devices: dict[str, dict[str, Device]] = {type_id: {} for type_id in types}
    for key in moved(run):
        somewhere = Location(0.0, 0.0)  # it only says that there is one
        devices[key.type_id][key.device_id] = Device(*key, FROM_JOURNAL, location=somewhere)
    return DesiredFleet(types, devices, EMPTY, "")


def moved(run: Run) -> frozenset[DeviceKey]:
    """Name the devices that had been there before and whose location the run changed."""
    asked = run.changed(Deed.PUT_LOCATION)
    return frozenset(
        DeviceKey(type_id, device_id)
        for type_id, device_id in asked
        if device_id is not None and (type_id, device_id) in run.befores
    )


def changed_anything(run: Run) -> bool:
    """Tell whether a run changed something, or maybe did; a note in a mark is no change."""
    if any(run.changed(deed) for deed in Deed if deed not in _UPDATES):
        return True
    updated = (name for deed in _UPDATES for name in run.changed(deed))
    return any(name in run.befores and run.befores[name].fields for name in updated)


def diff_undo(run: Run, live: LiveFleet, since: Since = NOTHING_SINCE) -> Undo:
    """Say what takes ``run`` back.

    What an undo has taken back before is not touched again, what it left half done goes on.
    """
    case = UndoCase(run, live, since)
    recreate_types(case)
    _revert_types(case)
    _revert_devices(case)
    recreate_devices(case)
    _delete_types(case, _delete_devices(case))
    warnings = undo_warnings(
        case.left,
        case.lost,
        something=bool(case.diff.changes),
        redo=run.head.undoes is not None,
    )
    return Undo(case.diff, tuple(warnings))


def _revert_types(case: UndoCase) -> None:
    for type_id, before in case.types(Deed.UPDATE_TYPE):
        found = case.live.types.get(type_id)
        if before is None or found is None:
            case.leave(Left.GONE if before else Left.UNRECORDED, type_id)
            continue
        reverted = revert_type(before, found)
        about = Change(Action.UPDATE, type_id, None, _UPDATED)
        _note(about, reverted, case)
        case.change_back(about, reverted.after, found, reverted.comparison)
        case.passed_on[type_id] = _passed_on(reverted, found)


def _passed_on(reverted: Reverted, found: LiveDeviceType) -> Inheritance:
    """Give all that the type may pass on by then: the platform may not honour its change."""
    if not isinstance(reverted.after, DeviceType):
        raise TypeError(found.type_id)
    info, metadata = inheritance(reverted.after, found, reverted.comparison.kept)
    return Inheritance({**found.device_info, **info}, _united(found.metadata, metadata))


def _united(one: JSONObject, other: JSONObject) -> dict[str, JSON]:
    """Put two metadata objects together; of a value that stands in both, the other's counts."""
    whole = {**one, **other}
    for key in one.keys() & other.keys():
        mine, its = one[key], other[key]
        if isinstance(mine, dict) and isinstance(its, dict):
            whole[key] = _united(mine, its)
    return whole


def _revert_devices(case: UndoCase) -> None:
    for key, before in case.devices(Deed.UPDATE_DEVICE, Deed.PUT_LOCATION):
        if before is None:  # the run registered it, and completed it then
            continue
        found = case.device(key)
        if found is None:
            case.leave(Left.GONE, str(key))
            continue
        mark = parse_mark(str(key), found.mark)
        reverted = revert_device(before, found, case.live.locations.get(key, mark.location))
        about = Change(
            Action.UPDATE,
            *key,
            _UPDATED,
            template=bare_type(key.type_id),
            gateway=case.is_gateway(key.type_id),
        )
        _note(about, reverted, case)
        case.change_back(about, reverted.after, found, reverted.comparison)


def _note(about: Change, reverted: Reverted, case: UndoCase) -> None:
    """Say what of an update stays."""
    for path in reverted.theirs:
        case.leave(Left.CHANGED, f"{path} of {about.name}")
    if reverted.placed:
        case.leave(Left.PLACED, about.name)
    if reverted.unlocated:
        case.leave(Left.UNLOCATED, about.name)
    if any(f.path.startswith("metadata") and f.after is None for f in reverted.comparison.fields):
        case.lost.add(Lost.KEYS)


def _delete_devices(case: UndoCase) -> frozenset[DeviceKey]:
    """Delete what the run registered, and give what is deleted or would be."""
    gone = []
    for key, before in case.devices(Deed.CREATE_DEVICES):
        found = case.device(key)
        if before is not None or found is None:
            continue
        if not case.is_own(found):
            case.leave(Left.NOT_OURS, str(key))
            continue
        gone.append(key)
        if case.live.doubts:
            case.diff.withheld += 1
        else:
            change = Change(Action.DELETE, *key, _CREATED, before=found)
            case.diff.changes.append(change._replace(gateway=case.is_gateway(key.type_id)))
    return frozenset(gone)


def _delete_types(case: UndoCase, gone: frozenset[DeviceKey]) -> None:
    """Delete the types that the run created, once none but its own devices are in them."""
    unsure = frozenset(case.run.unsettled(Deed.CREATE_TYPE))
    for type_id, _ in case.types(Deed.CREATE_TYPE):
        found = case.live.types.get(type_id)
        if found is None:
            continue
        devices = case.live.devices.get(type_id, EMPTY)
        if (type_id, None) in unsure:
            case.leave(Left.UNSURE, type_id)
        elif any(DeviceKey(type_id, device_id) not in gone for device_id in devices):
            case.leave(Left.HOLDS_OTHERS, type_id)
        elif case.live.doubts:
            case.diff.withheld += 1
        else:
            change = Change(Action.DELETE, type_id, None, _CREATED, before=found)
            case.diff.changes.append(change)
