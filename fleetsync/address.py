"""Judge the address of an org before anything is sent there; nothing refused is repeated."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_NOT_PLAIN = "must not hold a space, a backslash or a control character"
_MESSAGING_SCHEMES = {"mqtts": "mqtts", "mqtt": "mqtts", "wss": "wss", "ws": "wss"}
"""Each scheme with the one that does the same over TLS."""
_CREDENTIALS = (
    "holds a user name or a password: take it out, and put the API key and its token into "
    "WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN, or use --credentials FILE"
)


def url_fault(url: str) -> str | None:
    """Say what is wrong with an org's URL, and what to do; None if nothing is."""
    if not _is_plain(url):
        return _NOT_PLAIN
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must look like https://HOST"
    if "@" in parts.netloc:
        return _CREDENTIALS
    if "?" in url or "#" in url:
        return "must end with its host or path: take out what follows the '?' or '#'"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return (
            "would show the credentials to everybody on the way: write https:// "
            "(http:// is only for an emulator on this machine)"
        )
    return None


def messaging_fault(url: str) -> str | None:
    """Say what is wrong with the address of an org's messages; None if nothing is."""
    if not _is_plain(url):
        return _NOT_PLAIN
    parts = _split(url)
    if parts is None or parts.scheme not in _MESSAGING_SCHEMES or not parts.hostname:
        return "must look like mqtts://HOST or mqtts://HOST:PORT (wss:// goes through WebSockets)"
    if "@" in parts.netloc:
        return _CREDENTIALS
    if parts.path.strip("/") or "?" in url or "#" in url:
        return "must end with its host or port: take out what follows"
    safe = _MESSAGING_SCHEMES[parts.scheme]
    if parts.scheme != safe and not is_loopback(parts.hostname):
        return (
            f"would show the credentials to everybody on the way: write {safe}:// ({parts.scheme}://"
            " is only for a broker on this machine)"
        )
    return None


def _is_plain(url: str) -> bool:
    return url.isprintable() and " " not in url and "\\" not in url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError:
        return None
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
