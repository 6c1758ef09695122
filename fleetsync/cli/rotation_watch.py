"""See which devices are connected, and wait until enough of a wave are so again."""

from __future__ import annotations

from collections.abc import Sequence

from fleetsync.api.registry import Registry
from fleetsync.apply.hands import Hands
from fleetsync.model import DeviceKey


def connected_devices(registry: Registry) -> frozenset[DeviceKey] | str:
    """TEMP."""
    return "not yet"


def await_devices(
    keys: Sequence[DeviceKey], hands: Hands, *, enough: int, seconds: float
) -> frozenset[DeviceKey]:
    """TEMP."""
    return frozenset()
