"""Read which clients are connected: ``GET /clientconnectionstates`` (platform page 2, a beta).

No document lists the fields of a state. What is read is the client id and ``connectionStatus``; a
row that has neither tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.api.page import parse_page
from fleetsync.errors import ApiError

if TYPE_CHECKING:
    from fleetsync.api.transport import Reader
    from fleetsync.model.value import JSON

_STATES = "clientconnectionstates"
_CONNECTED = "connected"
_MOST_PAGES = 100_000


def connected_clients(reader: Reader) -> frozenset[str]:
    """Give the ids of all clients that are connected, such as ``d:abc123:pump:p-001``.

    Raises ApiError where the org does not tell: 403, or 404 where it has no such call.
    """
    found: set[str] = set()
    seen: set[str] = set()
    params = {"connectionStatus": _CONNECTED}
    for _ in range(_MOST_PAGES):
        page = parse_page(reader.get((_STATES,), params).body, _STATES)
        found.update(client for row in page.rows if (client := _connected_client(row)))
        if not page.rows or page.bookmark is None or page.bookmark in seen:
            break
        seen.add(page.bookmark)
        params = {**params, "_bookmark": page.bookmark}
    return frozenset(found)


def is_connected(reader: Reader, client_id: str) -> bool:
    """Tell whether a client is connected; one that the org does not know (404) is not."""
    try:
        return _connected_client(reader.get((_STATES, client_id)).body) is not None
    except ApiError as error:
        if error.status == 404:
            return False
        raise


def _connected_client(row: JSON) -> str | None:
    """Give the id of a client whose state says that it is connected."""
    if not isinstance(row, dict):
        return None
    status, client = row.get("connectionStatus"), row.get("id") or row.get("clientId")
    is_on = isinstance(status, str) and status.lower() == _CONNECTED
    return client if is_on and isinstance(client, str) else None
