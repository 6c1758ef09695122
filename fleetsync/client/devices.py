"""List, register, read, change and delete devices, one a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.api.registry import device_path
from fleetsync.api.wire import split_key
from fleetsync.client.answer import device_key, encoded, known, query, read_back, read_object
from fleetsync.client.listing import Listing, Place
from fleetsync.client.records import Registered
from fleetsync.errors import OutcomeUnknownError
from fleetsync.model.token import Token

if TYPE_CHECKING:
    from fleetsync.api.collation import Key
    from fleetsync.api.paging import ListReader
    from fleetsync.api.transport import Transport
    from fleetsync.client.records import Device, DeviceInfo, DeviceLocation, Object, Parameters
    from fleetsync.model.value import JSON

_ORDER = "typeId,deviceId"


class DeviceCalls:
    """The calls on single devices, and the lists of devices (platform page 4.1 and 5)."""

    def __init__(self, transport: Transport, lists: ListReader) -> None:
        self._transport = transport
        self._lists = lists

    def get_all_devices(self, parameters: Parameters | None = None) -> Listing[Device]:
        """List all devices: ``GET /bulk/devices`` (page 4.1); iterate it, or ask for its pages.

        ``parameters`` filter by exact match: ``typeId``, ``deviceId``, ``deviceInfo.model``,
        ``status.alert.enabled`` and others. Locations and tokens are in no list.
        """
        return Listing(self._lists, Place(("bulk", "devices"), _ORDER, _device_key), parameters)

    def retrieve_devices(
        self, type_id: str, parameters: Parameters | None = None
    ) -> Listing[Device]:
        """List the devices of one type: ``GET /device/types/{typeId}/devices`` (page 5.1).

        As :meth:`get_all_devices`; 404 where there is no such type.
        """
        place = Place(("device", "types", type_id, "devices"), "deviceId", _device_key)
        return Listing(self._lists, place, parameters)

    def register_device(  # noqa: PLR0913, PLR0917 - the guide's order, which users know
        self,
        type_id: str,
        device_id: str,
        auth_token: str | Token | None = None,
        device_info: DeviceInfo | None = None,
        location: DeviceLocation | None = None,
        metadata: Object | None = None,
    ) -> Registered:
        """Add a device: ``POST /device/types/{typeId}/devices`` (page 5.2).

        Without ``auth_token`` the platform makes one, and shows it in this answer alone: if the
        answer is lost (OutcomeUnknownError), so is the token. So better give one (8 to 36
        characters, page 7) and keep it before you call. What it is not told, the device takes over
        from its type. Statuses: 201; 400 bad body or token, 401, 403 role or quota, 404 or 400 no
        such type, 409 it exists, 500.
        """
        token = auth_token.reveal() if isinstance(auth_token, Token) else auth_token
        parts = {"deviceInfo": device_info, "location": location, "metadata": metadata}
        content = encoded(known({"deviceId": device_id, "authToken": token, **parts}))
        path = ("device", "types", type_id, "devices")
        answer = self._transport.post(path, content, secrets=[token] if token else [])
        body = read_back(answer, "a device")
        made = body.pop("authToken", token)
        if not isinstance(made, str) or not made:
            raise OutcomeUnknownError(
                f"the org registered {type_id}/{device_id} and told no token: delete it and "
                "register it again with a token of your own",
                http_code=answer.status,
            )
        return Registered(cast("Device", body), Token(made))

    def get_device(
        self, type_id: str, device_id: str, parameters: Parameters | None = None
    ) -> Device:
        """Read one device: ``GET /device/types/{typeId}/devices/{deviceId}`` (page 5.3).

        Statuses: 200; 401, 403, 404 no such device or type, or it is hidden, 500.
        """
        path = device_path(device_key(type_id, device_id))
        answer = self._transport.get(path, query(parameters))
        return cast("Device", read_object(answer, "a device"))

    def update_device(
        self,
        type_id: str,
        device_id: str,
        metadata: Object | None = None,
        device_info: DeviceInfo | None = None,
        status: Object | None = None,
    ) -> Device:
        """Change a device: ``PUT /device/types/{typeId}/devices/{deviceId}`` (page 5.4).

        ``device_info`` is merged: what is null or not given stays. Whether ``metadata`` replaces or
        is merged nobody knows: send all of it. ``status`` is ``{"alert": {"enabled": bool}}`` and
        need not be sent; true raises the alert. Statuses: 200; 400 bad value, 401, 403, 404 no such
        device, 409 changed at the same time, 500.
        """
        content = encoded(
            known({"metadata": metadata, "deviceInfo": device_info, "status": status})
        )
        answer = self._transport.put(device_path(device_key(type_id, device_id)), content)
        return cast("Device", read_back(answer, "a device"))

    def delete_device(self, type_id: str, device_id: str) -> None:
        """Delete a device, its token with it: ``DELETE .../devices/{deviceId}`` (page 5.5).

        Statuses: 204; 401, 403, 404 no such device, or it is hidden, 500.
        """
        self._transport.delete(device_path(device_key(type_id, device_id)))


def _device_key(row: JSON) -> Key:
    return split_key(row)[1]
