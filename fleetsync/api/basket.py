"""Gather the rows of a list into nouns by their key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.wire import Memo, parse_device_type, parse_keyed, split_key

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleetsync.model.live import LiveDevice, LiveDeviceType
    from fleetsync.model.value import JSON


class TypeBasket:
    """Device types by id."""

    def __init__(self) -> None:
        self.items: dict[str, LiveDeviceType] = {}
        self._memo = Memo()

    def add(self, row: JSON) -> bool:
        """Take one listed device type."""
        found = parse_device_type(row, self._memo)
        before = len(self.items)
        self.items.setdefault(found.type_id, found)
        return len(self.items) > before

    def __len__(self) -> int:
        return len(self.items)


class DeviceBasket:
    """Devices by type and id; of types that nobody wants, only how many there are."""

    def __init__(self, wanted: Collection[str], memo: Memo) -> None:
        self.by_type: dict[str, dict[str, LiveDevice]] = {type_id: {} for type_id in wanted}
        self._others: set[tuple[str, str]] = set()
        self._count = 0
        self._memo = memo

    def add(self, row: JSON) -> bool:
        """Take one listed device."""
        whole, key = split_key(row)
        type_id, device_id = key
        devices = self.by_type.get(type_id)
        if device_id in devices if devices is not None else key in self._others:
            return False
        if devices is None:
            self._others.add(key)
        else:
            devices[device_id] = parse_keyed(whole, key, self._memo)
        self._count += 1
        return True

    def __len__(self) -> int:
        return self._count
