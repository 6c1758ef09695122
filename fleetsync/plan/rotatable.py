"""Choose the devices of a rotation, and say of each other that was asked for why it stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fleetsync.batch import encode_item
from fleetsync.diff.change import Action, Change, Inheritance
from fleetsync.diff.renewal import REASON, registered_again
from fleetsync.journal.entry import Before
from fleetsync.model import DesiredFleet, Device, DeviceKey, LiveDevice, LiveFleet, Source
from fleetsync.model.mark import parse_mark
from fleetsync.model.value import EMPTY
from fleetsync.plan.body import create_device_body
from fleetsync.plan.cost import MAX_ITEM_BYTES, TOKEN_BYTES

_ANY_RUN = "0" * 10


class Wanted(NamedTuple):
    """What was asked for: all that is declared, or these types and these devices.

    ``keys`` narrows it to devices that an earlier run was about. ``takes_back`` names the run whose
    old tokens are to come back, and ``mark`` what the marks tell of devices that are as it left
    them.
    """

    types: frozenset[str] = frozenset()
    devices: frozenset[DeviceKey] = frozenset()
    keys: frozenset[DeviceKey] | None = None
    takes_back: str | None = None
    mark: str | None = None

    def holds(self, key: DeviceKey) -> bool:
        """Tell whether a device was asked for."""
        if self.keys is not None and key not in self.keys:
            return False
        everything = not (self.types or self.devices)
        return everything or key.type_id in self.types or key in self.devices


class Stay(NamedTuple):
    """A device that was asked for, maybe by its name, and stays; with the reason in words."""

    key: DeviceKey
    source: Source | None
    reason: str
    named: bool = False


class Sides(NamedTuple):
    """What the manifests declare, and what is live."""

    desired: DesiredFleet
    live: LiveFleet

    def choose(self, wanted: Wanted) -> Iterator[Change | Stay]:
        """Give the deletes of those that get new tokens, and those that stay."""
        for type_id, devices in sorted(self.desired.devices.items()):
            for device_id, device in sorted(devices.items()):
                key = DeviceKey(type_id, device_id)
                if wanted.holds(key):
                    yield self._judge(key, device, wanted)
        for key in sorted(wanted.keys or ()):
            if key.device_id not in self.desired.devices.get(key.type_id, EMPTY):
                yield Stay(key, None, "no manifest declares it")

    def again(self, delete: Change) -> Change:
        """Give the create that follows a delete, as far as a list tells: location by its mark."""
        if not isinstance(delete.before, LiveDevice):
            raise TypeError(delete.name)
        place = parse_mark(delete.name, delete.before.mark).location
        before = Before(delete.key, delete.before, place, located=True, gateway=delete.gateway)
        return registered_again(before, inherited(delete.type_id, self.live), delete.source)

    def _judge(self, key: DeviceKey, device: Device, wanted: Wanted) -> Change | Stay:
        found = self.live.devices.get(key.type_id, EMPTY).get(key.device_id)
        if found is None:
            words = "the org does not show it; apply registers it"
            return Stay(key, device.source, words, key in wanted.devices)
        reason = self._hindrance(device, found, wanted)
        delete = Change(
            Action.DELETE,
            *key,
            REASON,
            device.source,
            before=found,
            gateway=self._is_gateway(key.type_id),
        )
        if not reason and self._size(delete) > MAX_ITEM_BYTES:
            reason = "it is larger than a request may be"
        return Stay(key, device.source, reason, key in wanted.devices) if reason else delete

    def _hindrance(self, device: Device, found: LiveDevice, wanted: Wanted) -> str:
        key = DeviceKey(found.type_id, found.device_id)
        if found.via_gateway:
            return "a gateway registered it, and that tie would be lost"
        if wanted.mark not in (None, parse_mark(str(key), found.mark).run):
            return "it was registered anew since that run"
        if key in wanted.devices or wanted.keys is not None:  # then it was weighed before
            return ""
        if self._is_protected(device, found):
            return "it is protected by lifecycle.protect: to rotate it all the same, name it"
        if key.type_id not in wanted.types and self._is_gateway(key.type_id):
            return "it is a gateway: to rotate it all the same, name it or its type"
        return ""

    def _is_protected(self, device: Device, found: LiveDevice) -> bool:
        type_id = device.type_id
        live_type = self.live.types.get(type_id)
        return (
            device.lifecycle.protect
            or self.desired.types[type_id].lifecycle.protect
            or parse_mark(f"{type_id}/{device.device_id}", found.mark).protect
            or (live_type is not None and parse_mark(type_id, live_type.mark).protect)
        )

    def _is_gateway(self, type_id: str) -> bool:
        found = self.live.types.get(type_id)
        return found is not None and found.class_id == "Gateway"

    def _size(self, delete: Change) -> int:
        return len(encode_item(create_device_body(self.again(delete), _ANY_RUN))) + TOKEN_BYTES


def inherited(type_id: str, live: LiveFleet) -> Inheritance:
    """Give what a type passes on to a device that is registered again."""
    found = live.types.get(type_id)
    return Inheritance() if found is None else Inheritance(found.device_info, found.metadata)
