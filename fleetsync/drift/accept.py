"""Give the declarations that take drift over: what the org has becomes what the manifests say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fleetsync.drift.field import PROTECT, DriftField, Standing
from fleetsync.drift.finding import Finding
from fleetsync.model import (
    JSON,
    Device,
    DeviceType,
    JSONObject,
    LiveDevice,
    Location,
    Source,
)
from fleetsync.model.location import LOCATION_KEYS
from fleetsync.model.path import parse_path, with_value
from fleetsync.model.value import EMPTY, same_mapping

_OURS = {theirs: ours for ours, theirs in LOCATION_KEYS.items()}


def taken_over(finding: Finding) -> tuple[DriftField, ...]:
    """Give the fields whose live value is to be declared: those that moved in the org alone.

    A location is written as a whole, so it is taken over as a whole or not at all.
    """
    fields = [f for f in finding.fields if f.standing is Standing.DRIFT and f.path != PROTECT]
    places = [f for f in finding.fields if f.path.startswith("location.")]
    if any(f.standing is not Standing.DRIFT for f in places):
        fields = [f for f in fields if f not in places]
    return tuple(fields)


def accepted_device(device: Device, finding: Finding) -> Device:
    """Declare what a changed device has in the org."""
    fields = taken_over(finding)
    metadata = _metadata(device.metadata, finding, fields)
    accepted = device._replace(
        device_info=_info(device.device_info, fields),
        metadata=metadata,
        location=_location(device.location, fields),
    )
    for field in fields:
        if field.path == "status.alert.enabled":
            accepted = accepted._replace(alert_enabled=field.live is True)
    return accepted


def accepted_type(declared: DeviceType, finding: Finding) -> DeviceType:
    """Declare what a changed type has in the org."""
    fields = taken_over(finding)
    accepted = declared._replace(
        device_info=_info(declared.device_info, fields),
        metadata=_metadata(declared.metadata, finding, fields),
    )
    for field in fields:
        if field.path == "description":
            accepted = accepted._replace(description=str(field.live or ""))
        elif field.path == "classId":
            accepted = accepted._replace(class_id=str(field.live))
    return accepted


def new_device(live: LiveDevice, template: DeviceType, source: Source) -> Device:
    """Declare a device that somebody added: what it does not have from its type."""
    own = {
        name: text
        for name, text in live.device_info.items()
        if template.device_info.get(name, "") != text
    }
    inherited: JSONObject = template.metadata or EMPTY
    is_own = bool(live.metadata) and not same_mapping(live.metadata, inherited)
    metadata = dict(live.metadata) if is_own else None
    return Device(live.type_id, live.device_id, source, own, metadata)


def changed_item(item: dict[str, JSON], finding: Finding, accepted: Device | DeviceType) -> Any:  # noqa: ANN401 - JSON of any form
    """Give the item of a manifest that declares what was accepted."""
    new = dict(item)
    fields = taken_over(finding)
    sections = {parse_path(field.path)[0] for field in fields}
    if "deviceInfo" in sections:
        old = item.get("deviceInfo")
        info = {f.path.split(".", 1)[1]: f.live or "" for f in _in(fields, "deviceInfo")}
        new["deviceInfo"] = {**(old if isinstance(old, dict) else {}), **info}
    if "metadata" in sections:
        new["metadata"] = dict(accepted.metadata or {})
    for name in ("description", "classId"):
        for field in fields:
            if field.path == name:
                new[name] = field.live or ""
    if isinstance(accepted, Device):
        _place(new, sections, fields, accepted)
    return new


def new_item(device: Device) -> dict[str, JSON]:
    """Give the item of a manifest that declares a new device."""
    item: dict[str, JSON] = {"typeId": device.type_id, "deviceId": device.device_id}
    if device.device_info:
        item["deviceInfo"] = dict(device.device_info)
    if device.metadata is not None:
        item["metadata"] = dict(device.metadata)
    return item


def _place(
    new: dict[str, JSON], sections: set[str], fields: Iterable[DriftField], accepted: Device
) -> None:
    if "status" in sections:
        new["status"] = {"alert": {"enabled": accepted.alert_enabled}}
    if "location" not in sections:
        return
    if accepted.location is None:
        new.pop("location", None)
        return
    old = new.get("location")
    place = dict(old) if isinstance(old, dict) else {}
    for field in _in(fields, "location"):
        name = field.path.split(".", 1)[1]
        if field.live is None:
            place.pop(name, None)
        else:
            place[name] = field.live
    new["location"] = place


def _in(fields: Iterable[DriftField], section: str) -> list[DriftField]:
    return [field for field in fields if parse_path(field.path)[0] == section]


def _info(declared: Any, fields: Iterable[DriftField]) -> dict[str, str]:  # noqa: ANN401 - a mapping of texts
    info = {f.path.split(".", 1)[1]: str(f.live or "") for f in _in(fields, "deviceInfo")}
    return {**declared, **info}


def _metadata(
    declared: JSONObject | None, finding: Finding, fields: Iterable[DriftField]
) -> JSONObject | None:
    moved = _in(fields, "metadata")
    if not moved:
        return declared
    if declared is None:  # it was the type's, which lets it reach its devices
        return dict(finding.live.metadata) if finding.live is not None else None
    whole: JSONObject = declared
    for field in moved:
        whole = with_value(whole, parse_path(field.path)[1:], field.live)
    return whole


def _location(declared: Location | None, fields: Iterable[DriftField]) -> Location | None:
    moved = {_OURS[f.path.split(".", 1)[1]]: f.live for f in _in(fields, "location")}
    if not moved or declared is None:
        return declared
    if moved.get("latitude", 0) is None or moved.get("longitude", 0) is None:
        return None
    return Location(**{**declared._asdict(), **moved})
