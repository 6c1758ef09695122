"""Put HTTP in front of the org: a WSGI application for the process or a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from fleetsync.emulator.access_group import read_patterns
from fleetsync.emulator.account import check_account
from fleetsync.emulator.body import MAX_BODY_BYTES, read_body
from fleetsync.emulator.control import CONTROL_ROOT, answer_control
from fleetsync.emulator.disturbance import disturb
from fleetsync.emulator.message import Answer, Request, refusal_answer
from fleetsync.emulator.refusal import RefusalError, Violation, invalid, not_found
from fleetsync.emulator.route import API_ROOT, Route, find_route, read_path
from fleetsync.emulator.turn import Author
from fleetsync.emulator.value import JSON, read_json
from fleetsync.emulator.wire import CutError, deliver, sent_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from fleetsync.emulator.state import OrgState
    from fleetsync.emulator.wire import Sent

    Messaging = Callable[[WSGIEnvironment], Sent | None]

_CRASH = (
    '{"message":"EMU0500E: The emulator failed.","exception":{"id":"EMU0500E","properties":[]}}'
)


class _Desk(NamedTuple):
    """What every request is answered with."""

    state: OrgState
    accounts: Mapping[str, str] | None
    messaging: Messaging | None


def make_app(
    state: OrgState,
    accounts: Mapping[str, str] | None = None,
    messaging: Messaging | None = None,
) -> WSGIApplication:
    """Return the application; ``accounts`` maps API keys to tokens, None takes any that are given.

    ``messaging`` answers the calls that are for it, and returns None for the others. The
    application is safe to call from several threads, and it writes no log.
    """
    desk = _Desk(state, accounts, messaging)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chunks = deliver(_respond(desk, environ), start_response)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else chunks

    return disturb(application, state)


def _respond(desk: _Desk, environ: WSGIEnvironment) -> Sent:
    try:
        sent = desk.messaging(environ) if desk.messaging else None
        if sent is not None:
            return sent
        return sent_answer(_answer(desk, environ))
    except RefusalError as refusal:
        return sent_answer(refusal_answer(refusal, desk.state.switches))
    except CutError:
        raise
    except Exception:  # noqa: BLE001 - whatever fails, the answer is bland and the server goes on
        return sent_answer(Answer(500, _CRASH))


def _answer(desk: _Desk, environ: WSGIEnvironment) -> Answer:
    method, path = environ["REQUEST_METHOD"], read_path(environ.get("PATH_INFO", ""))
    if path.startswith(f"{CONTROL_ROOT}/"):
        check_account(environ.get("HTTP_AUTHORIZATION"), desk.accounts)
        body = read_json(read_body(environ, MAX_BODY_BYTES)) if method == "PUT" else None
        return answer_control(desk.state, method, path, body)
    return _answer_api(desk, environ, method, path)


def _answer_api(desk: _Desk, environ: WSGIEnvironment, method: str, path: str) -> Answer:
    """Count, then check credentials, then path, then body; only then is it the org's turn."""
    route, ids, refusal = _find(method, path)
    desk.state.count_call(route.name if route else f"{method} (unknown)")
    key = check_account(environ.get("HTTP_AUTHORIZATION"), desk.accounts)
    if route is None:
        raise refusal or not_found()
    request = Request(ids, _read_query(environ), _read_value(desk, environ, route))
    author = Author(desk.state.switches.registration_auth, key)
    hidden = read_patterns(desk.state.faults.hidden_devices)
    with desk.state.turn(author, writing=route.is_writing, hidden=hidden) as turn:
        return route.answer(turn, request)


def _find(method: str, path: str) -> tuple[Route | None, dict[str, str], RefusalError | None]:
    """Find the route; a refusal waits until the credentials were looked at."""
    if not (path + "/").startswith(API_ROOT + "/"):
        return None, {}, not_found()
    try:
        route, ids = find_route(method, path.removeprefix(API_ROOT))
    except RefusalError as refusal:
        return None, {}, refusal
    return route, ids, None


def _read_query(environ: WSGIEnvironment) -> dict[str, str]:
    try:
        pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise invalid([Violation("EMU1008E", "The query is not valid.")]) from error
    query = dict(pairs)
    if len(query) != len(pairs):
        raise invalid([Violation("EMU1008E", "A query parameter is given twice.")])
    return query


def _read_value(desk: _Desk, environ: WSGIEnvironment, route: Route) -> JSON:
    limit = desk.state.switches.request_bytes if route.is_bulk else MAX_BODY_BYTES
    raw = read_body(environ, limit)
    return read_json(raw) if route.has_body else None
