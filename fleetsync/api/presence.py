"""Find out of some devices whether they are connected, in as few calls as that takes.

``GET /clientconnectionstates`` is a beta (platform page 2) that once answered nothing but 503, so
it is not waited for as long as the registry.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.api.connected import STATES, get_extra, parse_state, state_pages
from fleetsync.api.parallel import run_beside
from fleetsync.errors import ApiError
from fleetsync.model.key import DeviceKey, client_id
from fleetsync.model.presence import CONNECTED, NEVER, UNKNOWN, Presence, PresenceState, utc_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fleetsync.api.page import Page
    from fleetsync.api.transport import Reader

SINGLY = 20
"""Up to this many devices are asked for one by one."""

_MOST_SINGLY = 500
"""So many that a list does not name are asked for one by one, if it is not provably whole."""

_IN_FLIGHT = 8
_BUDGET_SECONDS = 15.0
_LOG_ENTRIES = "20"
"""The most that the org gives of a log at once (platform page 6.3); its order is not documented."""

_UNREADABLE = "what it tells of clients cannot be read"


class Client(NamedTuple):
    """A device that is asked for; ``gateway`` tells that its type is of class Gateway."""

    key: DeviceKey
    gateway: bool


class _List(NamedTuple):
    """What a list told, by client id; ``whole`` if its rows are as many as it counts.

    ``unfiltered`` tells that it holds clients of other types as well.
    """

    states: Mapping[str, Presence]
    whole: bool
    unfiltered: bool


def look_for(
    reader: Reader, org: str, clients: Sequence[Client], *, since: str | None = None
) -> dict[DeviceKey, Presence]:
    """Say of each device whether it is connected; what nobody can tell is UNKNOWN.

    ``since`` is a time of the platform before which none of them can have connected: it shortens
    lists.

    Raises ApiError where the org does not tell at all: 403, 404 where it has no such call, 503 and
    the like; CredentialsError and UnreachableError as ever.
    """
    hasty = reader.hasty(_BUDGET_SECONDS)
    if len(clients) <= SINGLY:
        return _singly(hasty, org, clients)
    found: dict[DeviceKey, Presence] = {}
    known = _List({}, whole=False, unfiltered=False)
    narrow = {} if since is None else {"connectedAfter": since}
    by_type = sorted(clients, key=lambda client: client.key)
    for type_id, group in groupby(by_type, key=lambda client: client.key.type_id):
        members = list(group)
        if not known.unfiltered:
            filters = {"deviceType": type_id, **narrow}
            known = _read_list(hasty, filters, f":{org}:{type_id}:", max(len(members), SINGLY))
        found |= _told(hasty, org, members, known)
    return found


def last_logged(reader: Reader, keys: Sequence[DeviceKey]) -> dict[DeviceKey, str]:
    """Give the time of the newest entry in each device's connection log, where it has one.

    One call a device; what the org refuses to tell is left out.
    """
    hasty = reader.hasty(_BUDGET_SECONDS)
    times = run_beside([partial(_newest, hasty, key) for key in keys], threads=_IN_FLIGHT)
    return {key: at for key, at in zip(keys, times, strict=True) if at is not None}


def _newest(reader: Reader, key: DeviceKey) -> str | None:
    params = {"typeId": key.type_id, "deviceId": key.device_id, "limit": _LOG_ENTRIES}
    try:
        body = get_extra(reader, ("logs", "connection"), params)
    except ApiError:
        return None
    entries = [entry for entry in body if isinstance(entry, dict)] if isinstance(body, list) else []
    return max(filter(None, (utc_stamp(each.get("timestamp")) for each in entries)), default=None)


def _told(
    reader: Reader, org: str, clients: Sequence[Client], known: _List
) -> dict[DeviceKey, Presence]:
    """Take from a list what it tells; of those that it does not name, ask for some singly.

    If the org knows any of these, its list is no proof, and more of them are asked for.
    """
    listed = {client.key: _best(known.states, org, client) for client in clients}
    found = {key: presence for key, presence in listed.items() if presence is not None}
    rest = [client for client in clients if client.key not in found]
    if not rest:
        return found
    sample, others = rest[:SINGLY], rest[SINGLY:]
    asked = _singly(reader, org, sample)
    if known.whole and all(presence == NEVER for presence in asked.values()):
        return found | asked | {client.key: NEVER for client in others}
    more = _singly(reader, org, others[:_MOST_SINGLY]) if others else {}
    return found | asked | more | {client.key: UNKNOWN for client in others[_MOST_SINGLY:]}


def _best(states: Mapping[str, Presence], org: str, client: Client) -> Presence | None:
    """Give what a list tells under any name that the device may have there (page Q13)."""
    found = [states[name] for name in _names(org, client) if name in states]
    return CONNECTED if CONNECTED in found else found[0] if found else None


def _names(org: str, client: Client) -> list[str]:
    forms = (True, False) if client.gateway else (False,)
    return [client_id(org, client.key, gateway=form) for form in forms]


def _singly(reader: Reader, org: str, clients: Sequence[Client]) -> dict[DeviceKey, Presence]:
    calls = [partial(_ask, reader, _names(org, client)) for client in clients]
    answers = run_beside(calls, threads=_IN_FLIGHT)
    if all(answer is None for answer in answers):
        _check_that_it_tells(reader)
    keys = (client.key for client in clients)
    return {key: answer or NEVER for key, answer in zip(keys, answers, strict=True)}


def _ask(reader: Reader, names: Iterable[str]) -> Presence | None:
    """Ask for a client under each of its names; None: the org does not know it."""
    found: Presence | None = None
    for name in names:
        try:
            row = get_extra(reader, (STATES, name))
        except ApiError as error:
            if error.status != 404:
                raise
            continue
        state = parse_state(row)
        found = UNKNOWN if state is None or state.client != name else state.presence
        if found.state is PresenceState.CONNECTED:
            break
    return found


def _check_that_it_tells(reader: Reader) -> None:
    """Tell an org that knows none of these clients from one without this call; both say 404."""
    for page in state_pages(reader, {}):
        if page.rows and not any(map(parse_state, page.rows)):
            raise ApiError(_UNREADABLE, status=200)
        return


def _read_list(reader: Reader, filters: dict[str, str], of_type: str, most_calls: int) -> _List:
    """List the clients of a type; once more if they are fewer than the list says they are.

    Whoever it does not name is asked for singly where the list would take more calls than that.
    """
    for _ in range(2):
        try:
            found = _list(state_pages(reader, filters), of_type, most_calls)
        except ApiError as error:
            if error.status != 400 or not filters:
                raise
            filters = {}
            continue
        if found.whole:
            break
    return found


def _list(pages: Iterator[Page], of_type: str, most_calls: int) -> _List:
    states: dict[str, Presence] = {}
    rows, total, unfiltered = 0, None, False
    for page in pages:
        rows, total = rows + len(page.rows), page.total
        for state in filter(None, map(parse_state, page.rows)):
            states[state.client] = state.presence
            unfiltered |= of_type not in state.client
        if rows and not states:
            raise ApiError(_UNREADABLE, status=200)
        if total is not None and page.rows and total > most_calls * len(page.rows):
            break
    return _List(states, total is not None and len(states) >= total, unfiltered)
