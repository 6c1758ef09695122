"""Read which clients are connected: ``GET /clientconnectionstates`` (platform page 2, a beta).

No document lists the fields of a state. What is read is the client id, ``connectionStatus``, and of
the times those whose name speaks of connecting; a row without the first two tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.api.page import Page, parse_page
from fleetsync.errors import ApiError, CredentialsError
from fleetsync.model.presence import Presence, PresenceState, utc_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleetsync.api.transport import Reader
    from fleetsync.model.value import JSON

STATES = "clientconnectionstates"
_CONNECTED = "connected"
_MOST_PAGES = 100_000
_WORDS = {each.value: each for each in (PresenceState.CONNECTED, PresenceState.DISCONNECTED)}
_PAGE = "100"
"""Rows that are asked for; an org that will not have it gives as many as it likes."""


class ClientStates(NamedTuple):
    """Of each client that the org has seen, whether it is connected.

    ``doubt`` says in words why the list is not whole; empty: nothing speaks against it.
    """

    by_client: Mapping[str, bool]
    doubt: str = ""


class ClientState(NamedTuple):
    """What the org tells of one client; a word that is not known is no state."""

    client: str
    presence: Presence

    @property
    def is_on(self) -> bool:
        """Tell whether it is connected, as far as that is known."""
        return self.presence.state is PresenceState.CONNECTED


def client_states(
    reader: Reader,
    filters: Mapping[str, str],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> ClientStates:
    """Read the states of all clients, or of those that pass the filters.

    Raises ApiError where the org does not tell.
    """
    found: dict[str, bool] = {}
    rows_read, total = 0, None
    for page in state_pages(reader, filters):
        states = filter(None, map(parse_state, page.rows))
        found.update((state.client, state.is_on) for state in states if _is_known(state))
        rows_read, total = rows_read + len(page.rows), page.total
        progress(rows_read, total)
    if total is not None and len(found) < total:
        return ClientStates(found, f"{len(found):,} of {total:,} states of connections were told")
    return ClientStates(found)


def get_extra(
    reader: Reader, segments: tuple[str, ...], params: Mapping[str, str] | None = None
) -> JSON:
    """Read what the work can do without; raises ApiError, also for a 403 that says nothing.

    The key was taken before, so that is about this call alone: its role may not ask it.
    """
    try:
        return reader.get(segments, params).body
    except CredentialsError as error:
        if error.http_code != 403:
            raise
        raise ApiError(str(error), status=403) from error


def state_pages(reader: Reader, filters: Mapping[str, str]) -> Iterator[Page]:
    """Give page after page of states, until there is no more or a bookmark comes again.

    Raises ApiError where the org does not tell: 403, or 404 where it has no such call.
    """
    params, seen = {**filters, "_limit": _PAGE}, set[str]()
    for _ in range(_MOST_PAGES):
        try:
            page = parse_page(get_extra(reader, (STATES,), params), STATES)
        except ApiError as error:
            if error.status != 400 or "_limit" not in params:
                raise
            params.pop("_limit")
            continue
        yield page
        if not page.rows or page.bookmark is None or page.bookmark in seen:
            break
        seen.add(page.bookmark)
        params = {**params, "_bookmark": page.bookmark}


def parse_state(row: JSON) -> ClientState | None:
    """Read the state of a client; None for what names none, or tells nothing of it."""
    if not isinstance(row, dict):
        return None
    status, client = row.get("connectionStatus"), row.get("id") or row.get("clientId")
    if not isinstance(status, str) or not isinstance(client, str):
        return None
    state = _WORDS.get(status.lower(), PresenceState.UNKNOWN)
    seen_at = _last_time(row) if state is PresenceState.DISCONNECTED else None
    return ClientState(client, Presence(state, seen_at))


def _last_time(row: Mapping[str, JSON]) -> str | None:
    times = (utc_stamp(value) for name, value in row.items() if "connect" in name.lower())
    return max(filter(None, times), default=None)


def _is_known(state: ClientState) -> bool:
    return state.presence.state is not PresenceState.UNKNOWN
