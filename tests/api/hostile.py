"""A server on loopback that sends exactly what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from types import TracebackType


class Asked(NamedTuple):
    """One request as it arrived; ``path`` is raw and without the API's root."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    content: bytes


class Hangup(NamedTuple):
    """Send these bytes and close the connection."""

    content: bytes = b""


_CLIENT_HELLO = b"\x16"  # how TLS begins

Script = Callable[[Asked], "bytes | Hangup"]


def reply(status: int = 200, body: object = None, **headers: str) -> bytes:
    """Give a whole answer; bytes go out as they are, anything else as JSON; ``a_b`` is ``a-b``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def in_turn(*answers: bytes | Hangup) -> Script:
    """Answer the first request with the first answer, and so on; the last one stays."""
    left = list(answers)

    def script(_: Asked) -> bytes | Hangup:
        return left.pop(0) if len(left) > 1 else left[0]

    return script


class HostileServer:
    """Serves a script from a thread of its own per connection."""

    def __init__(
        self, script: Script, context: ssl.SSLContext | None = None, *, port: int = 0
    ) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self._scheme = "https" if context else "http"
        self._server = _Server(("127.0.0.1", port), self, context)
        self._thread = threading.Thread(
            target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [each.path for each in self.asked]

    def drop_connections(self) -> None:
        """Close every connection that is open, as an idle time limit does."""
        for each in self._server.open:
            each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> HostileServer:
        self._server.server_bind()
        self._server.server_activate()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], owner: HostileServer, context: ssl.SSLContext | None
    ) -> None:
        self.owner = owner
        self.open: list[socket.socket] = []
        self.context = context
        super().__init__(address, _Handler, bind_and_activate=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients of these tests hang up on purpose."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.server.owner.connections += 1
        if self.server.context is not None:
            secure: socket.socket = self.server.context.wrap_socket(self.request, server_side=True)
            self.request = secure
        self.server.open.append(self.request)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # socketserver knows only the socket below TLS

    def handle(self) -> None:
        if self.server.context is None and self.request.recv(1, socket.MSG_PEEK) == _CLIENT_HELLO:
            self.wfile.write(reply(400))
            return
        while (asked := _read_request(self)) is not None:
            self.server.owner.asked.append(asked)
            answer = self.server.owner.script(asked)
            if isinstance(answer, Hangup):
                self.wfile.write(answer.content)
                return
            self.wfile.write(answer)


def _read_request(handler: _Handler) -> Asked | None:
    line = handler.rfile.readline().decode("latin-1").split()
    if not line:
        return None
    headers = {}
    while (header := handler.rfile.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    content = handler.rfile.read(int(headers.get("content-length", "0")))
    if line[0] == "CONNECT":  # its target is host:port
        return Asked(line[0], line[1], {}, headers, content)
    target = urlsplit(line[1])
    path = target.path.removeprefix("/api/v0002")
    return Asked(line[0], path, dict(parse_qsl(target.query)), headers, content)
