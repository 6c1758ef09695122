"""Read the connection log of a device (platform page 6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.wire import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.api.transport import Reader
    from fleetsync.model.key import DeviceKey
    from fleetsync.model.value import JSON


def read_connection_log(
    reader: Reader, key: DeviceKey, params: Mapping[str, str]
) -> list[dict[str, JSON]]:
    """Give the entries as the org has them; ``params`` are ``limit`` and its like.

    The log lags by half a minute, and is empty for a device that may not be seen.
    """
    names = {"typeId": key.type_id, "deviceId": key.device_id}
    body = reader.get(("logs", "connection"), {**names, **params}).body
    where = f"the connection log of {key}"
    return [as_object(entry, where) for entry in as_list(body, where)]
