"""What the manifests declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fleetsync.model.location import Location
from fleetsync.model.value import EMPTY, JSONObject


class Source(NamedTuple):
    """Where in the manifests something is declared; the file is relative to fleet.yaml's folder."""

    file: str
    line: int


class Lifecycle(NamedTuple):
    """How careful to be with a type and its devices, or with one device.

    ``ignore_changes`` holds paths such as ``deviceInfo.fwVersion`` that are set at creation and
    then left to the device. ``prune`` and ``propagate`` belong to types; ``prune=None`` means as
    fleet.yaml says.
    """

    protect: bool = False
    prune: bool | None = None
    propagate: bool = False
    ignore_changes: tuple[str, ...] = ()


NO_LIFECYCLE = Lifecycle()


class DeviceType(NamedTuple):
    """A declared device type; ``None`` and missing keys mean: not declared, so not managed.

    In ``device_info`` an empty text means: declared to be empty (``null`` or ``""``).
    """

    type_id: str
    source: Source
    class_id: str | None = None
    description: str | None = None
    device_info: Mapping[str, str] = EMPTY
    metadata: JSONObject | None = None
    lifecycle: Lifecycle = NO_LIFECYCLE


class Device(NamedTuple):
    """A declared device; ``None`` and missing keys mean: not declared, so not managed.

    In ``device_info`` an empty text means: declared to be empty (``null`` or ``""``).
    ``metadata`` never holds the reserved key.
    """

    type_id: str
    device_id: str
    source: Source
    device_info: Mapping[str, str] = EMPTY
    metadata: JSONObject | None = None
    location: Location | None = None
    alert_enabled: bool | None = None
    lifecycle: Lifecycle = NO_LIFECYCLE


class DesiredFleet(NamedTuple):
    """All that the manifests declare.

    ``devices`` goes type id -> device id -> device and has an entry, maybe empty, for each type.
    ``digest`` is ``sha256:...`` over the names and bytes of fleet.yaml, manifests
    and CSV files.
    """

    types: Mapping[str, DeviceType]
    devices: Mapping[str, Mapping[str, Device]]
    removed_types: Mapping[str, Source]
    digest: str
