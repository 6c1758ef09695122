"""Carry requests of ``requests`` into a WSGI application without a socket."""

from __future__ import annotations

import errno
import io
import os
import time
from http.client import IncompleteRead, RemoteDisconnected
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout  # noqa: A004 - requests' own name for it
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from fleetsync.emulator.wire import WAIT, CutError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment


class _PatienceEndedError(Exception):
    """The client would have waited no longer."""


class InProcessAdapter(BaseAdapter):
    """A transport adapter to mount on a session; it keeps nothing, so threads may share it."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: PreparedRequest,
        *args: Any,  # noqa: ANN401 - as BaseAdapter has it
        timeout: Any = None,  # noqa: ANN401 - same
        **kwargs: Any,  # noqa: ANN401 - same
    ) -> Response:
        """Answer a request from the application.

        What concerns sockets is not heard, but for the time limit of an answer. A connection that
        the application cuts raises what ``requests`` would raise.
        """
        del args, kwargs
        response = Response()
        response.raw = io.BytesIO()
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        try:
            self._fill(response, _environ(request, patience))
        except CutError as cut:
            raise _broken(response, cut) from cut
        except _PatienceEndedError as end:
            raise _timed_out(request, patience) from end
        response.raw.seek(0)
        return response

    def _fill(self, response: Response, environ: WSGIEnvironment) -> None:
        def start_response(
            status: str, headers: list[tuple[str, str]], error: object = None, /
        ) -> Any:  # noqa: ANN401 - the write callable that WSGI has and nobody uses
            del error
            code, _, response.reason = status.partition(" ")
            response.status_code = int(code)
            response.headers = CaseInsensitiveDict(headers)
            return None

        for chunk in self._app(environ, start_response):
            response.raw.write(chunk)

    def close(self) -> None:
        """Close nothing: there is no connection."""


def _broken(response: Response, cut: CutError) -> ConnectionError | ChunkedEncodingError:
    """Return what ``requests`` raises when a connection is cut where it was cut."""
    if "Content-Length" in response.headers:
        got = response.raw.tell()
        missing = int(response.headers["Content-Length"]) - got
        error = IncompleteRead(b"", missing)
        words = f"Connection broken: IncompleteRead({got} bytes read, {missing} more expected)"
        return ChunkedEncodingError(ProtocolError(words, error), request=response.request)
    reason: OSError = RemoteDisconnected("Remote end closed connection without response")
    if cut.reset:
        reason = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return ConnectionError(ProtocolError("Connection aborted.", reason), request=response.request)


def _timed_out(request: PreparedRequest, patience: float) -> ReadTimeout:
    url = urlsplit(request.url or "")
    pool = HTTPConnectionPool(url.hostname or "localhost", url.port)
    words = f"Read timed out. (read timeout={patience})"
    return ReadTimeout(ReadTimeoutError(pool, url.path, words), request=request)


def _environ(request: PreparedRequest, patience: float | None) -> WSGIEnvironment:
    """Return the request as WSGI has it (PEP 3333)."""
    url = urlsplit(request.url or "")
    body = _body_bytes(request)

    def wait(seconds: float) -> None:
        if patience is not None and seconds >= patience:
            time.sleep(patience)
            raise _PatienceEndedError
        time.sleep(seconds)

    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        WAIT: wait,
    }
    for name, value in request.headers.items():
        if name.lower() not in {"content-length", "transfer-encoding"}:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = _text(value)
    return environ


def _body_bytes(request: PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode("utf-8") if isinstance(body, str) else body


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
