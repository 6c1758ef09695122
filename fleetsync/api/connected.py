"""Read which clients are connected: ``GET /clientconnectionstates`` (platform page 2, a beta).

No document lists the fields of a state. What is read is the client id and ``connectionStatus``; a
row that has neither tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.api.page import parse_page
from fleetsync.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleetsync.api.transport import Reader
    from fleetsync.model.value import JSON

_STATES = "clientconnectionstates"
_CONNECTED = "connected"
_MOST_PAGES = 100_000
_PAGE = "100"
"""Rows that are asked for; an org that will not have it gives as many as it likes."""


def connected_clients(reader: Reader) -> frozenset[str]:
    """Give the ids of all clients that are connected, such as ``d:abc123:pump:p-001``.

    Raises ApiError where the org does not tell: 403, or 404 where it has no such call.
    """
    states = client_states(reader, {"connectionStatus": _CONNECTED}).by_client
    return frozenset(client for client, is_on in states.items() if is_on)


class ClientStates(NamedTuple):
    """Of each client that the org has seen, whether it is connected.

    ``doubt`` says in words why the list is not whole; empty: nothing speaks against it.
    """

    by_client: Mapping[str, bool]
    doubt: str = ""


def client_states(
    reader: Reader,
    filters: Mapping[str, str],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> ClientStates:
    """Read the states of all clients, or of those that pass the filters; ApiError as above."""
    found: dict[str, bool] = {}
    rows_read, total = 0, None
    for rows, told in _pages(reader, filters):
        found.update(state for row in rows if (state := _state_of(row)))
        rows_read, total = rows_read + len(rows), told
        progress(rows_read, total)
    if total is not None and len(found) < total:
        return ClientStates(found, f"{len(found):,} of {total:,} states of connections were told")
    return ClientStates(found)


def is_connected(reader: Reader, client_id: str) -> bool:
    """Tell whether a client is connected; one that the org does not know (404) is not."""
    try:
        state = _state_of(reader.get((_STATES, client_id)).body)
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return state is not None and state[1]


def _pages(
    reader: Reader, filters: Mapping[str, str]
) -> Iterator[tuple[tuple[JSON, ...], int | None]]:
    """Give rows and total of page after page, until there is no more or a bookmark comes again."""
    params, seen = {**filters, "_limit": _PAGE}, set[str]()
    for _ in range(_MOST_PAGES):
        try:
            page = parse_page(reader.get((_STATES,), params).body, _STATES)
        except ApiError as error:
            if error.status != 400 or "_limit" not in params:
                raise
            params.pop("_limit")
            continue
        yield tuple(page.rows), page.total
        if not page.rows or page.bookmark is None or page.bookmark in seen:
            break
        seen.add(page.bookmark)
        params = {**params, "_bookmark": page.bookmark}


def _state_of(row: JSON) -> tuple[str, bool] | None:
    """Give the id of a client, and whether its state says that it is connected."""
    if not isinstance(row, dict):
        return None
    status, client = row.get("connectionStatus"), row.get("id") or row.get("clientId")
    if not isinstance(status, str) or not isinstance(client, str):
        return None
    return client, status.lower() == _CONNECTED
