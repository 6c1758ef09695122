"""Each sample of the guide that speaks MQTT does in fleetsync what the guide says."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.compat import ibmiotf
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.device import DeviceMessaging
from fleetsync.messaging.endpoint import Endpoint, application_login, device_login
from fleetsync.messaging.message import Command, Event
from fleetsync.model import DeviceKey
from tests.compat.conftest import ARDUINO, DEVICE_TOKEN, DEVICES, KEY, OPTIONS, TOKEN
from tests.compat.guide import sample, samples

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator

SECONDS = 20
OTHER = DEVICES[2]
Names = dict[str, Any]
Publish = Callable[..., None]


@pytest.fixture
def endpoint(org: Emulator) -> Endpoint:
    return Endpoint("127.0.0.1", org.mqtt_port, tls=False)


@pytest.fixture
def be_device(endpoint: Endpoint) -> Iterator[Callable[[tuple[str, str]], DeviceMessaging]]:
    """Connect a device for as long as the test lasts, or until it disconnects."""
    with ExitStack() as stack:

        def begin(device: tuple[str, str]) -> DeviceMessaging:
            login = device_login("abc123", DeviceKey(*device), DEVICE_TOKEN)
            return stack.enter_context(DeviceMessaging(endpoint, login))

        yield begin


@pytest.fixture
def names(given: Names, endpoint: Endpoint) -> Iterator[Names]:
    """The names that samples use; whatever client a sample leaves behind is disconnected."""
    del endpoint
    given |= {
        "json": json,
        "myDeviceType": ARDUINO[0],
        "myDeviceId": ARDUINO[1],
        "myOtherDeviceType": OTHER[0],
        "myOtherDeviceId": OTHER[1],
        "myEvent": "status",
    }
    yield given
    given["client"].disconnect()


def run(number: int, names: Names) -> ibmiotf.application.Client:
    name = next(name for name in samples() if name.startswith(f"{number:02}-"))
    exec(compile(sample(name), name, "exec"), names)  # noqa: S102 - that is what samples are for
    client = names["client"]
    assert isinstance(client, ibmiotf.application.Client)
    return client


SENT = [
    (ARDUINO, "status", "json", {"n": 1}),
    (ARDUINO, "other", "json", {"n": 2}),
    (ARDUINO, "status", "text", "n 3"),
    (OTHER, "status", "json", {"n": 4}),
    (OTHER, "other", "text", "n 5"),
]
SUBSCRIPTIONS = [(4, [1, 2, 3, 4, 5]), (5, [1, 2, 3]), (6, [1, 3, 4]), (7, [1, 3, 4]), (8, [1, 2])]


@pytest.mark.parametrize(("number", "seen"), SUBSCRIPTIONS)
def test_a_sample_sees_the_events_that_it_subscribed_to(
    number: int, seen: list[int], names: Names, be_device: Callable[..., DeviceMessaging]
) -> None:
    client = run(number, names)
    events: SimpleQueue[Any] = SimpleQueue()
    client.deviceEventCallback = events.put
    for device in (ARDUINO, OTHER):
        with be_device(device) as messaging:
            for sender, event, form, data in SENT:
                if sender == device:
                    messaging.publish_own_event(event, form, data, qos=1)
    found = [events.get(timeout=SECONDS) for _ in seen]
    assert sorted(int(re.findall(r"[0-9]", str(each.data))[0]) for each in found) == seen
    first = next(each for each in found if each.data == {"n": 1})
    assert (first.deviceType, first.deviceId, first.device) == (*ARDUINO, ":".join(ARDUINO))
    assert (first.event, first.format, first.payload) == ("status", "json", b'{"n":1}')
    assert first.timestamp.tzinfo is not None


def test_a_sample_hands_events_to_its_callback(
    names: Names, be_device: Callable[..., DeviceMessaging]
) -> None:
    printed: SimpleQueue[str] = SimpleQueue()
    names["print"] = printed.put
    run(9, names)
    be_device(ARDUINO).publish_own_event("status", "json", {"a": 1})
    words = "json event 'status' received from device [iotsample-arduino:arduino01]: {\"a\": 1}"
    assert printed.get(timeout=SECONDS) == words


STATUSES = [(10, [ARDUINO, OTHER]), (11, [ARDUINO]), (12, [ARDUINO, OTHER])]


@pytest.mark.parametrize(("number", "seen"), STATUSES)
def test_a_sample_sees_the_devices_that_come_and_go(
    number: int,
    seen: list[tuple[str, str]],
    names: Names,
    be_device: Callable[..., DeviceMessaging],
) -> None:
    client = run(number, names)
    statuses: SimpleQueue[Any] = SimpleQueue()
    client.deviceStatusCallback = statuses.put
    for device in (OTHER, ARDUINO):
        be_device(device).disconnect()
    found = [statuses.get(timeout=SECONDS) for _ in range(2 * len(seen))]
    told = {(each.deviceType, each.deviceId, each.action) for each in found}
    assert told == {(*device, action) for device in seen for action in ("Connect", "Disconnect")}
    last = next(each for each in found if each.action == "Disconnect")
    assert last.clientId == f"d:abc123:{last.deviceType}:{last.deviceId}"
    assert (last.user, last.protocol) == ("use-token-auth", "mqtt4")
    assert last.connectTime <= last.time
    assert {type(each) for each in (last.port, last.readMsg, last.writeBytes)} == {int}


def test_a_sample_tells_of_both_kinds_of_status(
    names: Names, be_device: Callable[..., DeviceMessaging]
) -> None:
    printed: SimpleQueue[str] = SimpleQueue()
    names["print"] = printed.put
    run(13, names)
    be_device(ARDUINO).disconnect()
    come, gone = printed.get(timeout=SECONDS), printed.get(timeout=SECONDS)
    assert come.endswith(" - iotsample-arduino:arduino01 - Connect")
    assert " - device iotsample-arduino:arduino01 - Disconnect (" in gone


def test_a_sample_publishes_as_if_it_were_a_device(names: Names, endpoint: Endpoint) -> None:
    login = application_login("abc123", KEY, TOKEN)
    with ApplicationMessaging(endpoint, login) as watcher:
        watcher.subscribe_to_device_events()
        run(14, names)
        event = next(watcher.messages(timeout=SECONDS))
    assert isinstance(event, Event)
    assert (event.device_type, event.device_id, event.event) == (*ARDUINO, "status")
    assert event.data == {"name": "foo", "cpu": 60, "mem": 50}


def test_a_sample_sends_a_command(names: Names, be_device: Callable[..., DeviceMessaging]) -> None:
    device = be_device(ARDUINO)
    device.subscribe_to_commands()
    run(15, names)
    command = next(device.messages(timeout=SECONDS))
    assert isinstance(command, Command)
    assert (command.command, command.data) == ("reboot", {"rebootDelay": 50})


def test_what_was_published_is_told(names: Names, be_device: Any) -> None:
    client = run(15, names)
    commands: SimpleQueue[Any] = SimpleQueue()
    client.deviceCommandCallback = commands.put
    client.subscribeToDeviceCommands()
    done: SimpleQueue[int] = SimpleQueue()
    assert client.publishCommand(*ARDUINO, "go", "json", {"a": 1}, 1, lambda: done.put(1)) is True
    command = commands.get(timeout=SECONDS)
    assert (command.deviceId, command.command, command.data) == (ARDUINO[1], "go", {"a": 1})
    assert done.get(timeout=SECONDS) == 1


def test_a_message_that_cannot_be_read_is_logged_and_the_stream_goes_on(
    names: Names,
    be_device: Callable[..., DeviceMessaging],
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = run(4, names)
    events: SimpleQueue[Any] = SimpleQueue()
    client.deviceEventCallback = events.put
    device = be_device(ARDUINO)
    device.codecs["json"] = device.codecs["raw"]
    device.publish_own_event("bad", "json", b"{")
    device.publish_own_event("good", "json", b"{}")
    assert events.get(timeout=SECONDS).event == "good"
    assert "cannot be read" in caplog.text


WRONG: list[tuple[str, Any, str]] = [
    ("subscribeToDeviceEvents", ("a/b",), "the device type"),
    ("publishEvent", (*ARDUINO, "status", "json", {1, 2}), "cannot be written as json"),
    ("publishCommand", (*ARDUINO, "go", "text", "x" * 131_073), "131,072"),
]


@pytest.mark.parametrize(("call", "arguments", "words"), WRONG)
def test_what_cannot_be_sent_is_refused(
    call: str, arguments: Any, words: str, names: Names
) -> None:
    client = run(4, names)
    with pytest.raises(ibmiotf.ConnectionException, match=words):
        getattr(client, call)(*arguments)


def test_a_refused_login_is_a_connection_exception(org: Emulator) -> None:
    del org
    client = ibmiotf.application.Client({**OPTIONS, "auth-token": "wr0ng-token"})
    with pytest.raises(ibmiotf.ConnectionException) as caught:
        client.connect()
    assert "wr0ng" not in repr(caught.value)
    with pytest.raises(ibmiotf.ConnectionException, match="connect\\(\\) first"):
        client.subscribeToDeviceEvents()
    client.disconnect()


def test_a_callback_that_fails_is_logged_to_the_handlers_that_were_given(
    names: Names, be_device: Callable[..., DeviceMessaging], org: Emulator
) -> None:
    del org
    told: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(told)
    client = ibmiotf.application.Client(OPTIONS, handler)
    names["client"] = client
    client.connect()
    client.connect()
    client.deviceEventCallback = lambda event: 1 / event.data
    client.subscribeToDeviceEvents()
    be_device(ARDUINO).publish_own_event("e", "json", 0)
    assert "a callback failed: ZeroDivisionError" in told.get(timeout=SECONDS).getMessage()
    logging.getLogger("fleetsync.compat.ibmiotf.application").removeHandler(handler)


NOWHERE = [
    ({"url": "http://127.0.0.1:1"}, "messagingUrl"),
    ({"url": "http://127.0.0.1:1", "messagingUrl": "mqtt://h.example"}, "mqtts://"),
    ({"auth-key": "key", "url": "http://127.0.0.1:1"}, "give it as org"),
]


@pytest.mark.parametrize(("more", "words"), NOWHERE)
def test_where_nothing_tells_the_place_of_messages_it_says_so(
    more: dict[str, str], words: str
) -> None:
    client = ibmiotf.application.Client({**OPTIONS, **more})
    with pytest.raises(ibmiotf.ConnectionException, match=words):
        client.connect()
