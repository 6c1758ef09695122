"""Say what a change sends to the org."""

from __future__ import annotations

from collections.abc import Iterable

from fleetsync.diff.change import Change, Field, location_fields
from fleetsync.diff.device import wanted_metadata
from fleetsync.diff.location import ignored_paths
from fleetsync.model import (
    JSON,
    Device,
    DeviceType,
    JSONObject,
    LiveDevice,
    LiveDeviceType,
    Location,
)
from fleetsync.model.live import RESERVED_KEY
from fleetsync.model.mark import NO_MARK, Mark, kept_fingerprint, mark_text, parse_mark
from fleetsync.model.path import Path, parse_path

Body = dict[str, JSON]


def create_type_body(declared: DeviceType) -> Body:
    """Body of ``POST /device/types`` (platform page 3.4); what is not declared is left out."""
    body: Body = {"id": declared.type_id}
    if declared.class_id is not None:
        body["classId"] = declared.class_id
    if declared.description:
        body["description"] = declared.description
    info: dict[str, JSON] = {name: text for name, text in declared.device_info.items() if text}
    if info:
        body["deviceInfo"] = info
    mark = NO_MARK._replace(protect=declared.lifecycle.protect)
    if declared.metadata is not None or mark != NO_MARK:
        body["metadata"] = _with_mark(declared.metadata or {}, declared.type_id, mark, None)
    return body


def update_type_body(change: Change) -> Body:
    """Body of ``PUT /device/types/{id}`` (page 3.6): what changes, metadata as a whole."""
    declared, live = change.after, change.before
    if not isinstance(declared, DeviceType) or not isinstance(live, LiveDeviceType):
        raise TypeError(change.name)
    body = _changed_texts(change)
    old = parse_mark(change.name, live.mark)
    mark = old._replace(location=None, protect=declared.lifecycle.protect, kept=_kept(change))
    if _touches(change, "metadata") or mark != old:
        whole = live.metadata if declared.metadata is None else declared.metadata
        body["metadata"] = _with_mark(whole, change.name, mark, live.mark)
    return body


def create_device_body(change: Change, run: str | None = None) -> Body:
    """Item of ``POST /bulk/devices/add`` (page 4.2), without its token.

    ``run`` names the run that registers the device, for its mark. An attribute declared to be empty
    goes as ``""``, so that the type's template does not fill it.
    """
    device = change.after
    if not isinstance(device, Device):
        raise TypeError(change.name)
    body: Body = {"typeId": device.type_id, "deviceId": device.device_id}
    if device.device_info:
        body["deviceInfo"] = dict(device.device_info)
    mark = Mark(device.location, device.lifecycle.protect, run=run)
    if change.before is not None:
        old = parse_mark(change.name, change.before.mark)
        mark = mark._replace(kept=old.kept, others=old.others)
    if device.metadata is not None or mark != NO_MARK:
        whole = change.inherited.metadata if device.metadata is None else device.metadata
        body["metadata"] = _with_mark(whole, change.name, mark, None)
    if device.location is not None:
        body["location"] = dict(location_fields(device.location))
    return body


def remove_body(change: Change) -> Body:
    """Item of ``POST /bulk/devices/remove`` (platform page 4.3)."""
    return {"typeId": change.type_id, "deviceId": change.device_id}


def completion_body(change: Change) -> Body:
    """Body of the PUT that gives a new device what registration cannot: an alert (page 4.2)."""
    device = change.after
    if isinstance(device, Device) and device.alert_enabled:
        return {"status": {"alert": {"enabled": True}}}
    return {}


def update_device_body(change: Change, noted: Location | None) -> Body:
    """Body of ``PUT .../devices/{id}`` (page 5.4): attributes that change, metadata as a whole.

    ``noted`` is the location that the mark shall tell of.
    """
    device, live = _pair(change)
    body = _changed_texts(change)
    if _touches(change, "status"):
        body["status"] = {"alert": {"enabled": device.alert_enabled}}
    old = parse_mark(change.name, live.mark)
    mark = old._replace(location=noted, protect=device.lifecycle.protect, kept=_kept(change))
    if _touches(change, "metadata") or mark != old:
        whole = _whole_metadata(change, device, live)
        body["metadata"] = _with_mark(whole, change.name, mark, live.mark)
    return body


def location_to_note(change: Change) -> Location | None:
    """Give the location that the mark shall tell of once the change is carried out."""
    if change.location is not None and not _stays(change, "location"):
        return change.location
    live = change.before
    return None if live is None else parse_mark(change.name, live.mark).location


def update_location(change: Change) -> Location | None:
    """Give the location to put, as a whole (page 5.6), or None where it does not change."""
    return change.location if _touches(change, "location") else None


def remembering_body(
    change: Change, found: LiveDevice | LiveDeviceType, left: Iterable[Field]
) -> Body:
    """Body of the PUT that notes what the platform did not honour, so that it is not repeated."""
    old = parse_mark(change.name, found.mark)
    mark = old._replace(kept=old.kept | _fingerprints(left))
    return {"metadata": _with_mark(found.metadata, change.name, mark, found.mark)}


def _pair(change: Change) -> tuple[Device, LiveDevice]:
    device, live = change.after, change.before
    if not isinstance(device, Device) or not isinstance(live, LiveDevice):
        raise TypeError(change.name)
    return device, live


def _ignored(change: Change) -> tuple[Path, ...]:
    device, _ = _pair(change)
    return ignored_paths(
        device, change.template.lifecycle.ignore_changes if change.template else ()
    )


def _changed_texts(change: Change) -> Body:
    """Pick description and deviceInfo: merged by the platform, so only what changes is sent.

    A value goes away by writing ``""`` (page 5.4: null would mean: leave alone).
    """
    body: Body = {}
    info: dict[str, JSON] = {}
    for field in change.fields:
        section, _, name = field.path.partition(".")
        if section == "deviceInfo":
            info[name] = field.after or ""
        elif section == "description":
            body["description"] = field.after or ""
    if info:
        body["deviceInfo"] = info
    return body


def _whole_metadata(change: Change, device: Device, live: LiveDevice) -> JSONObject:
    if change.template is None:
        raise TypeError(change.name)
    wanted = wanted_metadata(device, change.template, live.metadata, _ignored(change))
    return live.metadata if wanted is None else wanted


def _touches(change: Change, section: str) -> bool:
    return any(parse_path(field.path)[0] == section for field in change.fields)


def _stays(change: Change, section: str) -> bool:
    return any(parse_path(field.path)[0] == section for field in change.kept)


def _kept(change: Change) -> frozenset[str]:
    return _fingerprints(change.kept)


def _fingerprints(fields: Iterable[Field]) -> frozenset[str]:
    return frozenset(
        kept_fingerprint(field.path, before=field.before, after=field.after) for field in fields
    )


def _with_mark(whole: JSONObject, owner: str, mark: Mark, live_mark: JSON) -> Body:
    """Add the mark; one that is live already is overwritten, since a platform may merge."""
    body = {**whole}
    if mark != NO_MARK or live_mark is not None:
        body[RESERVED_KEY] = mark_text(owner, mark)
    return body
