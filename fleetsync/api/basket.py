"""Gather the rows of a list into nouns by their key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.wire import Memo, parse_device_type, parse_keyed, split_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from fleetsync.api.collation import Key
    from fleetsync.model.live import LiveDevice, LiveDeviceType
    from fleetsync.model.value import JSON


class TypeBasket:
    """Device types by id."""

    def __init__(self) -> None:
        self.items: dict[str, LiveDeviceType] = {}
        self._memo = Memo()

    def add(self, row: JSON) -> Key:
        """Take one listed device type, the first of its id, and give its key."""
        found = parse_device_type(row, self._memo)
        self.items.setdefault(found.type_id, found)
        return (found.type_id,)

    def oddities(self) -> Iterator[str]:
        """Find nothing odd: a list of types holds any type."""
        return iter(())

    def __len__(self) -> int:
        return len(self.items)


class DeviceBasket:
    """Devices by type and id; of types that nobody wants, only how many there are.

    ``alone`` says that the list should hold no others than those wanted.
    """

    def __init__(self, wanted: Collection[str], memo: Memo, *, alone: bool = False) -> None:
        self.by_type: dict[str, dict[str, LiveDevice]] = {type_id: {} for type_id in wanted}
        self._others: set[tuple[str, str]] = set()
        self._count = 0
        self._memo = memo
        self._alone = alone

    def add(self, row: JSON) -> Key:
        """Take one listed device, the first of its key, and give its key."""
        whole, key = split_key(row)
        type_id, device_id = key
        devices = self.by_type.get(type_id)
        if device_id in devices if devices is not None else key in self._others:
            return key
        if devices is None:
            self._others.add(key)
        else:
            devices[device_id] = parse_keyed(whole, key, self._memo)
        self._count += 1
        return key

    def oddities(self) -> Iterator[str]:
        """Say how many devices are of a type that this list should not hold."""
        if self._alone and self._others:
            yield f"{len(self._others)} of another type"

    def __len__(self) -> int:
        return self._count
