"""Put the faults between an application and its client; without faults nothing is in the way."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.aim import Call
from fleetsync.emulator.body import MAX_BODY_BYTES, read_body
from fleetsync.emulator.faults import AFTER_FAULTS, BEFORE_FAULTS, NO_FAULTS, split_list
from fleetsync.emulator.gibberish import garble
from fleetsync.emulator.item_fault import carry_with_faults
from fleetsync.emulator.list_fault import follow_alias, spoil_list
from fleetsync.emulator.message import refusal_answer
from fleetsync.emulator.mishap import BULK_ADD, BULK_REMOVE, LISTS
from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.route import name_call
from fleetsync.emulator.second_writer import write_meanwhile
from fleetsync.emulator.throttle import retry_headers
from fleetsync.emulator.wire import (
    CutError,
    Sent,
    capture,
    cut_short,
    deliver,
    drip,
    sent_answer,
    status_line,
    wait,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from fleetsync.emulator.mishap import Incident
    from fleetsync.emulator.state import OrgState

_GARBLINGS = ("invalid", "html", "truncated", "wrongType")
_UNEXPLAINED = frozenset({401, 403})
_WITH_RETRY_AFTER = frozenset({429, 503})


def disturb(app: WSGIApplication, state: OrgState) -> WSGIApplication:
    """Return the application with the faults of the state, as they are when a request comes."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        follow_alias(environ)
        incident = _meet(state, environ)
        if incident is None:
            return app(environ, start_response)
        return _misbehave(_Case(app, state, incident, environ), start_response)

    return application


class _Case(NamedTuple):
    """A request that faults may strike, and whom it is for."""

    app: WSGIApplication
    state: OrgState
    incident: Incident
    environ: WSGIEnvironment


def _meet(state: OrgState, environ: WSGIEnvironment) -> Incident | None:
    faults = state.faults
    if faults is NO_FAULTS or faults == NO_FAULTS:
        return None
    named = name_call(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
    if named is None:
        return None
    name, path = named
    return state.mishaps.meet(faults, Call(name, path, environ.get("QUERY_STRING", "")))


def _misbehave(case: _Case, start_response: StartResponse) -> Iterable[bytes]:
    """Answer, or cut the connection; what is to be done is done in between."""
    incident = case.incident
    write_meanwhile(case.state, incident)
    if incident.must_wait:
        incident.note("throttle_calls_per_second")
        return deliver(_refuse(case, 429), start_response)
    fault = incident.pick((*BEFORE_FAULTS, *AFTER_FAULTS))
    if fault in BEFORE_FAULTS:
        return _send(case, _fail_before(case, fault), start_response)
    sent = _carry_out(case)
    if fault == "cut_body":
        return _cut(case, sent, start_response)
    return _send(case, _fail_after(case, fault, sent), start_response)


def _fail_before(case: _Case, fault: str) -> Sent:
    """Fail a request that was not carried out; return the answer, if there is to be one."""
    case.state.count_call(case.incident.call)
    if fault == "reset_before_read":
        case.incident.note(fault)
        raise CutError(reset=True)
    try:
        read_body(case.environ, MAX_BODY_BYTES)
    except RefusalError as refusal:
        return sent_answer(refusal_answer(refusal, case.state.switches))
    if fault == "throttled":
        case.incident.note(fault)
        return _refuse(case, 429)
    return _fail(case, fault)


def _fail_after(case: _Case, fault: str | None, sent: Sent) -> Sent:
    """Return the answer to a request that was carried out, if there is to be one."""
    if fault is None:
        return sent
    if fault != "garbled_body":
        return _fail(case, fault)
    chance = case.incident.dice.throw("garbling")
    kind: str = case.incident.faults.garbled_as
    if kind == "mixed":
        kind = chance.choice(_GARBLINGS)
    case.incident.note(fault, kind)
    return garble(sent, kind, chance)


def _fail(case: _Case, fault: str) -> Sent:
    """Fail a request whether or not it was carried out: by a status, a hang or a reset."""
    incident = case.incident
    if fault in {"status_before", "status_after"}:
        statuses = split_list(incident.faults.statuses)
        status = int(incident.dice.throw("status").choice(statuses))
        incident.note(fault, str(status))
        return _refuse(case, status)
    incident.note(fault)
    if fault in {"hang_before_write", "hang_after_write"}:
        wait(case.environ, incident.faults.hang_seconds)
        raise CutError(reset=False)
    raise CutError(reset=True)


def _refuse(case: _Case, status: int) -> Sent:
    """Return an error answer in the form that the org's own have."""
    explained = status not in _UNEXPLAINED
    text = "The emulator was told to fail."
    refusal = RefusalError(status, f"EMU0{status}E", text, explained=explained)
    answer = refusal_answer(refusal, case.state.switches)
    sent = sent_answer(answer)
    if status not in _WITH_RETRY_AFTER:
        return sent
    incident = case.incident
    chance = incident.dice.throw("retry_after")
    headers = retry_headers(incident.faults, chance, incident.must_wait or None)
    return sent._replace(headers=(*sent.headers, *headers))


def _carry_out(case: _Case) -> Sent:
    """Let the application answer, with what befalls lists and the items of bulk requests."""
    if case.incident.call in {BULK_ADD, BULK_REMOVE}:
        return _carry_out_bulk(case)
    sent = capture(case.app, case.environ)
    if case.incident.call in LISTS:
        return spoil_list(sent, case.environ.get("QUERY_STRING", ""), case.incident)
    return sent


def _carry_out_bulk(case: _Case) -> Sent:
    try:
        body = read_body(case.environ, MAX_BODY_BYTES)
    except RefusalError as refusal:
        return sent_answer(refusal_answer(refusal, case.state.switches))

    def carry(body: bytes) -> Sent:
        environ = {**case.environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return capture(case.app, environ)

    if len(body) > case.state.switches.request_bytes:
        return carry(body)
    return carry_with_faults(body, case.incident, carry)


def _send(case: _Case, sent: Sent, start_response: StartResponse) -> Iterable[bytes]:
    """Send an answer, late or in drips if that strikes."""
    incident = case.incident
    if incident.strikes("slow_answer"):
        incident.note("slow_answer")
        wait(case.environ, incident.faults.slow_seconds)
    if not sent.body or not incident.strikes("dripping_answer"):
        return deliver(sent, start_response)
    incident.note("dripping_answer")
    start_response(status_line(sent.status), list(sent.headers))
    return drip(sent.body, incident.faults.drip_seconds, case.environ)


def _cut(case: _Case, sent: Sent, start_response: StartResponse) -> Iterable[bytes]:
    """Send less of the body than was promised; where there is none, nothing comes at all."""
    case.incident.note("cut_body")
    if not sent.body:
        raise CutError(reset=False)
    length = case.incident.dice.throw("cut").randrange(len(sent.body))
    start_response(status_line(sent.status), list(sent.headers))
    return cut_short(sent.body[:length])
