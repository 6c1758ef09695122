"""Hold the messages of applications against a broker that is not ours."""

from __future__ import annotations

import threading
from itertools import islice
from pathlib import Path

import pytest
import trustme

from fleetsync.errors import CredentialsError, FileError, UnreachableError, UsageError
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.client import Bounds
from fleetsync.messaging.codec import MAX_PAYLOAD
from fleetsync.messaging.endpoint import Endpoint, Login, application_login, endpoint_of_url
from fleetsync.messaging.message import Command, Event, Unreadable
from tests.messaging.conftest import PASSWORD, SECONDS, USER, MakeApp, Mosquitto


def events(app: ApplicationMessaging, count: int) -> list[Event]:
    found = list(islice(app.messages(SECONDS), count))
    assert all(isinstance(each, Event) for each in found)
    return [each for each in found if isinstance(each, Event)]


@pytest.mark.parametrize("qos", [0, 1])
def test_an_event_arrives_as_it_was_published(app: MakeApp, qos: int) -> None:
    watcher, publisher = app(), app()
    watcher.subscribe_to_device_events(qos=qos)
    data = {"name": "foo", "cpu": 60, "sub": [None, 1.5, "\u2603"]}
    publisher.publish_event("pump", "p-1", "status", "json", data, qos=qos)
    (event,) = events(watcher, 1)
    assert (event.device_type, event.device_id, event.event) == ("pump", "p-1", "status")
    assert (event.format, event.data, event.device) == ("json", data, "pump:p-1")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, ["a/1/t/json", "a/2/u/text", "b/1/t/json"]),
        ({"device_type": "a"}, ["a/1/t/json", "a/2/u/text"]),
        ({"device_id": "1"}, ["a/1/t/json", "b/1/t/json"]),
        ({"event": "t"}, ["a/1/t/json", "b/1/t/json"]),
        ({"msg_format": "text"}, ["a/2/u/text"]),
        ({"device_type": "b", "device_id": "1", "event": "t"}, ["b/1/t/json"]),
    ],
)
def test_a_subscription_covers_its_scope(
    app: MakeApp, scope: dict[str, str], expected: list[str]
) -> None:
    watcher, publisher = app(), app()
    watcher.subscribe_to_device_events(**scope, qos=1)
    publisher.publish_event("a", "1", "t", "json", 1, qos=1)
    publisher.publish_event("a", "2", "u", "text", "x", qos=1)
    publisher.publish_event("b", "1", "t", "json", 2, qos=1)
    found = events(watcher, len(expected))
    names = [f"{e.device_type}/{e.device_id}/{e.event}/{e.format}" for e in found]
    assert sorted(names) == expected
    assert watcher.waiting == 0


def test_commands_arrive_as_commands(app: MakeApp) -> None:
    watcher, sender = app(), app()
    watcher.subscribe_to_device_commands("pump", qos=1)
    sender.publish_command("pump", "p-1", "reboot", "bin", b"\x00\xff", qos=1)
    command = next(watcher.messages(SECONDS))
    assert isinstance(command, Command)
    assert (command.command, command.data) == ("reboot", b"\x00\xff")


def test_what_cannot_be_read_is_told_and_the_stream_goes_on(app: MakeApp) -> None:
    watcher, publisher = app(), app()
    watcher.subscribe_to_device_events(qos=1)
    for payload in (b"{", b"\xff", b"[" * 100_000, b"1" * 5_000):
        publisher.codecs["json"] = publisher.codecs["bin"]
        publisher.publish_event("pump", "p-1", "e", "json", payload, qos=1)
    publisher.publish_event("pump", "p-1", "e", "json", b"7", qos=1)
    found = list(islice(watcher.messages(SECONDS), 5))
    assert [type(each) for each in found] == [Unreadable] * 4 + [Event]


def test_a_durable_session_loses_no_event_when_the_broker_restarts(
    app: MakeApp, mosquitto: Mosquitto
) -> None:
    heard: list[str] = []
    watcher = app("durable", clean=False, notify=heard.append)
    watcher.subscribe_to_device_events(qos=1)
    publisher = app()
    for number in range(200):
        publisher.publish_event("pump", "p-1", "e", "json", number, qos=1)
    first = events(watcher, 50)
    mosquitto.stop()
    mosquitto.start()
    again = app()
    for number in range(200, 300):
        again.publish_event("pump", "p-1", "e", "json", number, qos=1)
    seen = [each.data for each in first]
    stream = watcher.messages(SECONDS)
    while set(seen) != set(range(300)):
        message = next(stream)
        assert isinstance(message, Event)
        seen.append(message.data)
    assert any("is lost" in words for words in heard)
    assert any("connected again" in words for words in heard)


def test_what_comes_while_a_durable_session_is_away_waits_for_it(app: MakeApp) -> None:
    before = app("durable", clean=False)
    before.subscribe_to_device_events(qos=1)
    before.disconnect()
    publisher = app()
    for number in range(30):
        publisher.publish_event("pump", "p-1", "e", "json", number, qos=1)
    assert [each.data for each in events(app("durable", clean=False), 30)] == list(range(30))


def test_a_message_at_which_the_reader_fails_comes_again(app: MakeApp) -> None:
    reader = app("durable", clean=False)
    reader.subscribe_to_device_events(qos=1)
    publisher = app()
    for number in range(3):
        publisher.publish_event("pump", "p-1", "e", "json", number, qos=1)
    stream = reader.messages(SECONDS)
    assert [next(stream), next(stream)]  # the first is done with, at the second it fails
    reader.disconnect()
    assert [each.data for each in events(app("durable", clean=False), 2)] == [1, 2]


def test_a_slow_reader_costs_messages_that_may_be_lost_and_they_are_counted(
    app: MakeApp,
) -> None:
    slow, publisher = app(capacity=10), app()
    slow.subscribe_to_device_events("loose", qos=0)
    slow.subscribe_to_device_events("last", qos=1)
    for number in range(100):
        publisher.publish_event("loose", "p-1", "e", "json", number)
    done = threading.Event()
    publisher.publish_event("last", "p-1", "e", "json", "end", qos=1, on_publish=done.set)
    assert done.wait(SECONDS)
    found = []
    for event in slow.messages(SECONDS):
        assert isinstance(event, Event)
        found.append(event.data)
        if event.data == "end":
            break
    assert found[:10] == list(range(10))
    assert slow.dropped == 100 - len(found) + 1


def test_a_slow_reader_costs_no_message_that_must_not_be_lost(app: MakeApp) -> None:
    slow, publisher = app(capacity=10), app()
    slow.subscribe_to_device_events(qos=1)
    for number in range(100):
        publisher.publish_event("pump", "p-1", "e", "json", number, qos=1)
    assert [each.data for each in events(slow, 100)] == list(range(100))
    assert slow.dropped == 0


def test_callbacks_get_what_comes_and_one_that_fails_ends_nothing(app: MakeApp) -> None:
    heard: list[str] = []
    watcher, publisher = app(notify=heard.append), app()
    seen: list[object] = []
    done = threading.Event()

    def take(event: Event) -> None:
        if event.data == 1:
            raise ValueError("no \x1b[2J")
        seen.append(event.data)
        if event.data == 2:
            done.set()

    watcher.call_back(event=take)
    watcher.subscribe_to_device_events(qos=1)
    for number in range(3):
        publisher.publish_event("pump", "p-1", "e", "json", number, qos=1)
    assert done.wait(SECONDS)
    assert seen == [0, 2]
    assert heard == ["a callback failed: ValueError: no \\x1b[2J"]


def test_while_the_broker_is_gone_nothing_is_sent(app: MakeApp, mosquitto: Mosquitto) -> None:
    lost = threading.Event()
    publisher = app(notify=lambda _: lost.set())
    mosquitto.stop()
    assert lost.wait(SECONDS)
    with pytest.raises(UnreachableError, match="nothing was sent"):
        publisher.publish_event("pump", "p-1", "e", "json", 1, qos=1)


def connect(endpoint: Endpoint, login: Login) -> None:
    with ApplicationMessaging(endpoint, login, bounds=Bounds(SECONDS)):
        pass


LOGIN = application_login("abc123", USER, PASSWORD)


def test_a_wrong_token_is_refused_and_not_told(mosquitto: Mosquitto) -> None:
    login = application_login("abc123", USER, "wrong-token-0123")
    with pytest.raises(CredentialsError) as caught:
        connect(Endpoint("127.0.0.1", mosquitto.port, tls=False), login)
    assert "wrong-token-0123" not in str(caught.value)
    assert "wrong-token-0123" not in repr(login)
    assert "refused" in str(caught.value)


def test_a_certificate_is_always_verified(
    mosquitto: Mosquitto, ca: trustme.CA, tmp_path: Path
) -> None:
    ours, others = tmp_path / "ca.pem", tmp_path / "others.pem"
    ca.cert_pem.write_to_path(str(ours))
    trustme.CA().cert_pem.write_to_path(str(others))
    port = mosquitto.tls_port
    connect(Endpoint("127.0.0.1", port, ca_file=ours), LOGIN)
    for endpoint in (
        Endpoint("127.0.0.1", port),
        Endpoint("127.0.0.1", port, ca_file=others),
        Endpoint("localhost", port, ca_file=ours),  # the certificate names 127.0.0.1 alone
    ):
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            connect(endpoint, LOGIN)
    with pytest.raises(FileError, match="caFile"):
        connect(Endpoint("127.0.0.1", port, ca_file=tmp_path / "none.pem"), LOGIN)


def test_websockets_carry_messages_with_and_without_tls(
    mosquitto: Mosquitto, ca: trustme.CA, tmp_path: Path
) -> None:
    ours = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(ours))
    for url in (f"ws://127.0.0.1:{mosquitto.ws_port}", f"wss://127.0.0.1:{mosquitto.wss_port}"):
        endpoint = endpoint_of_url(url, ours)
        with ApplicationMessaging(endpoint, LOGIN, bounds=Bounds(SECONDS)) as app:
            app.subscribe_to_device_events("pump", qos=1)
            app.publish_event("pump", "p-1", "status", "json", {"n": 1}, qos=1)
            (event,) = islice(app.messages(SECONDS), 1)
            assert isinstance(event, Event)
            assert event.data == {"n": 1}
    with pytest.raises(UnreachableError, match="certificate is not trusted"):
        connect(endpoint_of_url(url, None), LOGIN)


def test_a_port_that_speaks_no_tls_is_told_from_one_that_does(mosquitto: Mosquitto) -> None:
    with pytest.raises(UnreachableError):
        connect(Endpoint("127.0.0.1", mosquitto.port), LOGIN)
    with pytest.raises(UnreachableError):
        connect(Endpoint("127.0.0.1", mosquitto.tls_port, tls=False), LOGIN)


@pytest.mark.parametrize(
    ("type_id", "device_id", "event", "format_"),
    [
        ("pump/x", "p", "e", "json"),
        ("pump", "+", "e", "json"),
        ("pump", "p", "#", "json"),
        ("pump", "p", "e", ""),
        ("pump", "p" * 37, "e", "json"),
        ("pump", "p", "e\x00", "json"),
        ("pump", "p\n", "e", "json"),
    ],
)
def test_what_no_topic_may_hold_is_not_sent(
    app: MakeApp, type_id: str, device_id: str, event: str, format_: str
) -> None:
    with pytest.raises(UsageError, match="cannot be part of a topic"):
        app().publish_event(type_id, device_id, event, format_, 1)


def test_a_payload_that_is_too_large_or_of_another_format_is_not_sent(app: MakeApp) -> None:
    publisher = app()
    with pytest.raises(UsageError, match="takes 131,072 at most"):
        publisher.publish_event("pump", "p", "e", "bin", bytes(MAX_PAYLOAD + 1))
    with pytest.raises(UsageError, match="cannot be written as json"):
        publisher.publish_event("pump", "p", "e", "json", float("nan"))
    with pytest.raises(UsageError, match="cannot be written as text"):
        publisher.publish_event("pump", "p", "e", "text", b"x")
    publisher.publish_event("pump", "p", "e", "bin", bytes(MAX_PAYLOAD), qos=1)


def test_many_messages_may_be_on_their_way_at_once(app: MakeApp) -> None:
    heard: list[str] = []
    publisher = app(notify=heard.append)
    done = threading.Semaphore(0)
    for number in range(500):
        publisher.publish_event("pump", "p-1", "e", "json", number, qos=1, on_publish=done.release)
    assert all(done.acquire(timeout=SECONDS) for _ in range(500))

    def fail() -> None:
        done.release()
        raise ValueError("mine")

    publisher.publish_event("pump", "p-1", "e", "json", 1, qos=1, on_publish=fail)
    assert done.acquire(timeout=SECONDS)
    publisher.publish_event("pump", "p-1", "e", "json", 1, qos=1)
    assert heard == ["a callback failed: ValueError: mine"]
