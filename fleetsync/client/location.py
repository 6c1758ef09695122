"""Read and set where a device is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.api.registry import device_path
from fleetsync.client.answer import device_key, encoded, known, read_back, read_object

if TYPE_CHECKING:
    from fleetsync.api.transport import Transport
    from fleetsync.client.records import DeviceLocation, Object


class LocationCalls:
    """The calls on the location of a device (platform page 5.6)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_device_location(self, type_id: str, device_id: str) -> DeviceLocation:
        """Read the location: ``GET .../devices/{deviceId}/location``.

        Statuses: 200; 401, 403, 404 it was never set, or no such device, 500.
        """
        answer = self._transport.get(_path(type_id, device_id))
        return cast("DeviceLocation", read_object(answer, "a location"))

    def update_device_location(
        self, type_id: str, device_id: str, location: DeviceLocation | Object
    ) -> DeviceLocation:
        """Set the whole location: ``PUT .../devices/{deviceId}/location``.

        ``longitude`` and ``latitude`` are needed; what is left out is deleted, and
        ``measuredDateTime`` (at most milliseconds) becomes the present. A location cannot be unset.
        Statuses: 200; 400 out of range, 401, 403, 404 no such device, 409 changed at the same time,
        500.
        """
        answer = self._transport.put(_path(type_id, device_id), encoded(known(location)))
        return cast("DeviceLocation", read_back(answer, "a location"))


def _path(type_id: str, device_id: str) -> tuple[str, ...]:
    return (*device_path(device_key(type_id, device_id)), "location")
