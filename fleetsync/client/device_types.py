"""List, add, read, change and delete device types."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.api.paging import ListReader
from fleetsync.api.wire import parse_device_type
from fleetsync.client.answer import encoded, known, read_back, read_object
from fleetsync.client.listing import Listing, Place

if TYPE_CHECKING:
    from fleetsync.api.collation import Key
    from fleetsync.api.transport import Transport
    from fleetsync.client.records import DeviceInfo, DeviceType, Object, Parameters
    from fleetsync.model.value import JSON

_TYPES = ("device", "types")


class DeviceTypeCalls:
    """The calls on device types (platform page 3)."""

    def __init__(self, transport: Transport, lists: ListReader) -> None:
        self._transport = transport
        self._lists = lists

    def get_all_device_types(self, parameters: Parameters | None = None) -> Listing[DeviceType]:
        """List device types: ``GET /device/types`` (page 3.2); iterate it, or ask for its pages.

        ``parameters`` filter by exact match (``id``, ``description``, ``deviceInfo.model`` ...).
        """
        return Listing(self._lists, Place(_TYPES, "id", _type_key), parameters)

    def add_device_type(
        self,
        type_id: str,
        description: str | None = None,
        device_info: DeviceInfo | None = None,
        metadata: Object | None = None,
        *,
        class_id: str = "Device",
    ) -> DeviceType:
        """Create a type, ``class_id`` ``Device`` or ``Gateway``: ``POST /device/types`` (page 3.4).

        Statuses: 201; 400 bad body or value, 401, 403 role or quota, 409 it exists, 500.
        """
        body = {"id": type_id, "classId": class_id}
        content = encoded({**body, **_template(description, device_info, metadata)})
        return cast("DeviceType", read_back(self._transport.post(_TYPES, content), "a device type"))

    def get_device_type(self, type_id: str) -> DeviceType:
        """Read one type: ``GET /device/types/{typeId}``.

        Statuses: 200; 401, 403, 404 no such type, 500 (page 3.5).
        """
        answer = self._transport.get((*_TYPES, type_id))
        return cast("DeviceType", read_object(answer, "a device type"))

    def update_device_type(
        self,
        type_id: str,
        description: str | None = None,
        device_info: DeviceInfo | None = None,
        metadata: Object | None = None,
    ) -> DeviceType:
        """Change a type; what is not given stays (page 3.6): ``PUT /device/types/{typeId}``.

        ``id`` and ``classId`` cannot change, and devices that exist do not change with their type.
        Statuses: 200; 400 bad value, 401, 403, 404 no such type, 409 changed at the same time, 500.
        """
        content = encoded(_template(description, device_info, metadata))
        answer = self._transport.put((*_TYPES, type_id), content)
        return cast("DeviceType", read_back(answer, "a device type"))

    def delete_device_type(self, type_id: str) -> None:
        """Delete a type: ``DELETE /device/types/{typeId}`` (page 3.7).

        Statuses: 204; 400 (maybe 409) it still has devices, 401, 403, 404 no such type, 500. The
        refusal may outlive the last device by a moment.
        """
        self._transport.delete((*_TYPES, type_id))


def _template(
    description: str | None, device_info: DeviceInfo | None, metadata: Object | None
) -> dict[str, JSON]:
    return known(
        {"description": description, "deviceInfo": device_info, "metadata": metadata},
    )


def _type_key(row: JSON) -> Key:
    return (parse_device_type(row).type_id,)
