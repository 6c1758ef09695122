"""Hold an answer as it goes on the wire, and the ways in which a connection can fail it.

An application is told nothing of sockets: it raises CutError, and the server or the in-process
adapter does to its client what that means.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from fleetsync.emulator.message import Answer

WAIT = "fleetsync.wait"
"""The environ key of the function that waits some seconds on behalf of the connection."""

_MOST_DRIPS = 20


class CutError(Exception):
    """The connection ends here: with a reset, or closed as if all had been said."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("the connection is cut")
        self.reset = reset


class Sent(NamedTuple):
    """An answer with all that goes on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_body(self, body: bytes, *, status: int = 0, kind: str = "") -> Sent:
        """Return the answer with another body and its right length; ``kind`` is its type."""
        mine = {"content-length", "content-type"} if kind else {"content-length"}
        headers = [(name, text) for name, text in self.headers if name.lower() not in mine]
        headers += [("Content-Type", kind)] if kind else []
        headers.append(("Content-Length", str(len(body))))
        return Sent(status or self.status, tuple(headers), body)


def sent_answer(answer: Answer) -> Sent:
    """Return an answer with its headers (no body at all: 204 carries none)."""
    body = answer.text.encode("utf-8")
    headers = list(answer.headers)
    if body:
        headers.append(("Content-Type", "application/json; charset=utf-8"))
    if answer.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(body))))
    return Sent(answer.status, tuple(headers), body)


def status_line(status: int) -> str:
    """Return a status with its phrase."""
    return f"{status} {HTTPStatus(status).phrase}"


def capture(app: WSGIApplication, environ: WSGIEnvironment) -> Sent:
    """Call an application and return its answer instead of sending it."""
    heads: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], error: object = None, /
    ) -> Callable[[bytes], object]:
        del error
        heads.append((status, headers))
        return lambda _: None

    body = b"".join(app(environ, start_response))
    status, headers = heads[0]
    return Sent(int(status[:3]), tuple(headers), body)


def deliver(sent: Sent, start_response: StartResponse) -> list[bytes]:
    """Send an answer as it is."""
    start_response(status_line(sent.status), list(sent.headers))
    return [sent.body] if sent.body else []


def drip(body: bytes, seconds: float, environ: WSGIEnvironment) -> Iterator[bytes]:
    """Give a body in small parts, so that the last comes after so many seconds."""
    count = min(_MOST_DRIPS, len(body))
    for number in range(count):
        wait(environ, seconds / count)
        yield body[len(body) * number // count : len(body) * (number + 1) // count]


def cut_short(body: bytes) -> Iterator[bytes]:
    """Give a part of a body and cut the connection."""
    yield body
    raise CutError(reset=False)


def wait(environ: WSGIEnvironment, seconds: float) -> None:
    """Wait; CutError if meanwhile the client went away or the server is to stop."""
    environ.get(WAIT, time.sleep)(seconds)
