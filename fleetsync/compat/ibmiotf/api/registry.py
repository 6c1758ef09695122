"""The calls on the organization, device types and devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fleetsync.compat.ibmiotf.api.arguments import (
    Object,
    located,
    located_devices,
    parts_of_update,
    token_and_metadata,
)
from fleetsync.compat.ibmiotf.errors import as_before, item_of

if TYPE_CHECKING:
    from fleetsync.client import ApplicationClient, Page


class OrganizationCalls:
    """Organization details (the guide's section of that name)."""

    _client: ApplicationClient

    @as_before
    def getOrganizationDetails(self) -> Any:
        """Give the details of the organization: 200."""
        return self._client.organization.get_organization_details()


class BulkCalls:
    """Bulk device operations; the names of later versions work as well."""

    _client: ApplicationClient

    @as_before
    def getAllDevices(self, parameters: Object | None = None) -> dict[str, Any]:
        """Give one page of all devices, its ``bookmark`` leads to the next (``_bookmark``): 200."""
        return envelope(self._client.devices.get_all_devices(parameters).page())

    @as_before
    def addMultipleDevices(self, listOfDevices: Sequence[Object]) -> list[dict[str, Any]]:
        """Add devices, and give each with its token: 201.

        If not all were added, IoTFCReSTException (202) tells of each in ``response``.
        """
        devices = located_devices(listOfDevices)
        return [item_of(result) for result in self._client.bulk.add_multiple_devices(devices)]

    @as_before
    def deleteMultipleDevices(self, listOfDevices: Sequence[Object]) -> list[dict[str, Any]]:
        """Delete devices; one that is not there counts as deleted: 202."""
        results = self._client.bulk.delete_multiple_devices(listOfDevices)
        return [item_of(result) for result in results]

    getDevices = getAllDevices
    registerDevices = addMultipleDevices


class DeviceTypeCalls:
    """Device type operations; the names of later versions work as well."""

    _client: ApplicationClient

    @as_before
    def getAllDeviceTypes(self, queryParameters: Object | None = None) -> dict[str, Any]:
        """Give one page of device types: 200."""
        return envelope(self._client.types.get_all_device_types(queryParameters).page())

    @as_before
    def addDeviceType(
        self,
        deviceType: str | None = None,
        description: str | None = None,
        deviceInfo: Object | None = None,
        metadata: Object | None = None,
        classId: str = "Device",
        *,
        typeId: str | None = None,
    ) -> Any:
        """Create a device type, named ``deviceType`` in the guide and ``typeId`` later: 201."""
        name = deviceType if typeId is None else typeId
        if name is None:
            raise TypeError("addDeviceType: the type's id (deviceType) is missing")
        return self._client.types.add_device_type(
            name, description, info_of(deviceInfo), metadata, class_id=classId
        )

    @as_before
    def deleteDeviceType(self, typeId: str) -> bool:
        """Delete a device type that has no devices: 204."""
        self._client.types.delete_device_type(typeId)
        return True

    @as_before
    def getDeviceType(self, typeId: str) -> Any:
        """Give a device type: 200."""
        return self._client.types.get_device_type(typeId)

    @as_before
    def updateDeviceType(
        self,
        typeId: str,
        description: str | None,
        deviceInfo: Object | None,
        metadata: Object | None = None,
    ) -> Any:
        """Change a device type: 200."""
        return self._client.types.update_device_type(
            typeId, description, info_of(deviceInfo), metadata
        )

    getDeviceTypes = getAllDeviceTypes


class DeviceCalls:
    """Device operations; the names of later versions work as well."""

    _client: ApplicationClient

    @as_before
    def retrieveDevices(self, typeId: str, parameters: Object | None = None) -> dict[str, Any]:
        """Give one page of the devices of a type: 200."""
        return envelope(self._client.devices.retrieve_devices(typeId, parameters).page())

    @as_before
    def registerDevice(
        self,
        typeId: str,
        deviceId: str,
        authToken: str | Object | None = None,
        deviceInfo: Object | None = None,
        location: Object | None = None,
        metadata: Object | None = None,
    ) -> dict[str, Any]:
        """Add a device, and give it with its ``authToken``: 201.

        Metadata in the third place, as in the guide's sample, are taken as such.
        """
        token, data = token_and_metadata(authToken, metadata)
        made = self._client.devices.register_device(
            typeId, deviceId, token, info_of(deviceInfo), located(location), data
        )
        return {**made.device, "authToken": made.token.reveal()}

    @as_before
    def deleteDevice(self, typeId: str, deviceId: str) -> bool:
        """Delete a device: 204."""
        self._client.devices.delete_device(typeId, deviceId)
        return True

    @as_before
    def getDevice(self, typeId: str, deviceId: str, expand: Object | None = None) -> Any:
        """Give a device: 200; ``expand`` are query parameters."""
        return self._client.devices.get_device(typeId, deviceId, expand)

    @as_before
    def updateDevice(
        self,
        typeId: str,
        deviceId: str,
        metadata: Object | None = None,
        deviceInfo: Object | None = None,
        status: Object | None = None,
    ) -> Any:
        """Change a device: 200; metadata may be left out before deviceInfo and status."""
        data, info, state = parts_of_update(metadata, deviceInfo, status)
        return self._client.devices.update_device(typeId, deviceId, data, info_of(info), state)

    @as_before
    def getDeviceLocation(self, typeId: str, deviceId: str) -> Any:
        """Give the location of a device, 404 if it was never set: 200."""
        return self._client.location.get_device_location(typeId, deviceId)

    @as_before
    def updateDeviceLocation(self, typeId: str, deviceId: str, location: Object) -> Any:
        """Replace the location of a device: 200."""
        return self._client.location.update_device_location(typeId, deviceId, located(location))

    @as_before
    def getDeviceManagementInformation(self, typeId: str, deviceId: str) -> Any:
        """Give what a managed device told of itself, 404 for others: 200."""
        return self._client.management.get_device_management_information(typeId, deviceId)

    getDevicesForType = retrieveDevices
    removeDevice = deleteDevice


def envelope(page: Page[Any]) -> dict[str, Any]:
    """Write a page as the platform does (platform page 3.2)."""
    meta = {"total_rows": page.total, "facets": page.facets}
    whole: dict[str, Any] = {
        "results": page.results,
        "meta": {name: value for name, value in meta.items() if value is not None},
    }
    return whole if page.bookmark is None else {**whole, "bookmark": page.bookmark}


def info_of(info: Object | None) -> Any:
    """Give a deviceInfo as it came; which keys it may have is for the platform to say."""
    return None if info is None else dict(info)
