from __future__ import annotations

import socket
import ssl

import pytest
import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import SSLError as PoolSSLError

from fleetsync.api.failure import Failure, explain_failure

POOL = requests.adapters.HTTPAdapter().poolmanager.connection_from_host("abc123.example.com")


def nested(reason: Exception) -> Exception:
    """Wrap a reason the way requests and urllib3 do."""
    return requests.ConnectionError(MaxRetryError(POOL, "/", reason))


def with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def certificate_error(code: int) -> Exception:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return requests.exceptions.SSLError(MaxRetryError(POOL, "/", PoolSSLError(error)))


def tls_error(reason: str) -> Exception:
    error = ssl.SSLError(1, "broken")
    error.reason = reason
    return requests.exceptions.SSLError(MaxRetryError(POOL, "/", PoolSSLError(error)))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (
            certificate_error(62),
            Failure(
                "HOST shows a certificate that was made for another host; check the org's url, and "
                "that it uses the name that the certificate was made for",
                lasting=True,
            ),
        ),
        (
            certificate_error(10),
            Failure(
                "the certificate of HOST is expired; check this machine's clock, or have it "
                "renewed",
                lasting=True,
            ),
        ),
        (
            certificate_error(19),
            Failure(
                "the certificate of HOST comes from an authority that is not trusted; name the "
                "authority's PEM file as caFile in fleet.yaml",
                lasting=True,
            ),
        ),
        (
            tls_error("WRONG_VERSION_NUMBER"),
            Failure(
                "HOST does not speak TLS on this port; check the org's url and its port",
                lasting=True,
            ),
        ),
        (
            tls_error("TLSV1_ALERT_PROTOCOL_VERSION"),
            Failure(
                "no TLS connection with HOST (TLSV1_ALERT_PROTOCOL_VERSION); TLS 1.2 or later is "
                "needed"
            ),
        ),
        (
            nested(NameResolutionError("h", POOL, socket.gaierror(-2, "Name unknown"))),
            Failure("the name HOST cannot be resolved; check the org's id or url, and the network"),
        ),
        (
            requests.ConnectTimeout(MaxRetryError(POOL, "/", ConnectTimeoutError("timed out"))),
            Failure("HOST cannot be reached in time; check the network, or try again later"),
        ),
        (
            nested(with_cause(NewConnectionError(POOL, "x"), OSError(113, "No route to host"))),
            Failure(
                "HOST cannot be reached (No route to host); check the network, or try again later"
            ),
        ),
        (
            requests.ReadTimeout(ReadTimeoutError(POOL, "/", "Read timed out.")),
            Failure(
                "HOST accepts connections but does not answer in time; try again later, or check "
                "the network"
            ),
        ),
        (
            requests.ConnectionError(
                ProtocolError("x", ConnectionResetError(104, "Reset by peer"))
            ),
            Failure(
                "the connection with HOST broke off (Reset by peer); check the network, and try "
                "again"
            ),
        ),
        (
            requests.exceptions.ChunkedEncodingError(ProtocolError("IncompleteRead")),
            Failure(
                "the connection with HOST broke off (no answer came); check the network, and try "
                "again"
            ),
        ),
        (
            requests.exceptions.ProxyError(MaxRetryError(POOL, "/", OSError("Tunnel failed: 407"))),
            Failure(
                "the proxy on the way to HOST cannot be reached or refuses; check HTTPS_PROXY and "
                "NO_PROXY"
            ),
        ),
    ],
)
def test_each_failure_is_told_in_our_own_words(error: Exception, failure: Failure) -> None:
    assert explain_failure(error, "HOST") == failure


def test_a_refused_connection_says_what_to_check() -> None:
    refused = with_cause(NewConnectionError(POOL, "x"), ConnectionRefusedError(111, "Refused"))
    assert explain_failure(nested(refused), "HOST").message == (
        "HOST refuses the connection; check the org's url and port, and that it is running"
    )


def test_exceptions_that_hold_each_other_do_not_go_round_for_ever() -> None:
    one, other = OSError("one"), OSError("other")
    one.__context__, other.__context__ = other, one
    assert explain_failure(one, "HOST").message.startswith("the connection with HOST broke off")
