"""Translate keys and locations to the platform's JSON; the plan makes the bodies of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.model.location import LOCATION_KEYS

if TYPE_CHECKING:
    from fleetsync.model.key import DeviceKey
    from fleetsync.model.location import Location
    from fleetsync.model.value import JSON


def location_body(location: Location) -> dict[str, JSON]:
    """Make the body of a location: always the whole of it, unset parts left out (page 5.6)."""
    values = location._asdict()
    body = {theirs: values[ours] for ours, theirs in LOCATION_KEYS.items()}
    return {name: value for name, value in body.items() if value is not None}


def remove_body(key: DeviceKey) -> dict[str, JSON]:
    """Make one item of the body that removes devices (page 4.3)."""
    return {"typeId": key.type_id, "deviceId": key.device_id}
