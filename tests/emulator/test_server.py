"""The server speaks HTTP/1.1 with keep-alive, says nothing, and leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
import trustme

from fleetsync.emulator.app import make_app
from fleetsync.emulator.errors import EmulatorError
from fleetsync.emulator.running import run_emulator
from fleetsync.emulator.server import Server

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator
    from fleetsync.emulator.state import OrgState

AUTH = {"Authorization": "Basic " + b64encode(b"key:token").decode("ascii")}


def connect(url: str) -> http.client.HTTPConnection:
    """Open one connection to the emulator."""
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)


def test_one_connection_serves_many_requests(emulator: Emulator) -> None:
    connection = connect(emulator.url)
    connection.connect()
    first = connection.sock
    for number in range(20):
        body = json.dumps({"id": f"t-{number}"})
        connection.request("POST", "/api/v0002/device/types", body, AUTH)
        answer = connection.getresponse()
        assert (answer.status, answer.version) == (201, 11)
        answer.read()
        connection.request("DELETE", f"/api/v0002/device/types/t-{number}", headers=AUTH)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (204, b"")
    assert connection.sock is first
    connection.close()


def test_a_refused_body_does_not_spoil_the_connection(emulator: Emulator) -> None:
    connection = connect(emulator.url)
    for _ in range(3):
        connection.request("POST", "/api/v0002/bulk/devices/add", b"x" * 600_000, AUTH)
        answer = connection.getresponse()
        assert answer.status == 413
        answer.read()
        connection.request("POST", "/api/v0002/nowhere", b"x" * 1000, AUTH)
        answer = connection.getresponse()
        assert answer.status == 404
        answer.read()
        connection.request("POST", "/api/v0002/device/types", b"{}")
        answer = connection.getresponse()
        assert answer.status == 401
        answer.read()
    connection.close()


def test_a_head_request_gets_no_body(emulator: Emulator) -> None:
    connection = connect(emulator.url)
    for method, status in (("HEAD", 405), ("GET", 200)):
        connection.request(method, "/api/v0002/", headers=AUTH)
        answer = connection.getresponse()
        assert (answer.status, answer.read() == b"") == (status, method == "HEAD")
    connection.close()


def test_a_body_may_come_in_chunks(emulator: Emulator) -> None:
    connection = connect(emulator.url)
    chunks = [b'{"id":', b' "pump"', b"}"]
    connection.request("POST", "/api/v0002/device/types", iter(chunks), AUTH, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["id"]) == (201, "pump")
    connection.close()


def test_a_chunked_body_over_the_limit_is_a_413(emulator: Emulator) -> None:
    connection = connect(emulator.url)
    chunks = (b"x" * 100_000 for _ in range(7))
    connection.request("POST", "/api/v0002/bulk/devices/add", chunks, AUTH, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_answers_are_sent_without_waiting_for_more(org_state: OrgState) -> None:
    # Accepted connections inherit it; without it an answer may wait 40 ms for an acknowledgement.
    with Server(make_app(org_state)) as server:
        listening = server._server.socket
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_when_it_stops_no_thread_is_left_and_the_port_is_free(org_state: OrgState) -> None:
    before = threading.active_count()
    with run_emulator(org_state) as running:
        port = urlsplit(running.url).port
        idle = connect(running.url)
        idle.request("GET", "/api/v0002/", headers=AUTH)
        idle.getresponse().read()
        assert threading.active_count() > before
    assert threading.active_count() == before
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0), timeout=10)


def test_a_port_in_use_says_so(emulator: Emulator, org_state: OrgState) -> None:
    port = urlsplit(emulator.url).port or 0
    before = threading.active_count()
    with pytest.raises(EmulatorError, match="the emulator cannot listen there") as caught:
        Server(make_app(org_state), port=port).start()
    assert str(caught.value).startswith(f"127.0.0.1:{port}: ")
    assert "0 takes a free port" in str(caught.value)
    assert threading.active_count() == before


def test_a_host_that_is_not_here_says_so(org_state: OrgState) -> None:
    with pytest.raises(EmulatorError, match=r"^192\.0\.2\.1:0: the emulator cannot listen there"):
        Server(make_app(org_state), host="192.0.2.1").start()


def test_stopping_twice_or_before_the_start_is_harmless(org_state: OrgState) -> None:
    server = Server(make_app(org_state))
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_with_a_certificate_it_speaks_tls(org_state: OrgState, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    chain.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    with Server(make_app(org_state), certificate=chain, private_key=key) as server:
        assert server.url.startswith("https://127.0.0.1:")
        with requests.Session() as session:
            session.trust_env = False
            session.auth = ("key", "token")
            url = f"{server.url}/api/v0002/"
            for _ in range(3):
                assert session.get(url, verify=str(ca), timeout=9).json()["id"] == "embedded"
            with pytest.raises(requests.exceptions.SSLError):
                session.get(url, timeout=9)


def test_more_clients_than_threads_are_all_served(emulator: Emulator) -> None:
    statuses: list[int] = []

    def work(number: int) -> None:
        connection = connect(emulator.url)
        for step in range(5):
            body = json.dumps({"id": f"t-{number}-{step}"})
            connection.request("POST", "/api/v0002/device/types", body, AUTH)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 120
    assert emulator.state.calls == {"POST /device/types": 120}


def test_garbage_on_the_wire_is_survived_in_silence(
    emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    address = ("127.0.0.1", urlsplit(emulator.url).port or 0)
    for garbage in (
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"",
    ):
        with socket.create_connection(address, timeout=10) as raw:
            raw.sendall(garbage)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    connection = connect(emulator.url)
    connection.request("GET", "/api/v0002/", headers=AUTH)
    assert connection.getresponse().status == 200
    connection.close()
    assert capfd.readouterr() == ("", "")


def test_a_missing_server_package_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['cheroot'] = None\n"
        "from fleetsync.errors import ExtraMissingError\n"
        "try:\n    import fleetsync.emulator.server\n"
        "except ExtraMissingError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "the emulator's server needs a package that is not installed; "
        "run: pip install 'fleetsync[emulator]'\n"
    )


def test_the_in_process_doors_need_no_server_package() -> None:
    code = (
        "import sys; sys.modules['cheroot'] = None\n"
        "import fleetsync.emulator.state, fleetsync.emulator.app, fleetsync.emulator.inprocess"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_emulator_shares_no_code_with_the_client() -> None:
    folder = Path(__file__).parents[2] / "fleetsync" / "emulator"
    for path in sorted(folder.glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith(("import fleetsync", "from fleetsync")):
                module = line.split()[1]
                assert module.startswith("fleetsync.emulator") or module == "fleetsync.errors", path
