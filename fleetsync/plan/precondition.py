"""Say in a short digest which live values a change was planned against."""

from __future__ import annotations

from hashlib import blake2b

from fleetsync.diff.change import Action, Change, location_fields
from fleetsync.diff.location import ignored_paths
from fleetsync.model import JSON, Device, Kind, LiveDevice
from fleetsync.model.live import RESERVED_KEY
from fleetsync.model.path import Path, parse_path, with_value
from fleetsync.model.value import canonical
from fleetsync.plan.body import (
    Body,
    location_to_note,
    update_device_body,
    update_location,
    update_type_body,
)

ABSENT = "absent"
"""The precondition of a create."""

_DIGEST_BYTES = 8


def precondition(change: Change) -> str:
    """Give ``absent`` for a create, else 16 hex digits over what must still be live.

    Of an update: what its fields were, and what its write carries along or replaces as a whole. Of
    a delete: the whole device or type, and who registered it when. Paths under ``ignoreChanges``
    do not count: devices change them by themselves.
    """
    if change.action is Action.CREATE:
        return ABSENT
    seen = _deleted(change) if change.action is Action.DELETE else _updated(change)
    return blake2b(canonical(seen), digest_size=_DIGEST_BYTES).hexdigest()


def carries_live_values(change: Change) -> bool:
    """Tell whether the PUT of an update writes back what was read of the org.

    So it is where metadata is written, as a whole, while the manifest leaves some of it open, or
    with a mark of ours in it (platform page 5.4).
    """
    metadata = _body(change).get("metadata")
    if not isinstance(metadata, dict):
        return False
    declared = change.after.metadata if change.after is not None else None
    ignored = any(path[0] == "metadata" for path in ignored_by(change))
    return declared is None or ignored or RESERVED_KEY in metadata


def ignored_by(change: Change) -> tuple[Path, ...]:
    """Give the paths that the type or the device leaves to the device."""
    if change.device_id is None or change.template is None:
        return ()
    of_type = change.template.lifecycle.ignore_changes
    if isinstance(change.after, Device):
        return ignored_paths(change.after, of_type)
    return tuple(map(parse_path, of_type))


def _updated(change: Change) -> dict[str, JSON]:
    seen: dict[str, JSON] = {"fields": {field.path: field.before for field in change.fields}}
    if change.before is not None and "metadata" in _body(change):
        seen["metadata"] = _unignored({"metadata": dict(change.before.metadata)}, change)
    place = update_location(change)
    if place is not None:
        was = location_fields(place)
        for field in change.fields:
            section, name = parse_path(field.path)[:2]
            if section == "location":
                was[name] = field.before
        seen["location"] = _unignored({"location": was}, change)
    return seen


def _deleted(change: Change) -> dict[str, JSON]:
    live = change.before
    if live is None:
        raise TypeError(change.name)
    seen: dict[str, JSON] = {
        "deviceInfo": dict(live.device_info),
        "metadata": dict(live.metadata),
        "mark": live.mark,
    }
    if isinstance(live, LiveDevice):
        seen["status"] = {"alert": {"enabled": live.alert_enabled}}
        seen["registration"] = list(live.registration)
        seen["viaGateway"] = live.via_gateway
    else:
        seen |= {"classId": live.class_id, "description": live.description}
    return _unignored(seen, change)


def _unignored(seen: dict[str, JSON], change: Change) -> dict[str, JSON]:
    """Leave out what is left to the device, and nulls: they are as good as absent (11.17)."""
    for path in ignored_by(change):
        seen = with_value(seen, path, None)
    return {name: _without_nulls(value) for name, value in seen.items()}


def _without_nulls(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _body(change: Change) -> Body:
    if change.kind is Kind.DEVICE_TYPE:
        return update_type_body(change)
    # Where it moves, what the org makes of the new place is noted, whatever the mark tells so far.
    return update_device_body(change, update_location(change) or location_to_note(change))
