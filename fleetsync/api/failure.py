"""Say in plain words why a request brought no answer."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from requests.exceptions import ProxyError, Timeout
from urllib3.exceptions import NameResolutionError, NewConnectionError, ReadTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

E = TypeVar("E", bound=BaseException)

_HOSTNAME_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH
_OUT_OF_DATE = {9: "not valid yet", 10: "expired"}


class Failure(NamedTuple):
    """Why no answer came; ``lasting`` means that trying again cannot help."""

    message: str
    lasting: bool = False


def explain_failure(error: BaseException, host: str) -> Failure:
    """Find in an exception of requests what went wrong; only our own words come out."""
    if _find(error, ProxyError):
        return Failure(
            f"the proxy on the way to {host} cannot be reached or refuses; check HTTPS_PROXY and "
            "NO_PROXY"
        )
    if certificate := _find(error, ssl.SSLCertVerificationError):
        return Failure(_certificate_words(certificate, host), lasting=True)
    if broken := _find(error, ssl.SSLError):
        return _tls_failure(broken, host)
    return _network_failure(error, host)


def _certificate_words(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code in _HOSTNAME_MISMATCH:
        return (
            f"{host} shows a certificate that was made for another host; check the org's url, and "
            "that it uses the name that the certificate was made for"
        )
    if error.verify_code in _OUT_OF_DATE:
        state = _OUT_OF_DATE[error.verify_code]
        return (
            f"the certificate of {host} is {state}; check this machine's clock, or have it renewed"
        )
    return (
        f"the certificate of {host} comes from an authority that is not trusted; name the "
        "authority's PEM file as caFile in fleet.yaml"
    )


def _tls_failure(error: ssl.SSLError, host: str) -> Failure:
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return Failure(
            f"{host} does not speak TLS on this port; check the org's url and its port",
            lasting=True,
        )
    return Failure(
        f"no TLS connection with {host} ({error.reason or 'it broke off'}); TLS 1.2 or later is "
        "needed"
    )


def _network_failure(error: BaseException, host: str) -> Failure:
    if _find(error, NameResolutionError) or _find(error, socket.gaierror):
        return Failure(
            f"the name {host} cannot be resolved; check the org's id or url, and the network"
        )
    if _find(error, ConnectionRefusedError):
        return Failure(
            f"{host} refuses the connection; check the org's url and port, and that it is running"
        )
    if _find(error, ReadTimeoutError):
        return Failure(
            f"{host} accepts connections but does not answer in time; try again later, or check "
            "the network"
        )
    reason = next(filter(None, map(_reason_of, _chain(error))), None)
    if _find(error, NewConnectionError) or _find(error, Timeout):
        shown = f" ({reason})" if reason else " in time"
        return Failure(f"{host} cannot be reached{shown}; check the network, or try again later")
    return Failure(
        f"the connection with {host} broke off ({reason or 'no answer came'}); check the network, "
        "and try again"
    )


def _reason_of(error: BaseException) -> str | None:
    """Give what the system calls it; requests' own exceptions are OSErrors without such words."""
    return error.strerror if isinstance(error, OSError) else None


def _find(error: BaseException, kind: type[E]) -> E | None:
    return next((each for each in _chain(error) if isinstance(each, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk the exceptions inside an exception; requests and urllib3 nest them in three ways."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
