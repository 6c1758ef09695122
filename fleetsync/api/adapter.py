"""Open and keep connections, and let nothing leave before its turn has come."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from fleetsync.api.watch import Watch

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from urllib3 import ProxyManager

    from fleetsync.api.limiter import CallLimiter

MAX_CONNECTIONS = 32
"""How many connections are kept for reuse; more threads than this never run."""


class Gate:
    """Let a request leave when its turn has come, count it, and remember that it left.

    ``left`` speaks of the calling thread's request: while it is false, nothing of that request can
    have reached the org, whatever went wrong.
    """

    def __init__(self, limiter: CallLimiter, *, send_timeout: float, answer_timeout: float) -> None:
        self.limiter = limiter
        self.send_timeout = send_timeout
        self.watch = Watch(answer_timeout)
        self.count = 0
        self._lock = threading.Lock()
        self._thread = threading.local()

    @property
    def left(self) -> bool:
        """Whether the calling thread's request has begun to leave."""
        return self.left_at is not None

    @property
    def left_at(self) -> float | None:
        """When the calling thread's request left, on the monotonic clock."""
        moment: float | None = getattr(self._thread, "left_at", None)
        return moment

    def begin(self) -> None:
        """Start anew for the calling thread's next request, once no pause is on."""
        self._thread.left_at = None
        self.limiter.rest()

    def leave(self) -> None:
        """Count the calling thread's request: it leaves now."""
        self._thread.left_at = time.monotonic()
        with self._lock:
            self.count += 1


class _GatedConnection(HTTPConnection):
    """Take the turn after connecting, so that slow handshakes do not bunch requests together."""

    gate: Gate
    used = False  # whether this very socket has carried a request before

    def connect(self) -> None:
        self.used = False
        super().connect()

    def request(  # type: ignore[override]  # urllib3 itself narrows http.client's signature so
        self,
        method: str,
        url: str,
        body: Any = None,  # noqa: ANN401 - handed on; urllib3 has no public name for its type
        headers: Mapping[str, str] | None = None,
        **options: bool,
    ) -> None:
        if self.is_closed:
            self.connect()
        self.gate.limiter.wait()
        # A used socket that can be read before anything was asked has been closed by the org.
        # A fresh one may hold TLS session tickets.
        if self.used and not self.is_connected:
            raise NewConnectionError(self, "the connection was closed while it waited for its turn")
        self.used = True
        self.gate.leave()
        self.gate.watch.begin(self.sock)
        self.timeout = self.gate.send_timeout
        super().request(method, url, body, headers, **options)


def gated_pools(gate: Gate) -> dict[str, type[HTTPConnectionPool]]:
    """Give urllib3's pool classes, by URL scheme, whose connections pass this gate."""

    class Plain(_GatedConnection):
        pass

    class Secure(_GatedConnection, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    Plain.gate = Secure.gate = gate
    return {"http": PlainPool, "https": SecurePool}


class GatedAdapter(HTTPAdapter):
    """Requests' adapter with one TLS context for all connections, and a gate before the wire."""

    def __init__(self, gate: Gate, context: ssl.SSLContext | None) -> None:
        self._pools = gated_pools(gate)
        self._context = context
        super().__init__(pool_connections=4, pool_maxsize=MAX_CONNECTIONS)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: object
    ) -> None:
        """Build the pools with our TLS context."""
        super().init_poolmanager(
            connections, maxsize, block=block, ssl_context=self._context, **options
        )
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: object) -> ProxyManager:
        """Build the pools behind a proxy with our TLS context."""
        manager: ProxyManager = super().proxy_manager_for(
            proxy, ssl_context=self._context, **options
        )
        manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(
        self, conn: HTTPSConnectionPool, url: str, verify: object, cert: object
    ) -> None:
        """Verify always, and never load a bundle again: the context holds what is trusted."""
        conn.cert_reqs = "CERT_REQUIRED"
