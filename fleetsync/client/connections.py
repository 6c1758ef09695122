"""Read who connected and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleetsync.api.connection_log import read_connection_log
from fleetsync.client.answer import device_key, query

if TYPE_CHECKING:
    from fleetsync.api.transport import Reader
    from fleetsync.client.records import ConnectionLogEntry, Parameters


class ConnectionCalls:
    """The calls on connections (platform page 6.3)."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def get_device_connection_logs(
        self, type_id: str, device_id: str, parameters: Parameters | None = None
    ) -> list[ConnectionLogEntry]:
        """Read the connection log of a device, the newest first: ``GET /logs/connection``.

        ``parameters``: ``limit`` 1 to 20, ``offset`` 1 to 1000, ``fromTime`` and ``toTime`` (ISO
        8601, both or none). It lags by half a minute, and is empty for a device that is not there
        or may not be seen. Statuses: 200; 400 bad parameter, 401, 403, 404, 500.
        """
        key = device_key(type_id, device_id)
        entries = read_connection_log(self._reader, key, query(parameters))
        return cast("list[ConnectionLogEntry]", entries)
