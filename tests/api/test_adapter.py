from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

from fleetsync.api.connection import Connection
from fleetsync.api.failure import Failure
from fleetsync.api.line import Ask, Line, Reply
from tests.api.conftest import CREDENTIALS
from tests.api.hostile import Asked, Hangup, in_turn, reply

if TYPE_CHECKING:
    from tests.api.conftest import StartServer

GET = Ask("GET", ("x",))
POST = Ask("POST", ("x",), content=b"[]")


def line_to(url: str, calls_per_second: int = 10_000) -> Line:
    return Line(
        Connection(base_url=url, credentials=CREDENTIALS, calls_per_second=calls_per_second)
    )


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_one_connection_serves_all_requests_of_a_thread(start_server: StartServer) -> None:
    server = start_server(in_turn(reply()))
    connected = line_to(server.url)
    for _ in range(5):
        connected.carry(GET)
    assert (len(server.asked), server.connections) == (5, 1)
    assert connected.gate.count == 5


def test_nothing_has_left_while_the_connection_is_refused() -> None:
    connected = line_to(f"http://127.0.0.1:{closed_port()}")
    result = connected.carry(POST)
    assert isinstance(result, Failure)
    assert "refuses the connection" in result.message
    assert not connected.gate.left
    assert connected.gate.count == 0


def test_a_request_has_left_when_the_connection_breaks_off_afterwards(
    start_server: StartServer,
) -> None:
    server = start_server(in_turn(Hangup()))
    connected = line_to(server.url)
    assert isinstance(connected.carry(POST), Failure)
    assert connected.gate.left


def test_what_left_before_says_nothing_of_the_next_request(start_server: StartServer) -> None:
    server = start_server(in_turn(reply()))
    connected = line_to(server.url)
    connected.carry(POST)
    assert connected.gate.left
    connected.gate.begin()
    assert not connected.gate.left


def test_a_connection_that_the_org_closed_meanwhile_is_not_used(start_server: StartServer) -> None:
    server = start_server(in_turn(Hangup(reply()), reply()))
    connected = line_to(server.url)
    connected.carry(GET)
    time.sleep(0.05)
    assert connected.carry(POST) == Reply(200, b"null")
    assert server.connections == 2


def test_a_connection_that_closes_while_it_waits_for_its_turn_sends_nothing(
    start_server: StartServer,
) -> None:
    server = start_server(in_turn(reply()))
    connected = line_to(server.url, calls_per_second=1)
    connected.carry(GET)

    def drop_connections() -> None:
        time.sleep(0.2)
        server.drop_connections()

    closing = threading.Thread(target=drop_connections)
    closing.start()
    result = connected.carry(POST)
    closing.join()
    assert isinstance(result, Failure)
    assert not connected.gate.left
    assert len(server.asked) == 1


def test_requests_arrive_no_faster_than_the_quota_even_over_fresh_connections(
    start_server: StartServer,
) -> None:
    arrivals: list[float] = []

    def note(_: Asked) -> bytes:
        arrivals.append(time.monotonic())
        return reply()

    server = start_server(note)
    connected = line_to(server.url, calls_per_second=5)
    threads = [threading.Thread(target=connected.carry, args=(GET,)) for _ in range(11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrivals.sort()
    assert len(arrivals) == 11
    assert all(late - early > 1.0 for early, late in zip(arrivals, arrivals[5:], strict=False))
