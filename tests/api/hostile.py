"""A server on loopback that sends exactly what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
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


class Stream(NamedTuple):
    """Send these pieces with a pause of so many seconds after each, and close the connection."""

    pieces: Iterable[bytes]
    pause: float = 0.0


_CLIENT_HELLO = b"\x16"  # how TLS begins

Script = Callable[[Asked], "bytes | Hangup | Stream"]


def reply(status: int = 200, body: object = None, **headers: str) -> bytes:
    """Give a whole answer; bytes go out as they are, anything else as JSON; ``a_b`` is ``a-b``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def in_turn(*answers: bytes | Hangup | Stream) -> Script:
    """Answer the first request with the first answer, and so on; the last one stays."""
    left = list(answers)

    def script(_: Asked) -> bytes | Hangup | Stream:
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

    def settle(self) -> None:
        """Return when everything that was sent before is answered, and all clients have hung up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as last:
            last.shutdown(socket.SHUT_WR)  # connections are taken in turn, so this one is the last
            last.recv(1)
        while self._server.begun > self._server.ended:
            time.sleep(0.0005)

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
        self.begun = 0
        self.ended = 0
        self._count = threading.Lock()
        self.context = context
        super().__init__(address, _Handler, bind_and_activate=False)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.begun += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._count:
            self.ended += 1

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
            if isinstance(answer, Stream):
                _send_slowly(self, answer)
                return
            self.wfile.write(answer)


def _send_slowly(handler: _Handler, stream: Stream) -> None:
    for piece in stream.pieces:
        handler.wfile.write(piece)
        time.sleep(stream.pause)


def _read_request(handler: _Handler) -> Asked | None:
    """Read one request; one that was cut off is none."""
    line = _read_line(handler).split()
    if not line:
        return None
    headers = {}
    while (header := _read_line(handler)) != "\n":
        if not header:
            return None
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    content = handler.rfile.read(length)
    if len(content) < length:
        return None
    if line[0] == "CONNECT":  # its target is host:port
        return Asked(line[0], line[1], {}, headers, content)
    target = urlsplit(line[1])
    path = target.path.removeprefix("/api/v0002")
    return Asked(line[0], path, dict(parse_qsl(target.query)), headers, content)


def _read_line(handler: _Handler) -> str:
    """Give a whole line, its end as one character; nothing where the client broke off."""
    line = handler.rfile.readline().decode("latin-1")
    return line.rstrip("\r\n") + "\n" if line.endswith("\n") else ""
