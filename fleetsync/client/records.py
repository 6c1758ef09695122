"""Name the keys of what the platform answers; each of them may be missing (platform page 11.17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypedDict

from fleetsync.model.token import Token

Parameters: TypeAlias = "Mapping[str, str | int | float | bool]"
"""Query parameters of a list, such as ``{"typeId": "pump", "_limit": 50}``."""

Object: TypeAlias = "Mapping[str, Any]"
"""A JSON object to be sent."""


class DeviceInfo(TypedDict, total=False):
    """The eight texts of ``deviceInfo``, and there are no others (page 7)."""

    serialNumber: str | None
    manufacturer: str | None
    model: str | None
    deviceClass: str | None
    description: str | None
    fwVersion: str | None
    hwVersion: str | None
    descriptiveLocation: str | None


class Organization(TypedDict, total=False):
    """The configuration of the org (page 2); ``id`` alone is sure to be there."""

    id: str
    name: str
    enabled: bool
    type: str
    config: dict[str, Any]
    created: str
    updated: str


class DeviceType(TypedDict, total=False):
    """A device type (page 3.1)."""

    id: str
    classId: str
    description: str | None
    deviceInfo: DeviceInfo
    metadata: dict[str, Any] | None
    createdDateTime: str
    updatedDateTime: str
    refs: dict[str, Any]


class Device(TypedDict, total=False):
    """A device (page 4.1): no location, no token. ``clientId`` is ``id`` in some answers."""

    clientId: str
    typeId: str
    deviceId: str
    deviceInfo: DeviceInfo
    metadata: dict[str, Any] | None
    refs: dict[str, Any]
    registration: dict[str, Any]
    status: dict[str, Any]


class DeviceLocation(TypedDict, total=False):
    """Where a device is (page 5.6): degrees and metres; the stamps are ISO 8601."""

    longitude: float
    latitude: float
    elevation: float
    accuracy: float
    measuredDateTime: str
    updatedDateTime: str


class Management(TypedDict, total=False):
    """What a managed device told of itself (page 5.7)."""

    lastActivityDateTime: str
    dormantDateTime: str
    dormant: bool
    supports: dict[str, Any]
    firmware: dict[str, Any]


class DiagnosticLog(TypedDict, total=False):
    """An entry of a device's diagnostic log (page 6.1); severity 0, 1, 2: information to error."""

    id: str
    message: str
    severity: int
    data: str
    timestamp: str


class ErrorCode(TypedDict, total=False):
    """An error code of a device (page 6.2)."""

    errorCode: int
    timestamp: str


class ConnectionLogEntry(TypedDict, total=False):
    """An entry of the connection log (page 6.3)."""

    message: str
    timestamp: str


class NewDevice(TypedDict, total=False):
    """A device to be added in bulk (page 4.2); the two ids are needed."""

    typeId: str
    deviceId: str
    authToken: str | None
    deviceInfo: DeviceInfo | None
    location: DeviceLocation | None
    metadata: dict[str, Any] | None


class Registered(NamedTuple):
    """A device that was just added, and its token, which the platform never shows again.

    ``token.reveal()`` gives the text; printing it gives stars.
    """

    device: Device
    token: Token


NewDevices: TypeAlias = "Sequence[NewDevice | Object]"
"""Devices to be added; plain dictionaries will do."""
