"""Say where the org is and how to speak with it, as one checked value."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

from fleetsync.api.retry import PATIENT, RetryPolicy
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from requests.adapters import BaseAdapter

    from fleetsync.model.credentials import Credentials

API_ROOT = "/api/v0002"
"""The one version of the API that lives (platform page 1.1)."""


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
    def host(self) -> str:
        """The org's host name, for messages."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether the org runs on this machine."""
        return is_loopback(self.host)

    def url_of(self, segments: tuple[str, ...]) -> str:
        """Give the URL of a resource; each segment is percent-encoded, and none at all is the org.

        An id of one or two dots raises UsageError: every URL library takes it for a step up.
        """
        if any(segment in {"", ".", ".."} for segment in segments):
            shown = "/".join(map(repr, segments))
            raise UsageError(
                f"{shown}: an id that is only dots, or empty, cannot be put into a URL"
            )
        return "/".join(
            [self.base_url, *(quote(segment, safe="") for segment in segments or ("",))]
        )


def check_url(url: str) -> str:
    """Give the base URL in its full form, or raise UsageError; what it refuses is not printed."""
    parts = _split(url)
    if "@" in parts.netloc:
        raise UsageError(
            "the org's url holds a user name or a password; take it out, and put the API key and "
            "token into WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN"
        )
    if parts.query or parts.fragment:
        raise UsageError("the org's url must end with its host or path: no '?' and no '#'")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"http://{parts.hostname} would show the credentials to everybody on the way; "
            "use https:// (http:// is for an emulator on this machine)"
        )
    path = parts.path.rstrip("/")
    root = path if path.endswith(API_ROOT) else path + API_ROOT
    return f"{parts.scheme}://{parts.netloc}{root}"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(url: str) -> SplitResult:
    if not url.isprintable() or " " in url or "\\" in url:
        raise UsageError("the org's url holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError:
        raise UsageError("the org's url cannot be read; it looks like https://HOST") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError("the org's url must look like https://HOST")
    return parts
