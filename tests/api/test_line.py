from __future__ import annotations

import gzip
import json
import time
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from fleetsync import __version__
from fleetsync.api import line
from fleetsync.api.connection import Connection
from fleetsync.api.failure import Failure
from fleetsync.api.line import Ask, Line, Reply
from fleetsync.emulator.app import make_app
from fleetsync.emulator.inprocess import InProcessAdapter
from fleetsync.model.credentials import Credentials
from tests.api.conftest import CREDENTIALS
from tests.api.hostile import Asked, Hangup, in_turn, reply

if TYPE_CHECKING:
    from pathlib import Path

    from fleetsync.emulator.state import OrgState
    from tests.api.conftest import StartServer

GET = Ask("GET", ("bulk", "devices"))


def line_to(url: str, **parts: float) -> Line:
    return Line(
        Connection(base_url=url, credentials=CREDENTIALS, calls_per_second=10_000, **parts)  # type: ignore[arg-type]  # only timeouts are given
    )


def test_a_request_carries_who_asks_and_nothing_that_is_not_needed(
    start_server: StartServer,
) -> None:
    server = start_server(in_turn(reply(body={"a": 1})))
    result = line_to(server.url).carry(Ask("GET", ("a b", "c"), {"_limit": "200"}))
    assert result == Reply(200, b'{"a": 1}')
    pair = b64encode(b"a-abc123-k0dl0vqqrk:t0ken-of-the-key!").decode()
    headers = {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": f"fleetsync/{__version__}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "authorization": f"Basic {pair}",
    }
    assert server.asked == [Asked("GET", "/a%20b/c", {"_limit": "200"}, headers, b"")]


def test_a_body_is_sent_as_json_with_its_length(start_server: StartServer) -> None:
    server = start_server(in_turn(reply()))
    line_to(server.url).carry(Ask("POST", ("x",), content=b"[1]"))
    asked = server.asked[0]
    assert asked.content == b"[1]"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["content-length"] == "3"


def test_credentials_may_hold_any_letters(start_server: StartServer) -> None:
    server = start_server(in_turn(reply()))
    connection = Connection(base_url=server.url, credentials=Credentials("kéy", "tökén"))
    Line(connection).carry(GET)
    expected = b64encode("kéy:tökén".encode()).decode()
    assert server.asked[0].headers["authorization"] == f"Basic {expected}"


def test_neither_netrc_nor_cookies_change_a_request(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = start_server(in_turn(reply(Set_Cookie="session=1")))
    connected = line_to(server.url)
    connected.carry(GET)
    connected.carry(GET)
    assert server.asked[0] == server.asked[1]
    assert "cookie" not in server.asked[1].headers


def test_no_proxy_stands_before_an_org_on_this_machine(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = start_server(in_turn(reply()))
    assert line_to(server.url).carry(GET) == Reply(200, b"null")


def test_an_org_elsewhere_is_reached_through_the_proxy_of_the_environment(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start_server(in_turn(Hangup(reply(407))))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    result = line_to("https://abc123.example.com").carry(GET)
    assert isinstance(result, Failure)
    assert result.message.startswith("the proxy on the way to abc123.example.com")
    (asked,) = proxy.asked
    assert (asked.method, asked.path) == ("CONNECT", "abc123.example.com:443")
    assert "authorization" not in asked.headers


def test_no_redirect_is_followed(start_server: StartServer) -> None:
    elsewhere = start_server(in_turn(reply()))
    server = start_server(in_turn(reply(302, Location=f"{elsewhere.url}/x", Retry_After="3")))
    assert line_to(server.url).carry(GET) == Reply(302, b"null", 3.0, f"{elsewhere.url}/x")
    assert elsewhere.asked == []


def test_packed_answers_are_unpacked(start_server: StartServer) -> None:
    server = start_server(in_turn(reply(body=gzip.compress(b"[1]"), Content_Encoding="gzip")))
    assert line_to(server.url).carry(GET) == Reply(200, b"[1]")


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_end_is_not_read_to_its_end(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(line, "MAX_ANSWER_BYTES", 2**20)
    body = b"0" * 2**24
    answer = (
        reply(body=gzip.compress(body), Content_Encoding="gzip") if packed else reply(body=body)
    )
    server = start_server(in_turn(answer))
    result = line_to(server.url).carry(GET)
    assert isinstance(result, Failure)
    assert result.message.startswith("127.0.0.1 sends more than 1 MiB in one answer")
    assert result.lasting


@pytest.mark.parametrize(
    "answer",
    [
        Hangup(),
        Hangup(reply(body=b"x" * 100)[:-50]),
        Hangup(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nxx"),
        Hangup(b"SSH-2.0-OpenSSH_9.6\r\n"),
        Hangup(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip"),
        Hangup(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"),
        Hangup(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 7\r\n\r\nxxxxx"),
    ],
)
def test_an_answer_that_is_cut_or_no_http_is_a_failure(
    start_server: StartServer, answer: Hangup
) -> None:
    server = start_server(in_turn(answer))
    connected = line_to(server.url)
    result = connected.carry(GET)
    assert isinstance(result, Failure)
    assert "127.0.0.1" in result.message
    assert connected.gate.left


def test_the_quickest_answer_tells_what_the_way_costs_without_the_wait_for_a_turn(
    start_server: StartServer,
) -> None:
    def sleep(_: Asked) -> bytes:
        time.sleep(0.05)
        return reply()

    connection = Connection(
        base_url=start_server(sleep).url, credentials=CREDENTIALS, calls_per_second=1
    )
    connected = Line(connection)
    assert connected.quickest == float("inf")
    connected.carry(GET)
    connected.carry(GET)
    assert 0.05 <= connected.quickest < 0.5


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_told(
    start_server: StartServer,
) -> None:
    def sleep(_: Asked) -> bytes:
        time.sleep(0.3)
        return reply()

    server = start_server(sleep)
    result = line_to(server.url, read_timeout=0.05).carry(GET)
    assert isinstance(result, Failure)
    assert result.message.startswith("127.0.0.1 accepts connections but does not answer in time")


def test_an_adapter_answers_instead_of_the_network(org_state: OrgState) -> None:
    connected = Line(
        Connection(
            base_url="http://localhost",
            credentials=CREDENTIALS,
            adapter=InProcessAdapter(make_app(org_state)),
        )
    )
    result = connected.carry(Ask("GET", ()))
    assert isinstance(result, Reply)
    assert json.loads(result.content)["id"] == "embedded"
    assert connected.gate.count == 1


def test_what_the_http_library_chokes_on_is_a_failure_in_words(start_server: StartServer) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"
    server = start_server(in_turn(Hangup(chunked)))
    for method in ("GET", "DELETE"):
        result = line_to(server.url).carry(Ask(method, ("x",)))
        assert isinstance(result, Failure)
        assert result.message.startswith("the connection with 127.0.0.1 broke off")
