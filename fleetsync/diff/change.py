"""Say what happens to one type or device: from what, to what, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from fleetsync.model import (
    JSON,
    Device,
    DeviceKey,
    DeviceType,
    JSONObject,
    Kind,
    LiveDevice,
    LiveDeviceType,
    Location,
    Source,
)
from fleetsync.model.location import LOCATION_KEYS
from fleetsync.model.path import leaves, path_text
from fleetsync.model.presence import Presence
from fleetsync.model.value import EMPTY


class Action(StrEnum):
    """What is done to a type or device."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Field(NamedTuple):
    """One value that differs; null stands for absent."""

    path: str
    before: JSON
    after: JSON


class Inheritance(NamedTuple):
    """What the platform copies from a type into a device that leaves it out (page 3.8)."""

    device_info: Mapping[str, str] = EMPTY
    metadata: JSONObject = EMPTY


class Change(NamedTuple):
    """One thing to do; a delete has no ``after``, and a create no ``before``, but in a rotation.

    There it holds the device that was deleted to be registered again.

    ``fields`` is filled for updates only; ``change_fields`` gives those of every change. ``kept``
    are differences that stay, since the platform once refused to make them go away. ``template``
    is the declared type of a device, ``inherited`` what a new device gets from it, ``gateway``
    tells that its class is Gateway. ``location`` is the one that an updated device shall have.
    ``reason`` is for people: nothing decides on it. ``presence`` is what was found of the
    connection of a device that is to be deleted, once somebody looked; no digest covers it.
    """

    action: Action
    type_id: str
    device_id: str | None
    reason: str
    source: Source | None = None
    before: LiveDevice | LiveDeviceType | None = None
    after: Device | DeviceType | None = None
    template: DeviceType | None = None
    inherited: Inheritance = Inheritance()
    gateway: bool = False
    location: Location | None = None
    fields: tuple[Field, ...] = ()
    kept: tuple[Field, ...] = ()
    presence: Presence | None = None

    @property
    def kind(self) -> Kind:
        """Tell types from devices."""
        return Kind.DEVICE_TYPE if self.device_id is None else Kind.DEVICE

    @property
    def key(self) -> DeviceKey:
        """The identity of the device; a type has none (ValueError)."""
        if self.device_id is None:
            raise ValueError("a device type has no device key")
        return DeviceKey(self.type_id, self.device_id)

    @property
    def name(self) -> str:
        """The type id, or ``type/device``; it owns the mark."""
        return self.type_id if self.device_id is None else f"{self.type_id}/{self.device_id}"


def change_fields(change: Change) -> Iterator[Field]:
    """Give every value that a change sets, alters or takes away."""
    if change.action is Action.UPDATE:
        yield from change.fields
    elif change.action is Action.CREATE:
        for path, value in leaves(_declared(change.after, change.inherited.device_info)):
            if path:
                yield Field(path_text(path), None, value)
    else:
        for path, value in leaves(_live(change.before)):
            if path:
                yield Field(path_text(path), value, None)


def location_fields(location: Location | None) -> dict[str, JSON]:
    """Give a location under the platform's names, what is not set left out."""
    if location is None:
        return {}
    values = location._asdict().items()
    return {LOCATION_KEYS[name]: _short(value) for name, value in values if value is not None}


def _short(value: float | str) -> float | str:
    """Write 12 rather than 12.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _declared(after: Device | DeviceType | None, inherited: Mapping[str, str]) -> dict[str, JSON]:
    """Write out what is declared; an empty text counts where it keeps a type's value away."""
    if isinstance(after, DeviceType):
        document: dict[str, JSON] = {
            "classId": after.class_id,
            "description": after.description or None,
        }
    elif isinstance(after, Device):
        alert: dict[str, JSON] = {"alert": {"enabled": after.alert_enabled}}
        document = {
            "location": location_fields(after.location) or None,
            "status": None if after.alert_enabled is None else alert,
        }
    else:
        return {}
    info = after.device_info.items()
    document["deviceInfo"] = {name: text for name, text in info if text or inherited.get(name)}
    document["metadata"] = None if after.metadata is None else dict(after.metadata)
    document["lifecycle"] = {"protect": True} if after.lifecycle.protect else None
    return _without_empty(document)


def _live(before: LiveDevice | LiveDeviceType | None) -> dict[str, JSON]:
    if before is None:
        return {}
    document: dict[str, JSON] = {
        "deviceInfo": dict(before.device_info),
        "metadata": dict(before.metadata),
    }
    if isinstance(before, LiveDeviceType):
        document |= {"classId": before.class_id, "description": before.description or None}
    return _without_empty(document)


def _without_empty(document: dict[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in document.items() if value not in (None, {})}
