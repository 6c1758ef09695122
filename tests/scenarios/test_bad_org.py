"""An org that is wrong, silent or no org at all: one clear message, and nothing is changed."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from fleetsync.emulator.app import make_app
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState
from tests.api.hostile import Asked, Hangup, Script, in_turn, reply
from tests.conftest import StartEmulator
from tests.scenarios.conftest import IMPATIENT, KEY, TOKEN, Fleetsync, Folder, Serve

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()
PUMPS = {"deviceTypes": [{"id": "pump"}], "devices": [{"typeId": "pump", "deviceId": "p-1"}]}


@pytest.fixture(autouse=True)
def a_fleet_with_credentials(folder: Folder, credentials: Callable[[str, str], None]) -> None:
    folder.manifest(PUMPS)
    credentials(KEY, TOKEN)


def never(_: Asked) -> bytes:
    threading.Event().wait(1)
    return reply()


NO_ORGS: dict[str, tuple[Script, int, str]] = {
    "a web page": (
        in_turn(reply(200, b"<html><title>Sign in</title>")),
        1,
        "GET /: the org's answer cannot be read: it looks like a web page; check the org's url,"
        " and that no login page or proxy is in the way",
    ),
    "a login page elsewhere": (
        in_turn(reply(302, b"", Location="https://u:p@login.example.com/in?secret=1")),
        1,
        "GET /: the org redirects (302) to https://login.example.com/in; fleetsync follows no"
        " redirects, for they could carry the credentials along: put the org's real address into"
        " fleet.yaml",
    ),
    "a wrong path": (
        in_turn(reply(404, b"")),
        1,
        "GET /: the org answered 404: it says nothing more (check the org's id or url, and whether"
        " somebody has deleted it meanwhile)",
    ),
    "trouble that repeats what it was sent": (
        in_turn(reply(500, {"message": f"{KEY} {TOKEN}"})),
        1,
        "GET /: the org answered 500: *** *** (the org or something before it is in trouble; run"
        " again later)",
    ),
    "an overload": (
        in_turn(reply(503, b"")),
        1,
        "GET /: the org answered 503: it says nothing more (the org or something before it is in"
        " trouble; run again later)",
    ),
    "an answer that is cut off": (
        in_turn(Hangup(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")),
        1,
        "GET /: the connection with 127.0.0.1 broke off (no answer came); check the network, and"
        " try again",
    ),
    "another protocol": (
        in_turn(Hangup(b"SSH-2.0-OpenSSH_9.2\r\n")),
        1,
        "GET /: the connection with 127.0.0.1 broke off (no answer came); check the network, and"
        " try again",
    ),
    "silence": (
        never,
        1,
        "GET /: 127.0.0.1 accepts connections but does not answer in time; try again later, or"
        " check the network",
    ),
    "other JSON": (
        in_turn(reply(200, ["hello"])),
        1,
        "the org's answer makes no sense: the organization: it is no object but a list; check that"
        " the org's url leads to a Watson IoT Platform or Maximo IoT service",
    ),
    "a wrong token": (
        in_turn(reply(401, {"message": f"{KEY} {TOKEN}"})),
        8,
        "GET /: the org does not accept the API key and token (401); check WIOTP_AUTH_KEY and"
        " WIOTP_AUTH_TOKEN, and that the key belongs to this org",
    ),
}


@pytest.mark.parametrize(("script", "code", "words"), NO_ORGS.values(), ids=NO_ORGS.keys())
def test_what_is_no_org_is_named_and_gets_no_write(
    *, folder: Folder, fleetsync: Fleetsync, serve: Serve, script: Script, code: int, words: str
) -> None:
    server = serve(script)
    before = folder.files()
    told = fleetsync("apply", "--yes", "-v", "--org-url", server.url, waits=IMPATIENT)
    assert told == (code, "", f"Error: {words}\n")
    assert {asked.method for asked in server.asked} == {"GET"}
    assert folder.files() == before


@pytest.mark.parametrize(
    ("key", "token", "words"),
    [
        (
            KEY,
            "another-token",
            "GET /: the org does not accept the API key and token (401); check WIOTP_AUTH_KEY and"
            " WIOTP_AUTH_TOKEN, and that the key belongs to this org",
        ),
        (
            "a-abc123-0123456789",
            TOKEN,
            "GET /: the org forbids it (403) and does not say why; check the API key and its role"
            " (a Standard, Operations or Backend Trusted application may change devices), and that"
            " no proxy is in the way",
        ),
    ],
)
def test_refused_credentials_are_8(
    *,
    folder: Folder,
    fleetsync: Fleetsync,
    start_emulator: StartEmulator,
    credentials: Callable[[str, str], None],
    key: str,
    token: str,
    words: str,
) -> None:
    emulator = start_emulator(accounts={KEY: TOKEN})
    credentials(key, token)
    before = folder.files()
    told = fleetsync("apply", "--yes", "-v", "--org-url", emulator.url)
    assert told == (8, "", f"Error: {words}\n")
    assert emulator.state.calls == {"GET /": 1}
    assert folder.files() == before


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_that_nobody_listens_on(folder: Folder, fleetsync: Fleetsync) -> None:
    before = folder.files()
    url = f"http://127.0.0.1:{closed_port()}"
    assert fleetsync("apply", "--yes", "--org-url", url, waits=IMPATIENT) == (
        1,
        "",
        "Error: GET /: 127.0.0.1 refuses the connection; check the org's url and port, and that it"
        " is running\n",
    )
    assert folder.files() == before


def test_a_name_that_leads_nowhere(folder: Folder, fleetsync: Fleetsync) -> None:
    folder.settings({"org": {"id": "abc123", "domain": "iot.invalid"}})
    assert fleetsync("plan", waits=IMPATIENT) == (
        1,
        "",
        "Error: GET /: the name abc123.iot.invalid cannot be resolved; check the org's id or url,"
        " and the network\n",
    )


def context_of(authority: trustme.CA, name: str, until: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=until).configure_cert(context)
    return context


NOT_TRUSTED = (
    "GET /: the certificate of 127.0.0.1 comes from an authority that is not trusted; name the"
    " authority's PEM file as caFile in fleet.yaml"
)
TLS: dict[str, tuple[ssl.SSLContext, str | None, str]] = {
    "a private authority": (context_of(AUTHORITY, "127.0.0.1"), None, NOT_TRUSTED),
    "another authority": (context_of(STRANGER, "127.0.0.1"), "ca.pem", NOT_TRUSTED),
    "another host": (
        context_of(AUTHORITY, "abc123.example.com"),
        "ca.pem",
        "GET /: 127.0.0.1 shows a certificate that was made for another host; check the org's url,"
        " and that it uses the name that the certificate was made for",
    ),
    "an old certificate": (
        context_of(AUTHORITY, "127.0.0.1", datetime(2020, 1, 1, tzinfo=UTC)),
        "ca.pem",
        "GET /: the certificate of 127.0.0.1 is expired; check this machine's clock, or have it"
        " renewed",
    ),
    "no caFile there": (
        context_of(AUTHORITY, "127.0.0.1"),
        "absent.pem",
        "{folder}/absent.pem: No such file or directory; caFile must name a readable PEM file",
    ),
    "a caFile that holds none": (
        context_of(AUTHORITY, "127.0.0.1"),
        "fleet.yaml",
        "{folder}/fleet.yaml: no certificate in it; caFile must hold one or more in PEM form"
        " (-----BEGIN CERTIFICATE-----)",
    ),
}


@pytest.mark.parametrize(("context", "ca_file", "words"), TLS.values(), ids=TLS.keys())
def test_an_org_that_cannot_prove_itself_gets_no_request(
    *,
    folder: Folder,
    fleetsync: Fleetsync,
    serve: Serve,
    context: ssl.SSLContext,
    ca_file: str | None,
    words: str,
) -> None:
    server = serve(in_turn(reply(200, {"id": "abc123"})), context)
    AUTHORITY.cert_pem.write_to_path(str(folder.path / "ca.pem"))
    folder.settings({"org": {"url": server.url, **({"caFile": ca_file} if ca_file else {})}})
    before = folder.files()
    told = fleetsync("apply", "--yes", "-v", waits=IMPATIENT)
    assert told == (1, "", f"Error: {words.format(folder=folder.path)}\n")
    assert server.asked == []
    assert folder.files() == before


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side was closed first


def tunnel(client: socket.socket, port: int) -> None:
    """Answer a CONNECT to whatever host by a connection to ``port`` of this machine."""
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        while b"\r\n\r\n" not in client.recv(4096):
            continue
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(server, client))
        back.start()
        pump(client, server)
        back.join()


@contextmanager
def proxy_to(port: int) -> Iterator[str]:
    """Serve as a proxy that leads every host to one port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=tunnel, args=(client, port), daemon=True).start()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("answering", "code", "out", "err"),
    [
        ("abc123", 0, "test is", ""),
        (
            "prod99",
            1,
            "",
            "Error: org 'abc123' is expected, but 'prod99' answered: check org in fleet.yaml, and"
            " that the API key belongs to that org\n",
        ),
    ],
)
def test_an_org_named_by_its_id_must_be_the_one_that_answers(
    *,
    folder: Folder,
    fleetsync: Fleetsync,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answering: str,
    code: int,
    out: str,
    err: str,
) -> None:
    certificate = AUTHORITY.issue_cert("abc123.iot.example.com")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    certificate.private_key_pem.write_to_path(str(key))
    AUTHORITY.cert_pem.write_to_path(str(folder.path / "ca.pem"))
    folder.settings(
        {"org": {"id": "abc123", "domain": "iot.example.com", "caFile": "ca.pem"}, "prune": False}
    )
    with (
        OrgState.open(None, org=answering) as state,
        Server(make_app(state), certificate=chain, private_key=key) as server,
        proxy_to(int(server.url.rpartition(":")[2])) as proxy,
    ):
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        told = fleetsync("apply", "--yes", waits=IMPATIENT)
        assert (told.code, told.err) == (code, err)
        assert ("1 device type created and 1 device created" in told.out) == bool(out)
        assert len(state.snapshot()["devices"]) == (1 if out else 0)
