"""Serve a WSGI application over HTTP/1.1 on a port, loopback unless told otherwise."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from fleetsync.emulator.errors import EmulatorError
from fleetsync.errors import ExtraMissingError

try:
    from cheroot import wsgi
    from cheroot.ssl.builtin import BuiltinSSLAdapter

    from fleetsync.emulator.gateway import CuttableConnection, CuttableGateway
except ImportError as error:
    raise ExtraMissingError(
        "the emulator's server needs a package that is not installed; "
        "run: pip install 'fleetsync[emulator]'"
    ) from error

if TYPE_CHECKING:
    import socket
    from pathlib import Path
    from types import TracebackType
    from wsgiref.types import WSGIApplication

DEFAULT_HOST = "127.0.0.1"

_THREADS = 8
_KEPT_CONNECTIONS = 256
_BACKLOG = 128
_IDLE_SECONDS = 30


class _QuietServer(wsgi.Server):
    """cheroot without words: a request's text is never logged, keep-alive is generous."""

    keep_alive_conn_limit = _KEPT_CONNECTIONS
    nodelay = True
    expiration_interval = 0.05
    ConnectionClass = CuttableConnection

    def __init__(self, address: tuple[str, int], app: WSGIApplication) -> None:
        super().__init__(
            address, app, numthreads=_THREADS, request_queue_size=_BACKLOG, timeout=_IDLE_SECONDS
        )
        self.stopping = threading.Event()
        self.gateway = CuttableGateway
        self._refusing_begun = threading.Event()
        self._refusing = threading.current_thread()

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Bind the socket, and close it if that fails, which cheroot forgets."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def _serve_unservicable(self) -> None:
        """Refuse what is too much; cheroot starts a thread for this and never joins it."""
        self._refusing = threading.current_thread()
        self._refusing_begun.set()
        super()._serve_unservicable()  # type: ignore[misc] # missing from cheroot's stub

    def join(self) -> None:
        """Wait, after ``stop``, for the thread that cheroot leaves behind."""
        self._refusing_begun.wait()
        self._refusing.join()

    def error_log(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as cheroot calls it
        """Say nothing."""


class Server:
    """An application on a port; use it as a context manager, or ``start`` and ``stop`` it.

    Port 0 takes a free one. With ``certificate`` and ``private_key`` (PEM files) it speaks TLS.
    """

    def __init__(
        self,
        app: WSGIApplication,
        host: str = DEFAULT_HOST,
        port: int = 0,
        *,
        certificate: Path | None = None,
        private_key: Path | None = None,
    ) -> None:
        self._server = _QuietServer((host, port), app)
        self._scheme = "http"
        if certificate is not None:
            self._server.ssl_adapter = BuiltinSSLAdapter(str(certificate), str(private_key))
            self._scheme = "https"
        self._host = host
        self._port = port
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the address below which ``/api/v0002`` is found, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self._port}"

    def start(self) -> None:
        """Listen and serve in the background; EmulatorError if the address cannot be had."""
        try:
            self._server.prepare()
        except OSError as error:
            raise EmulatorError(
                f"{self._host}:{self._port}: the emulator cannot listen there: {error}; "
                "use another --host or --port (0 takes a free port)"
            ) from error
        self._port = self._server.bind_addr[1]
        self._thread = threading.Thread(target=self._server.serve, name="fleetsync-emulator")
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; what has begun is answered, unless a fault holds it; no thread is left."""
        if self._thread is None:
            return
        self._server.stopping.set()
        self._server.stop()
        self._thread.join()
        self._server.join()
        self._thread = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
