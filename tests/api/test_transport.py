from __future__ import annotations

import re
import threading
import time
from base64 import b64encode
from email.utils import formatdate
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.api.answer import Answer
from fleetsync.api.connection import Connection
from fleetsync.api.retry import RetryPolicy
from fleetsync.api.transport import Reader, Transport
from fleetsync.errors import (
    ApiError,
    CredentialsError,
    FleetsyncError,
    LockLostError,
    OutcomeUnknownError,
    UnreachableError,
)
from fleetsync.model.credentials import Credentials
from tests.api.conftest import CREDENTIALS, GIVE_UP, HASTY
from tests.api.hostile import Asked, Hangup, HostileServer, in_turn, reply
from tests.api.test_adapter import closed_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Connect, StartServer


def test_a_reader_has_no_way_to_write() -> None:
    doors = {name for name in dir(Reader) if not name.startswith("_")}
    assert doors == {"get", "hasty", "heard_by", "close", "requests", "quickest"}
    assert not any(hasattr(Reader, name) for name in ("post", "put", "delete", "send"))


def test_each_door_sends_its_method(start_server: StartServer, connect: Connect) -> None:
    server = start_server(in_turn(reply(body=[])))
    transport = connect(server.url)
    assert transport.get(("a",), {"_limit": "1"}) == Answer(200, [])
    transport.post(("b",), b"1")
    transport.put(("c",), b"2")
    transport.delete(("d",))
    assert [(each.method, each.path, each.content) for each in server.asked] == [
        ("GET", "/a", b""),
        ("POST", "/b", b"1"),
        ("PUT", "/c", b"2"),
        ("DELETE", "/d", b""),
    ]
    assert server.asked[0].params == {"_limit": "1"}
    assert transport.requests == 4


def test_a_guard_that_raises_keeps_writes_from_being_sent_and_nothing_else(
    start_server: StartServer, connect: Connect
) -> None:
    def refuse() -> None:
        raise LockLostError("lost")

    server = start_server(in_turn(reply(body=[])))
    transport = connect(server.url)
    guarded = transport.guarded(refuse)
    for write in (partial(guarded.post, ("b",), b""), partial(guarded.put, ("c",), b"")):
        with pytest.raises(LockLostError):
            write()
    with pytest.raises(LockLostError):
        guarded.delete(("d",))
    guarded.get(("a",))
    transport.delete(("e",))
    assert server.paths == ["/a", "/e"]
    assert transport.requests == guarded.requests == 2


def test_an_empty_answer_is_no_body(start_server: StartServer, connect: Connect) -> None:
    server = start_server(in_turn(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert connect(server.url).delete(("x",)) == Answer(204, None)


@pytest.mark.parametrize("trouble", [429, 502, 503, 504])
def test_a_read_is_tried_again_until_the_org_answers(
    start_server: StartServer, connect: Connect, notices: list[str], trouble: int
) -> None:
    server = start_server(in_turn(reply(trouble), reply(trouble), reply(body=5)))
    transport = connect(server.url, HASTY)
    assert transport.get(("x",)).body == 5
    assert (len(server.asked), transport.requests) == (3, 3)
    assert notices == [f"the org is busy ({trouble}); trying again in 0.0 s"] * 2


def test_a_read_survives_a_broken_connection(
    start_server: StartServer, connect: Connect, notices: list[str]
) -> None:
    server = start_server(in_turn(Hangup(), Hangup(reply(body=5)[:-1]), reply(body=5)))
    assert connect(server.url, HASTY).get(("x",)).body == 5
    assert len(notices) == 2


def test_a_read_gives_up_when_its_time_is_over(start_server: StartServer, connect: Connect) -> None:
    server = start_server(in_turn(reply(503, {"message": "down for the night"})))
    begun = time.monotonic()
    with pytest.raises(ApiError, match="answered 503: down for the night") as caught:
        connect(server.url, RetryPolicy(budget=0.2, first_delay=0.02)).get(("x",))
    assert time.monotonic() - begun < 1.0
    assert caught.value.status == 503
    assert len(server.asked) > 1


def test_waiting_longer_than_the_budget_is_not_begun(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(429, Retry_After="3600")))
    begun = time.monotonic()
    with pytest.raises(ApiError, match="answered 429"):
        connect(server.url, RetryPolicy(budget=30)).get(("x",))
    assert time.monotonic() - begun < 5
    assert len(server.asked) == 1


def test_retry_after_holds_all_callers_of_the_connection(
    start_server: StartServer, connect: Connect
) -> None:
    arrivals: list[float] = []
    refused = threading.Event()

    def script(_: Asked) -> bytes:
        arrivals.append(time.monotonic())
        if refused.is_set():
            return reply(body=1)
        refused.set()
        return reply(429, Retry_After="1")

    transport = connect(start_server(script).url, RetryPolicy(budget=10))
    first = threading.Thread(target=transport.get, args=(("a",),))
    first.start()
    refused.wait(5)
    time.sleep(0.1)
    transport.get(("b",))
    first.join()
    assert len(arrivals) == 3
    assert min(arrivals[1:]) - arrivals[0] >= 1.0


def test_a_date_in_retry_after_is_waited_for(start_server: StartServer, connect: Connect) -> None:
    def script(_: Asked) -> bytes:
        if len(server.asked) > 1:
            return reply(body=1)
        then = formatdate(time.time() + 2, usegmt=True)  # it has whole seconds: 1 to 2 from now
        return reply(429, Retry_After=then)

    server = start_server(script)
    begun = time.monotonic()
    assert connect(server.url, RetryPolicy(budget=10)).post(("x",), b"[]").body == 1
    assert 0.9 < time.monotonic() - begun < 8


def _in_seconds() -> str:
    return "2"


def _as_date() -> str:
    return formatdate(time.time() + 3, usegmt=True)  # it has whole seconds: 2 to 3 from now


@pytest.mark.parametrize("form", [_in_seconds, _as_date])
def test_how_long_the_org_asks_to_wait_is_told(
    start_server: StartServer, connect: Connect, notices: list[str], form: Callable[[], str]
) -> None:
    busy = iter([True, False])
    server = start_server(lambda _: reply(429, Retry_After=form()) if next(busy) else reply(body=1))
    assert connect(server.url, RetryPolicy(budget=10)).get(("x",)).body == 1
    told = re.fullmatch(r"the org is busy \(429\); trying again in (\d\.\d) s", notices[0])
    assert told is not None
    assert 1.5 <= float(told[1]) <= 3.0


def test_the_waits_grow(start_server: StartServer, connect: Connect) -> None:
    arrivals: list[float] = []

    def script(_: Asked) -> bytes:
        arrivals.append(time.monotonic())
        return reply(body=1) if len(arrivals) == 6 else reply(503)

    patience = RetryPolicy(budget=10, first_delay=0.02, longest_delay=0.2)
    connect(start_server(script).url, patience).get(("x",))
    least = [0.01, 0.02, 0.04, 0.08, 0.1]  # half of 0.02, 0.04, ..., and of the longest
    waits = [after - before for before, after in pairwise(arrivals)]
    assert [wait >= each for wait, each in zip(waits, least, strict=True)] == [True] * 5


MISTAKES = [reply(409), reply(500), reply(200, b"<html>"), reply(200, b'{"a": ')]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_read_that_is_answered_out_of_line_is_asked_again_and_then_believed(
    start_server: StartServer, connect: Connect, mistake: bytes
) -> None:
    healed = start_server(in_turn(mistake, mistake, reply(body=5)))
    assert connect(healed.url, HASTY).get(("x",)).body == 5
    broken = start_server(in_turn(mistake))
    with pytest.raises(ApiError):
        connect(broken.url, HASTY).get(("x",))
    assert len(broken.asked) == 3


@pytest.mark.parametrize("refusal", [reply(401, {"message": "no"}), reply(403)])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_key_that_was_taken_before_is_shown_again_when_it_is_refused(
    start_server: StartServer,
    connect: Connect,
    notices: list[str],
    refusal: bytes,
    method: str,
) -> None:
    server = start_server(in_turn(reply(body=1), refusal, reply(body=2), refusal))
    transport = connect(server.url, HASTY)

    def ask() -> object:
        return transport.get(("x",)).body if method == "get" else transport.post(("x",), b"1").body

    assert [transport.get(("x",)).body, ask()] == [1, 2]
    assert "the org refuses the API key that it took before" in notices[0]
    with pytest.raises(CredentialsError):
        ask()
    assert len(server.asked) == 6


def test_a_key_that_was_never_taken_is_refused_at_once(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(401)))
    with pytest.raises(CredentialsError):
        connect(server.url, HASTY).get(("x",))
    assert len(server.asked) == 1


def test_a_refusal_that_has_words_is_not_taken_for_a_mistake(
    start_server: StartServer, connect: Connect
) -> None:
    words = reply(403, {"message": "CUDCS0105E: the cache is off"})
    server = start_server(in_turn(reply(body=1), words))
    transport = connect(server.url, HASTY)
    transport.get(("x",))
    with pytest.raises(ApiError, match="the cache is off"):
        transport.get(("x",))
    assert len(server.asked) == 2


def test_until_the_org_has_answered_once_nobody_waits_long(connect: Connect) -> None:
    patience = RetryPolicy(budget=60, first_contact=0.1, first_delay=0.05)
    begun = time.monotonic()
    with pytest.raises(UnreachableError, match="refuses the connection"):
        connect(f"http://127.0.0.1:{closed_port()}", patience).get(("x",))
    assert time.monotonic() - begun < 5


def test_a_write_is_tried_again_after_429(start_server: StartServer, connect: Connect) -> None:
    server = start_server(in_turn(reply(429, Retry_After="0"), reply(201, [])))
    assert connect(server.url, HASTY).post(("x",), b"[]").status == 201
    assert [each.content for each in server.asked] == [b"[]", b"[]"]


def test_a_write_is_tried_again_while_nothing_had_left(connect: Connect) -> None:
    port = closed_port()
    server = HostileServer(in_turn(reply(201, [])), port=port)

    def open_late() -> None:
        time.sleep(0.15)
        server.__enter__()

    late = threading.Thread(target=open_late)
    late.start()
    transport = connect(f"http://127.0.0.1:{port}", RetryPolicy(10, 10, 0.02, 0.05))
    assert transport.post(("x",), b"[]").status == 201
    late.join()
    server.__exit__(None, None, None)
    assert (len(server.asked), transport.requests) == (1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        Hangup(),
        Hangup(reply(201, [{"success": True}])[:-5]),
        Hangup(b"HTTP/1.1 2"),
        reply(500),
        reply(502, b"<html>Bad gateway"),
        reply(503, Retry_After="0"),
        reply(200, b"<html>Welcome"),
        reply(201, b"[{"),
    ],
)
def test_a_write_whose_answer_is_lost_is_sent_once_and_called_unknown(
    start_server: StartServer, connect: Connect, answer: bytes | Hangup
) -> None:
    server = start_server(in_turn(answer))
    transport = connect(server.url, HASTY)
    with pytest.raises(OutcomeUnknownError, match="may have been carried out or not"):
        transport.post(("x",), b"[]")
    with pytest.raises(OutcomeUnknownError, match="may have been carried out or not"):
        transport.put(("x",), b"{}")
    with pytest.raises(OutcomeUnknownError, match="may have been carried out or not"):
        transport.delete(("x",))
    assert [each.method for each in server.asked] == ["POST", "PUT", "DELETE"]


def test_a_write_that_is_answered_too_late_is_unknown(
    start_server: StartServer, connect: Connect
) -> None:
    def sleep(_: Asked) -> bytes:
        time.sleep(0.2)
        return reply(201, [])

    server = start_server(sleep)
    with pytest.raises(OutcomeUnknownError, match="does not answer in time"):
        connect(server.url, HASTY, read_timeout=0.05).post(("x",), b"[]")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 413])
def test_a_refused_write_tells_the_platforms_words(
    start_server: StartServer, connect: Connect, status: int
) -> None:
    server = start_server(in_turn(reply(status, {"message": "CUDRS0007E: no"})))
    with pytest.raises(ApiError, match=f"POST /x: the org answered {status}: CUDRS0007E: no"):
        connect(server.url, HASTY).post(("x",), b"[]")
    assert len(server.asked) == 1


def test_refused_credentials_have_their_own_error(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(401, {"message": "no"})))
    with pytest.raises(CredentialsError, match=r"\(401\)"):
        connect(server.url, HASTY).get(())


def test_a_redirect_is_not_followed_and_named(start_server: StartServer, connect: Connect) -> None:
    server = start_server(in_turn(reply(307, Location="https://evil.example.com/a?b=c")))
    with pytest.raises(ApiError, match=r"redirects \(307\) to https://evil\.example\.com/a;"):
        connect(server.url).post(("x",), b"[]")


ECHOES = st.sampled_from(["{key}", "{token}", "{basic}", "{{}}", "<{token}>", "x", "\\u001b", " "])


@settings(max_examples=40, deadline=None)
@given(
    status=st.sampled_from([200, 302, 400, 401, 403, 404, 409, 413, 429, 500, 503]),
    echoes=st.lists(ECHOES, min_size=1, max_size=4),
    as_json=st.booleans(),
    method=st.sampled_from(["get", "post"]),
)
def test_no_error_shows_the_credentials_whatever_the_org_sends_back(
    status: int, echoes: list[str], as_json: bool, method: str
) -> None:
    pair = f"{CREDENTIALS.key}:{CREDENTIALS.token}"
    secrets = {"key": CREDENTIALS.key, "token": CREDENTIALS.token}
    secrets["basic"] = b64encode(pair.encode()).decode()
    text = "".join(echoes).format(**secrets)
    body: object = {"message": text, "violations": [{"message": text}]}
    answer = reply(status, body if as_json else text.encode(), Location=f"https://{text}/{text}")
    told: list[str] = []
    with HostileServer(in_turn(Hangup(answer))) as server:
        connection = Connection(
            base_url=server.url, credentials=CREDENTIALS, calls_per_second=10_000, retry=GIVE_UP
        )
        with Transport(connection, notify=told.append) as transport:
            try:
                if method == "get":
                    transport.get((CREDENTIALS.key,))
                else:
                    transport.post(("x",), b"[]")
            except FleetsyncError as error:
                told += [str(error), repr(error), *map(str, vars(error).values())]
                assert error.__cause__ is None  # noqa: PT017 - either way is right
                assert error.__context__ is None  # noqa: PT017 - a context could hold the request
    shown = "\n".join([*told, repr(connection), repr(transport)])
    assert not [name for name, secret in secrets.items() if secret in shown]


def test_secrets_of_a_body_do_not_come_back_in_an_error(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(400, {"message": "the token dev-t0ken is too weak"})))
    with pytest.raises(ApiError, match=r"the token \*\*\* is too weak") as caught:
        connect(server.url).post(("x",), b"[]", secrets=["dev-t0ken"])
    assert "dev-t0ken" not in caught.value.detail


def test_an_org_without_accounts_is_asked_without_credentials(start_server: StartServer) -> None:
    server = start_server(in_turn(reply(body=1)))
    with Reader(Connection(base_url=server.url, credentials=None)) as reader:
        assert reader.get(()).body == 1
    assert "authorization" not in server.asked[0].headers


def test_many_threads_share_one_reader(start_server: StartServer, connect: Connect) -> None:
    server = start_server(lambda asked: reply(body=asked.path))
    transport = connect(server.url)
    answers: dict[str, object] = {}

    def ask(name: str) -> None:
        answers[name] = transport.get((name,)).body

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {str(number): f"/{number}" for number in range(40)}
    assert transport.requests == 40


def test_credentials_of_an_unusual_kind_are_not_shown_by_the_connection() -> None:
    odd = Credentials("key", "p4ssword")
    assert "p4ssword" not in repr(Connection(base_url="https://host", credentials=odd))
