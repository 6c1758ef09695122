"""Go through what differs between manifests and org, and say which side moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fleetsync.diff.change import Action, Change, Field
from fleetsync.diff.device import compare_device
from fleetsync.diff.fleet import FleetDiff, diff_fleets
from fleetsync.diff.prune import may_prune
from fleetsync.drift.base import Base
from fleetsync.drift.field import (
    Standing,
    device_document,
    judge_fields,
    type_document,
)
from fleetsync.drift.finding import Drift, Finding, Stray, What
from fleetsync.drift.origin import origin_of
from fleetsync.model import (
    JSON,
    DesiredFleet,
    Device,
    DeviceKey,
    DeviceType,
    LiveDevice,
    LiveFleet,
)
from fleetsync.model.value import EMPTY

_WORST = tuple(Standing)


class Sides(NamedTuple):
    """What is held against each other, and the fleet's rule for undeclared devices."""

    desired: DesiredFleet
    live: LiveFleet
    base: Base
    prune: bool


def find_drift(sides: Sides, *, fleet: str, made_at: str) -> Drift:
    """Find and judge all differences; pure: the same values give the same drift."""
    desired, live, base, prune = sides
    # Nothing is deleted here, so what a doubtful list does show counts.
    diff = diff_fleets(desired=desired, live=live._replace(doubts=()), prune=prune)
    findings = [*_of_changes(diff, sides), *_of_classes(diff, base)]
    return Drift(
        fleet=fleet,
        org=live.org,
        made_at=made_at,
        base=base,
        findings=tuple(sorted(findings, key=_order)),
        strays=tuple(_strays(sides)),
        doubts=live.doubts,
        unmanaged_types=live.unmanaged_types,
        unmanaged_devices=live.unmanaged_devices,
        kept=len(diff.kept),
        reads=live.reads,
    )


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return (
        _WORST.index(finding.standing),
        finding.what.value,
        finding.type_id,
        finding.device_id or "",
    )


def _of_changes(diff: FleetDiff, sides: Sides) -> Iterator[Finding]:
    judges = {Action.CREATE: _absent, Action.UPDATE: _differing, Action.DELETE: _undeclared}
    return (judges[change.action](change, sides) for change in diff.changes)


def _absent(change: Change, sides: Sides) -> Finding:
    """Judge what is declared and not in the org: never registered, or deleted there."""
    was = sides.base.says_registered((change.type_id, change.device_id))
    standing, reason = Standing.PENDING, "not registered yet, as far as anybody knows"
    if was is False:
        reason = "new in the manifests"
    elif was and sides.live.doubts:
        standing, reason = Standing.UNKNOWN, "not in the list of the org, which may not be whole"
    elif was and _edited(change, sides):
        standing, reason = Standing.CONFLICT, "deleted in the org, and changed in the manifests"
    elif was:
        standing, reason = Standing.DRIFT, "deleted in the org"
    return _finding(change, standing, What.DELETED, reason)


def _edited(change: Change, sides: Sides) -> bool:
    """Tell whether git changed since the base what is gone in the org."""
    fleet = sides.base.fleet
    if fleet is None:
        return False
    if change.device_id is None:
        before: DeviceType | Device = fleet.types[change.type_id]
    else:
        before = fleet.devices[change.type_id][change.device_id]
    after = change.after
    return after is not None and before._replace(source=after.source) != after


def _differing(change: Change, sides: Sides) -> Finding:
    base = sides.base
    name = change.type_id, change.device_id
    document = _base_document(change, base)
    fields = judge_fields(change.fields, base, name, document)
    standing = min((each.standing for each in fields), key=_WORST.index)
    finding = _finding(change, standing, What.CHANGED, _CHANGED[standing])
    return finding._replace(fields=fields)


_CHANGED = {
    Standing.CONFLICT: "changed in the org, and differently in the manifests",
    Standing.DRIFT: "changed in the org",
    Standing.UNKNOWN: "changed in the org or in the manifests: no base tells which",
    Standing.PENDING: "changed in the manifests",
}


def _base_document(change: Change, base: Base) -> JSON:
    if base.fleet is None:
        return None
    declared = base.fleet.types.get(change.type_id)
    if declared is None:
        return None
    if change.device_id is None:
        return type_document(declared)
    device = base.fleet.devices[change.type_id].get(change.device_id)
    found = change.before
    if device is None or not isinstance(found, LiveDevice):
        return None
    return device_document(device, declared, dict(found.metadata))


def _undeclared(change: Change, sides: Sides) -> Finding:
    """Judge what apply would delete: git took it out, or somebody added it in the org."""
    if change.type_id in sides.desired.removed_types:
        standing, reason = _of_removed_type(change, sides.base)
    elif sides.base.fleet is not None:
        standing, reason = _since_base(change, sides.base)
    elif _is_ours(change, sides.base):
        standing = Standing.PENDING
        reason = "fleetsync registered it, and no manifest declares it any more"
    else:
        standing, reason = Standing.DRIFT, "added in the org"
    return _finding(change, standing, What.ADDED, reason)


def _of_removed_type(change: Change, base: Base) -> tuple[Standing, str]:
    if base.fleet is not None and change.type_id in base.fleet.removed_types:
        return Standing.DRIFT, "its type was removed before, and created again in the org"
    return Standing.PENDING, "its type is to be removed"


def _since_base(change: Change, base: Base) -> tuple[Standing, str]:
    if not base.says_registered((change.type_id, change.device_id)):
        return Standing.DRIFT, "added in the org"
    if _moved_since(change, base):
        return Standing.CONFLICT, "taken out of the manifests, but changed in the org"
    return Standing.PENDING, "taken out of the manifests"


def _is_ours(change: Change, base: Base) -> bool:
    live = change.before
    marked = isinstance(live, LiveDevice) and origin_of(live).run is not None
    return marked or base.says_registered((change.type_id, change.device_id)) is True


def _moved_since(change: Change, base: Base) -> bool:
    """Tell whether the org changed a device that git took out."""
    live = change.before
    if base.fleet is None or not isinstance(live, LiveDevice) or change.device_id is None:
        return False
    then = base.fleet.devices[change.type_id][change.device_id]._replace(location=None)
    found = compare_device(then, base.fleet.types[change.type_id], live, None).fields
    return any(not field.path.startswith("lifecycle") for field in found)


def _finding(change: Change, standing: Standing, what: What, reason: str) -> Finding:
    live = change.before
    return Finding(
        standing,
        what,
        change.type_id,
        change.device_id,
        reason,
        source=change.source,
        origin=origin_of(live) if isinstance(live, LiveDevice) else None,
        live=live,
        declared=change.after,
    )


def _of_classes(diff: FleetDiff, base: Base) -> Iterator[Finding]:
    """Give the types whose class is not the declared one: somebody made them anew."""
    for declared, live in diff.other_classes:
        then = None if base.fleet is None else base.fleet.types.get(declared.type_id)
        document = None if then is None else type_document(then)
        name = declared.type_id, None
        field = Field("classId", live.class_id, declared.class_id)
        fields = judge_fields((field,), base, name, document)
        reason = _CHANGED[fields[0].standing]
        finding = Finding(fields[0].standing, What.CHANGED, declared.type_id, None, reason)
        yield finding._replace(source=declared.source, fields=fields, live=live, declared=declared)


def _strays(sides: Sides) -> Iterator[Stray]:
    desired, live, _, prune = sides
    for type_id, declared in desired.types.items():
        own = declared.lifecycle.prune
        pruned = prune if own is None else own
        devices: Mapping[str, Device] = desired.devices.get(type_id, EMPTY)
        for device_id, found in live.devices.get(type_id, EMPTY).items():
            if device_id not in devices:
                why = may_prune(found, pruned=pruned)
                if why is not None:
                    yield Stray(DeviceKey(type_id, device_id), why, origin_of(found))
