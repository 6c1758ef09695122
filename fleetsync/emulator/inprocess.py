"""Carry requests of ``requests`` into a WSGI application without a socket."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment


class InProcessAdapter(BaseAdapter):
    """A transport adapter to mount on a session; it keeps nothing, so threads may share it."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as BaseAdapter has it
        """Answer a request from the application; what concerns sockets is not heard."""
        del args, kwargs
        response = Response()

        def start_response(
            status: str, headers: list[tuple[str, str]], error: object = None, /
        ) -> Any:  # noqa: ANN401 - the write callable that WSGI has and nobody uses
            del error
            code, _, response.reason = status.partition(" ")
            response.status_code = int(code)
            response.headers = CaseInsensitiveDict(headers)
            return None

        body = b"".join(self._app(_environ(request), start_response))
        response.raw = io.BytesIO(body)
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Close nothing: there is no connection."""


def _environ(request: PreparedRequest) -> WSGIEnvironment:
    """Return the request as WSGI has it (PEP 3333)."""
    url = urlsplit(request.url or "")
    body = _body_bytes(request)
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
