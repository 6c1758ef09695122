"""Hold the nouns of a fleet as frozen values."""

from __future__ import annotations

from fleetsync.model.desired import (
    NO_LIFECYCLE,
    DesiredFleet,
    Device,
    DeviceType,
    Lifecycle,
    Source,
)
from fleetsync.model.key import DeviceKey, Kind
from fleetsync.model.live import LiveDevice, LiveDeviceType, LiveFleet, Registration, Sizes
from fleetsync.model.location import Location
from fleetsync.model.value import JSON, JSONObject

__all__ = [
    "JSON",
    "NO_LIFECYCLE",
    "DesiredFleet",
    "Device",
    "DeviceKey",
    "DeviceType",
    "JSONObject",
    "Kind",
    "Lifecycle",
    "LiveDevice",
    "LiveDeviceType",
    "LiveFleet",
    "Location",
    "Registration",
    "Sizes",
    "Source",
]
