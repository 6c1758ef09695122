"""Carry one request to the org and bring back what came, judging nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, NamedTuple

from requests import Request, Response
from requests.auth import HTTPBasicAuth
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from fleetsync import __version__
from fleetsync.api.adapter import Gate, GatedAdapter
from fleetsync.api.failure import Failure, explain_failure
from fleetsync.api.limiter import CallLimiter
from fleetsync.api.retry import parse_retry_after
from fleetsync.api.trust import trust_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from requests import PreparedRequest
    from requests.adapters import BaseAdapter

    from fleetsync.api.connection import Connection

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A larger answer is not read: the 200 devices of an ordinary page are some 100 KB."""

_CHUNK = 64 * 1024


class Ask(NamedTuple):
    """One request to be sent; ``secrets`` are texts that must not come back in an error."""

    method: str
    segments: tuple[str, ...]
    params: Mapping[str, str] | None = None
    content: bytes | None = None
    secrets: Iterable[str] = ()

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, so that it may be sent again."""
        return self.method == "GET"

    @property
    def what(self) -> str:
        """The request in short, for messages."""
        return f"{self.method} /{'/'.join(self.segments)}"


class Reply(NamedTuple):
    """What came back, whatever its status; ``retry_after`` in seconds."""

    status: int
    content: bytes
    retry_after: float | None = None
    redirect: str | None = None

    @property
    def good(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300


class Line:
    """Sends requests over the network, or to the org in the process; safe for many threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        limiter = CallLimiter(connection.calls_per_second)
        self.gate = Gate(
            limiter,
            send_timeout=connection.read_timeout,
            answer_timeout=connection.answer_timeout,
        )
        self.heard = False  # whether the org has ever answered
        self.quickest = float("inf")  # seconds that its quickest answer took
        self._proxies = _find_proxies(connection)
        self._auth = _authentication(connection)
        self._adapter = connection.adapter or _network_adapter(connection, self.gate)

    def carry(self, ask: Ask) -> Reply | Failure:
        """Send one request once; each way for it to fail is a value, so no exception holds it."""
        self.gate.begin()
        request = self._prepare(ask)
        failure: Failure | None = None
        try:
            reply = self._send(request)
        except (RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            # The last for what http.client makes of nonsense, such as a chunk of negative size.
            failure = explain_failure(error, self.connection.host)
        finally:
            endless = self.gate.watch.end()
        if endless:
            return _too_slow(self.connection)
        if failure is not None:
            return failure
        self.heard = True
        self.quickest = min(self.quickest, time.monotonic() - (self.gate.left_at or 0.0))
        return reply

    def close(self) -> None:
        """Close the connections; an adapter that was handed in stays its owner's."""
        if self.connection.adapter is None:
            self._adapter.close()

    def _prepare(self, ask: Ask) -> PreparedRequest:
        headers = {
            "User-Agent": f"fleetsync/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        if ask.content is not None:
            headers["Content-Type"] = "application/json"
        url = self.connection.url_of(ask.segments)
        request = Request(ask.method, url, headers=headers, params=ask.params, auth=self._auth)
        prepared = request.prepare()
        prepared.prepare_body(ask.content, None)
        return prepared

    def _send(self, request: PreparedRequest) -> Reply | Failure:
        if self.connection.adapter is not None:
            self.gate.limiter.wait()
            self.gate.leave()
        # The adapter and no Session: nothing follows redirects, keeps cookies or reads .netrc.
        timeout = (self.connection.connect_timeout, self.connection.read_timeout)
        response = self._adapter.send(
            request, stream=True, timeout=timeout, verify=True, proxies=self._proxies
        )
        try:
            return _read_reply(response, self.connection.host)
        finally:
            response.close()


def _too_slow(connection: Connection) -> Failure:
    return Failure(
        f"{connection.host} has not sent its whole answer in {connection.answer_timeout:g} s; try "
        "again later, or check the network"
    )


def _read_reply(response: Response, host: str) -> Reply | Failure:
    chunks, size = [], 0
    for chunk in response.iter_content(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            limit = MAX_ANSWER_BYTES // 2**20
            text = f"{host} sends more than {limit} MiB in one answer; check the org's url"
            return Failure(text, lasting=True)
    headers = response.headers
    return Reply(
        response.status_code,
        b"".join(chunks),
        parse_retry_after(headers.get("Retry-After"), now=datetime.now(UTC)),
        headers.get("Location"),
    )


def _authentication(connection: Connection) -> HTTPBasicAuth | None:
    pair = connection.credentials
    if pair is None:
        return None
    # Bytes, for requests would encode text as Latin-1.
    return HTTPBasicAuth(pair.key.encode(), pair.token.encode())


def _network_adapter(connection: Connection, gate: Gate) -> BaseAdapter:
    secure = connection.base_url.startswith("https:")
    return GatedAdapter(gate, trust_context(connection.ca_file) if secure else None)


def _find_proxies(connection: Connection) -> dict[str, str]:
    """Read the proxy settings of the environment once; what runs on this machine needs none."""
    if connection.is_local or connection.adapter is not None:
        return {}
    return get_environ_proxies(connection.base_url)
