"""What the org holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fleetsync.model.key import DeviceKey
from fleetsync.model.location import Location
from fleetsync.model.value import EMPTY, JSON, JSONObject

RESERVED_KEY = "fleetsync"
"""The key inside metadata that is fleetsync's own: never shown, always kept."""


class Registration(NamedTuple):
    """Who registered a device and when; all of it text from the org (platform page 4.1)."""

    auth_type: str | None = None
    auth_id: str | None = None
    date: str | None = None


class LiveDeviceType(NamedTuple):
    """A device type as the org has it; absent, null and empty are one (platform page 11.17).

    ``metadata`` comes without the reserved key, whose raw value is ``mark``.
    """

    type_id: str
    class_id: str = "Device"
    description: str = ""
    device_info: Mapping[str, str] = EMPTY
    metadata: JSONObject = EMPTY
    mark: JSON = None


class LiveDevice(NamedTuple):
    """A device as the org lists it: no location, no token (platform page 4.1).

    ``metadata`` comes without the reserved key, whose raw value is ``mark``. ``via_gateway`` is
    true when the device names the gateway that it hangs on.
    """

    type_id: str
    device_id: str
    device_info: Mapping[str, str] = EMPTY
    metadata: JSONObject = EMPTY
    mark: JSON = None
    alert_enabled: bool = False
    registration: Registration = Registration()
    via_gateway: bool = False


class Sizes(NamedTuple):
    """How large the lists of an org were: all device types, and the devices of each managed type.

    ``at`` is a UTC time stamp, ISO 8601.
    """

    types: int
    devices: Mapping[str, int]
    at: str = ""


class LiveFleet(NamedTuple):
    """The managed part of the org, as one reading found it.

    ``devices`` goes type id -> device id -> device, for declared and removed types only.
    ``locations`` holds those that were read one by one; ``None`` there means: never set.
    ``doubts`` says, in words, why the listing is not provably whole; then nothing is deleted.
    ``reads`` counts the GET requests that were sent.
    """

    org: str
    types: Mapping[str, LiveDeviceType]
    devices: Mapping[str, Mapping[str, LiveDevice]]
    locations: Mapping[DeviceKey, Location | None] = EMPTY
    unmanaged_types: int = 0
    unmanaged_devices: int = 0
    doubts: tuple[str, ...] = ()
    reads: int = 0

    @property
    def sizes(self) -> Sizes | None:
        """How large its lists are, None if they are not provably whole."""
        if self.doubts:
            return None
        devices = {type_id: len(self.devices.get(type_id, EMPTY)) for type_id in self.types}
        return Sizes(len(self.types) + self.unmanaged_types, devices)
