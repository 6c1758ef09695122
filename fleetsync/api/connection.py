"""Say where the org is and how to speak with it, as one checked value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from fleetsync.address import is_loopback, url_fault
from fleetsync.api.retry import PATIENT, RetryPolicy
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from requests.adapters import BaseAdapter

    from fleetsync.model.credentials import Credentials

API_ROOT = "/api/v0002"
"""The one version of the API that lives (platform page 1.1)."""

_PIECES = 5
"""A whole answer may take so many times as long as one piece of it."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where the org is, who asks, and how fast; checked when made (UsageError).

    ``base_url`` gets ``/api/v0002`` appended unless it ends so. ``ca_file`` adds a certificate
    authority to the public ones. ``adapter``, if any, answers instead of the network. The timeouts
    are seconds: for connecting, and between two pieces of an answer.
    """

    base_url: str
    credentials: Credentials | None
    ca_file: Path | None = None
    calls_per_second: int = 8
    adapter: BaseAdapter | None = None
    connect_timeout: float = 10
    read_timeout: float = 60
    retry: RetryPolicy = PATIENT

    def __post_init__(self) -> None:
        if self.calls_per_second < 1:
            raise UsageError("callsPerSecond must be at least 1")
        object.__setattr__(self, "base_url", check_url(self.base_url))

    @property
    def answer_timeout(self) -> float:
        """How many seconds a whole answer may take, however steadily its pieces come."""
        return _PIECES * self.read_timeout

    @property
    def host(self) -> str:
        """The org's host name, for messages."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether the org runs on this machine."""
        return is_loopback(self.host)

    def url_of(self, segments: tuple[str, ...]) -> str:
        """Give the URL of a resource; each segment is percent-encoded, and none at all is the org.

        Colons stay as they are: other clients do not encode those of client ids, so the org may not
        expect it. An id of one or two dots raises UsageError: every URL library takes it for a step
        up.
        """
        if any(segment in {"", ".", ".."} for segment in segments):
            shown = "/".join(map(repr, segments))
            raise UsageError(
                f"{shown}: an id that is only dots, or empty, cannot be put into a URL"
            )
        return "/".join(
            [self.base_url, *(quote(segment, safe=":") for segment in segments or ("",))]
        )


def check_url(url: str) -> str:
    """Give the base URL in its full form, or raise UsageError; what it refuses is not printed."""
    fault = url_fault(url)
    if fault:
        raise UsageError(f"the org's url {fault}")
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    root = path if path.endswith(API_ROOT) else path + API_ROOT
    return f"{parts.scheme}://{parts.netloc}{root}"
