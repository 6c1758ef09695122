"""Read what managed devices tell of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.api.registry import device_path
from fleetsync.client.answer import device_key, read_object

if TYPE_CHECKING:
    from fleetsync.api.transport import Reader
    from fleetsync.client.records import Management


class ManagementCalls:
    """The calls on device management (platform page 5.7)."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def get_device_management_information(self, type_id: str, device_id: str) -> Management:
        """Read last activity, dormancy, supported actions and firmware: ``GET .../mgmt``.

        Statuses: 200; 401, 403, 404 the device never asked to be managed, or no such device, 500.
        """
        answer = self._reader.get((*device_path(device_key(type_id, device_id)), "mgmt"))
        return cast("Management", read_object(answer, "the management data"))
