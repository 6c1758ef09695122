from __future__ import annotations

import ssl
import warnings
from typing import TYPE_CHECKING

import pytest
import trustme

from fleetsync.api.connection import Connection
from fleetsync.api.transport import Reader
from fleetsync.api.trust import trust_context
from fleetsync.errors import FileError, UnreachableError
from tests.api.conftest import CREDENTIALS, HASTY
from tests.api.hostile import HostileServer, in_turn, reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import StartServer

AUTHORITY = trustme.CA()


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def server(start_server: StartServer) -> HostileServer:
    return start_server(in_turn(reply(body={"id": "x"})), server_context(AUTHORITY, "127.0.0.1"))


def ask(url: str, ca_file: Path | None = None) -> object:
    connection = Connection(
        base_url=url, credentials=CREDENTIALS, ca_file=ca_file, calls_per_second=1000, retry=HASTY
    )
    with Reader(connection) as reader:
        return reader.get(()).body


@pytest.fixture(autouse=True)
def environment_without_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_an_authority_named_by_ca_file_is_trusted(server: HostileServer, ca_file: Path) -> None:
    assert ask(server.url, ca_file) == {"id": "x"}


def test_an_authority_that_nobody_named_is_not_and_ca_file_is_told_as_the_way(
    server: HostileServer,
) -> None:
    with pytest.raises(UnreachableError) as caught:
        ask(server.url)
    assert str(caught.value) == (
        "GET /: the certificate of 127.0.0.1 comes from an authority that is not trusted; name the "
        "authority's PEM file as caFile in fleet.yaml"
    )
    assert (server.asked, server.connections) == ([], 1)


def test_a_bundle_in_the_environment_does_not_stand_in_for_ca_file(
    server: HostileServer, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert ask(server.url, ca_file) == {"id": "x"}
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
    with pytest.raises(UnreachableError, match="not trusted"):
        ask(server.url)


def test_a_certificate_for_another_host_is_refused(
    start_server: StartServer, ca_file: Path
) -> None:
    server = start_server(in_turn(reply()), server_context(AUTHORITY, "abc123.example.com"))
    with pytest.raises(UnreachableError, match="a certificate that was made for another host"):
        ask(server.url, ca_file)
    assert server.asked == []


def test_a_server_that_speaks_no_tls_is_told_so_at_once(start_server: StartServer) -> None:
    server = start_server(in_turn(reply()))
    with pytest.raises(UnreachableError, match="does not speak TLS on this port"):
        ask(server.url.replace("http:", "https:"))


def test_tls_older_than_1_2_is_not_spoken(start_server: StartServer, ca_file: Path) -> None:
    context = server_context(AUTHORITY, "127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old on purpose
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = start_server(in_turn(reply()), context)
    with pytest.raises(UnreachableError, match=r"TLS 1\.2 or later is needed"):
        ask(server.url, ca_file)
    assert server.asked == []


def test_many_requests_share_one_tls_connection(server: HostileServer, ca_file: Path) -> None:
    connection = Connection(
        base_url=server.url, credentials=CREDENTIALS, ca_file=ca_file, calls_per_second=1000
    )
    with Reader(connection) as reader:
        for _ in range(5):
            reader.get(())
    assert (len(server.asked), server.connections) == (5, 1)


def test_the_context_always_verifies(ca_file: Path) -> None:
    for context in (trust_context(None), trust_context(ca_file)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    public, added = trust_context(None), trust_context(ca_file)
    assert added.cert_store_stats()["x509_ca"] == public.cert_store_stats()["x509_ca"] + 1


def test_a_ca_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"absent\.pem: No such file or directory; caFile must"):
        trust_context(tmp_path / "absent.pem")
    with pytest.raises(FileError, match="Is a directory; caFile must"):
        trust_context(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"just words",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_ca_file_without_a_certificate_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"ca\.pem: no certificate in it; caFile must hold"):
        trust_context(path)
