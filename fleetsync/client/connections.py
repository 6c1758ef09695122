"""Read who connected and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fleetsync.api.connection_log import read_connection_log
from fleetsync.api.wire import as_object
from fleetsync.client.answer import device_key, query, read_object
from fleetsync.client.listing import Page

if TYPE_CHECKING:
    from fleetsync.api.paging import ListReader
    from fleetsync.api.transport import Reader
    from fleetsync.client.records import ConnectionLogEntry, Parameters


_STATES = ("clientconnectionstates",)


class ConnectionCalls:
    """The calls on connections (platform page 6.3 and 2)."""

    def __init__(self, reader: Reader, lists: ListReader) -> None:
        self._reader = reader
        self._lists = lists

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

    def get_client_connection_states(
        self, parameters: Parameters | None = None
    ) -> Page[dict[str, Any]]:
        """Read a page of who is connected: ``GET /clientconnectionstates`` (page 2, a beta).

        ``parameters`` are ``connectionStatus``, ``connectedAfter``, ``deviceType`` and
        ``deviceId``, and the ``_bookmark`` of the page before. No document lists the fields of a
        state, or says that the list can be proven whole. Statuses: 200; 401, 403, 404 the org has
        no such call, 500.
        """
        page = self._lists.open(_STATES, query(parameters)).only_page()
        rows = [as_object(row, "a connection state") for row in page.rows]
        return Page(rows, page.bookmark, page.total, page.facets)

    def get_client_connection_state(self, client_id: str) -> dict[str, Any]:
        """Read the state of one client, such as ``d:abc123:pump:p-001``.

        ``GET /clientconnectionstates/{clientId}`` (page 2, a beta). Statuses: 200; 401, 403, 404
        no such client, or no such call, 500.
        """
        return read_object(self._reader.get((*_STATES, client_id)), "a connection state")
