from __future__ import annotations

import pytest

from fleetsync.address import is_loopback
from fleetsync.api.connection import Connection, check_url
from fleetsync.errors import UsageError
from fleetsync.model.credentials import Credentials


def connection(url: str = "https://abc123.example.com") -> Connection:
    return Connection(base_url=url, credentials=Credentials("a-abc123-k0dl0vqqrk", "s3cret-token"))


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://abc123.example.com", "https://abc123.example.com/api/v0002"),
        ("https://abc123.example.com/", "https://abc123.example.com/api/v0002"),
        ("https://abc123.example.com/api/v0002", "https://abc123.example.com/api/v0002"),
        ("https://abc123.example.com/api/v0002/", "https://abc123.example.com/api/v0002"),
        ("https://proxy.example.com:8443/iot", "https://proxy.example.com:8443/iot/api/v0002"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v0002"),
        ("http://127.9.9.9", "http://127.9.9.9/api/v0002"),
        ("http://[::1]:8080", "http://[::1]:8080/api/v0002"),
        ("http://LOCALHOST:8080", "http://LOCALHOST:8080/api/v0002"),
    ],
)
def test_the_base_url_leads_to_the_one_version_of_the_api(url: str, base: str) -> None:
    assert connection(url).base_url == base


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://abc123.example.com", "would show the credentials"),
        ("http://127.0.0.1.example.com", "would show the credentials"),
        ("http://10.0.0.1", "would show the credentials"),
        ("ftp://abc123.example.com", "must look like https://HOST"),
        ("abc123.example.com", "must look like https://HOST"),
        ("https://", "must look like https://HOST"),
        ("https://host:port", "must look like https://HOST"),
        ("https://[::1", "must look like https://HOST"),
        ("https://host/?q=1", "take out what follows the '?' or '#'"),
        ("https://host/#f", "take out what follows the '?' or '#'"),
        ("https://ho st", "a space"),
        ("https://host\r\nX: y", "a control character"),
        ("https://host\\@evil.example.com", "a backslash"),
    ],
)
def test_a_url_that_is_not_safe_or_not_sound_is_refused(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        check_url(url)


def test_a_user_and_password_in_the_url_are_refused_and_not_printed() -> None:
    with pytest.raises(UsageError, match="holds a user name or a password") as caught:
        check_url("https://somebody:hunter22@abc123.example.com")
    assert "somebody" not in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_connection_does_not_show_its_credentials() -> None:
    assert "s3cret-token" not in repr(connection())
    assert "k0dl0vqqrk" not in repr(connection())


def test_no_calls_a_second_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Connection(base_url="https://host", credentials=None, calls_per_second=0)


@pytest.mark.parametrize(
    ("segments", "url"),
    [
        ((), "https://abc123.example.com/api/v0002/"),
        (("bulk", "devices"), "https://abc123.example.com/api/v0002/bulk/devices"),
        (
            ("a/b", "c?d#e", "ü %"),
            "https://abc123.example.com/api/v0002/a%2Fb/c%3Fd%23e/%C3%BC%20%25",
        ),
        (("...", "a..b"), "https://abc123.example.com/api/v0002/.../a..b"),
    ],
)
def test_every_path_segment_is_encoded(segments: tuple[str, ...], url: str) -> None:
    assert connection().url_of(segments) == url


@pytest.mark.parametrize("name", [".", "..", ""])
def test_a_segment_that_would_step_up_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be put into a URL"):
        connection().url_of(("device", "types", name))


def test_loopback_is_this_machine_and_nothing_that_looks_like_it() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("localhost.example.com")
    assert not is_loopback("0.0.0.0")  # noqa: S104 - nothing listens here
    assert not is_loopback("")
