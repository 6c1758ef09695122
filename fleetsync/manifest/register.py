"""Keep the devices that manifests declare, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetsync.model import Device, DeviceKey, Source


class Register:
    """The devices so far: ``devices`` by type and id, ``broken`` those left out for a finding."""

    def __init__(self) -> None:
        self.devices: dict[str, dict[str, Device]] = {}
        self.broken: dict[DeviceKey, Source] = {}

    def add(self, device: Device) -> None:
        """Take in a device."""
        self.devices.setdefault(device.type_id, {})[device.device_id] = device

    def leave_out(self, key: DeviceKey, source: Source) -> None:
        """Remember a device that is declared, but not rightly."""
        self.broken[key] = source

    def clash(self, key: DeviceKey) -> str:
        """Give the words for a device that is declared already; nothing if it is new."""
        device = self.devices.get(key.type_id, {}).get(key.device_id)
        known = self.broken.get(key) if device is None else device.source
        if known is None:
            return ""
        return f"device {key} is already declared at {known.file}:{known.line}: keep one"
