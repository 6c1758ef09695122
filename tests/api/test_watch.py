from __future__ import annotations

import threading
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest

from fleetsync.api.retry import RetryPolicy
from fleetsync.errors import FleetsyncError, OutcomeUnknownError, UnreachableError
from tests.api.conftest import GIVE_UP
from tests.api.hostile import Stream, in_turn, reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.api.conftest import Connect, StartServer

HEAD = b"HTTP/1.1 200 OK\r\n"
LONG = b"Content-Length: 9999999\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
DRIP = 0.02
READ = 0.1  # so that a whole answer may take half a second

DRIPS: dict[str, Iterable[bytes]] = {
    "the body": chain([HEAD + LONG], repeat(b" ")),
    "a header": chain([HEAD + b"X: "], repeat(b"x")),
    "headers": chain([HEAD], repeat(b"X: x\r\n")),
    "chunks": chain([HEAD + CHUNKED], repeat(b"1\r\n \r\n")),
    "the size of a chunk": chain([HEAD + CHUNKED], repeat(b"0")),
    "the trailer": chain([HEAD + CHUNKED + b"0\r\n"], repeat(b"X: x\r\n")),
    "interim answers": repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_for_ever_is_given_up(
    start_server: StartServer, connect: Connect, pieces: Iterable[bytes]
) -> None:
    server = start_server(lambda _: Stream(pieces, DRIP))
    begun = time.monotonic()
    with pytest.raises(UnreachableError, match=r"cannot be|broke off|not sent its whole answer"):
        connect(server.url, GIVE_UP, read_timeout=READ).get(("x",))
    assert time.monotonic() - begun < 5


def test_a_write_whose_answer_drips_for_ever_is_of_unknown_outcome(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(lambda _: Stream(chain([HEAD + LONG], repeat(b" ")), DRIP))
    words = "127.0.0.1 has not sent its whole answer in 0.5 s.*may have been carried out or not"
    with pytest.raises(OutcomeUnknownError, match=words):
        connect(server.url, GIVE_UP, read_timeout=READ).post(("x",), b"[]")
    assert len(server.asked) == 1


def test_an_endless_body_is_given_up(start_server: StartServer, connect: Connect) -> None:
    flood = chain([HEAD + b"Connection: close\r\n\r\n"], repeat(b" " * (1 << 20)))
    server = start_server(lambda _: Stream(flood))
    with pytest.raises(FleetsyncError, match="more than 64 MiB in one answer"):
        connect(server.url, GIVE_UP, read_timeout=10).get(("x",))


def test_a_slow_answer_that_ends_is_taken_and_leaves_no_thread(
    start_server: StartServer, connect: Connect
) -> None:
    body = [bytes([byte]) for byte in reply(body={"a": 1})]
    server = start_server(in_turn(Stream(body, 0.001), reply(body=2)))
    transport = connect(server.url, RetryPolicy(), read_timeout=2)
    assert transport.get(("x",)).body == {"a": 1}
    assert transport.get(("x",)).body == 2
    deadline = time.monotonic() + 5
    while any(isinstance(each, threading.Timer) for each in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
