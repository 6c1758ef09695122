"""Identify types and devices."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,36}")
"""Type and device ids, to be matched with ``fullmatch`` (platform page 7)."""


class Kind(StrEnum):
    """What a change is about."""

    DEVICE_TYPE = "deviceType"
    DEVICE = "device"


class DeviceKey(NamedTuple):
    """A device's identity: the pair is unique in the org, the device id alone is not (page 7)."""

    type_id: str
    device_id: str

    def __str__(self) -> str:
        """Render as ``type/device``; neither id can hold a slash."""
        return f"{self.type_id}/{self.device_id}"


def client_id(org: str, key: DeviceKey, *, gateway: bool) -> str:
    """Give the MQTT client id of a device: ``d:org:type:id``, gateways ``g:`` (page 7, 9.1)."""
    return f"{'g' if gateway else 'd'}:{org}:{key.type_id}:{key.device_id}"
