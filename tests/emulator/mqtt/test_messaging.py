from __future__ import annotations

import threading
from queue import Queue

import pytest
import requests

from fleetsync.emulator.mqtt.packet import MAX_PAYLOAD
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from tests.emulator.conftest import Caller
from tests.emulator.mqtt.conftest import DEVICE_TOKEN, KEY, TOKEN, Heard, Peers

APP_AUTH, DEVICE_AUTH = (KEY, TOKEN), ("use-token-auth", DEVICE_TOKEN)
EVENTS = "iot-2/type/+/id/+/evt/+/fmt/+"
COMMANDS = "iot-2/type/+/id/+/cmd/+/fmt/+"
P1 = "types/pump/devices/p-1"
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def post(
    emulator: Emulator,
    path: str,
    auth: tuple[str, str],
    data: bytes = b"",
    headers: dict[str, str] | None = None,
) -> requests.Response:
    url = f"{emulator.url}/api/v0002/{path}"
    return requests.post(url, data=data, headers=headers or TEXT, auth=auth, timeout=20)


@pytest.mark.parametrize(
    ("path", "auth", "kind", "topic"),
    [
        (f"application/{P1}/events/e", APP_AUTH, "application/json", "evt/e/fmt/json"),
        (f"application/{P1}/commands/c", APP_AUTH, "text/plain", "cmd/c/fmt/text"),
        (f"device/{P1}/events/e", DEVICE_AUTH, "application/xml", "evt/e/fmt/xml"),
        (f"device/{P1}/events/e", DEVICE_AUTH, "application/octet-stream", "evt/e/fmt/bin"),
    ],
)
def test_what_is_posted_is_heard(
    *,
    broker: Emulator,
    pumps: Caller,
    peers: Peers,
    path: str,
    auth: tuple[str, str],
    kind: str,
    topic: str,
) -> None:
    app = peers("a:embedded:app")
    app.subscribe(EVENTS, COMMANDS, qos=1)
    answer = post(broker, path, auth, b"\x00\xff", {"Content-Type": kind})
    assert (answer.status_code, answer.content) == (200, b"")
    assert app.hear() == Heard(f"iot-2/type/pump/id/p-1/{topic}", b"\x00\xff", 0)


@pytest.mark.parametrize(
    ("path", "auth", "status"),
    [
        (f"application/{P1}/events/e", (KEY, "another-token"), 401),
        (f"application/{P1}/events/e", ("a-embedded-unknown000", TOKEN), 403),
        (f"application/{P1}/events/e", DEVICE_AUTH, 403),
        ("application/types/pump/devices/nobody/events/e", APP_AUTH, 404),
        (f"device/{P1}/events/e", ("use-token-auth", "another-token"), 401),
        (f"device/{P1}/events/e", APP_AUTH, 401),
        (f"device/{P1}/events/e", ("g/other/gate/g-1", DEVICE_TOKEN), 401),
        ("device/types/pump/devices/nobody/events/e", DEVICE_AUTH, 401),
        (f"device/{P1}/events/e", ("g/embedded/gate/g-1", DEVICE_TOKEN), 403),
        (f"device/{P1}/commands/c", DEVICE_AUTH, 404),
        (f"application/{P1}/events/+", APP_AUTH, 404),
        (f"application/{P1}/commands/c/request", APP_AUTH, 404),
    ],
)
def test_who_and_what_is_refused(
    *, broker: Emulator, pumps: Caller, path: str, auth: tuple[str, str], status: int
) -> None:
    assert post(broker, path, auth, b"x").status_code == status


def test_a_body_must_say_its_kind_and_must_not_be_too_large(
    broker: Emulator, pumps: Caller
) -> None:
    path = f"application/{P1}/events/e"
    assert post(broker, path, APP_AUTH, b"x", {"Content-Type": "image/png"}).status_code == 400
    assert post(broker, path, APP_AUTH, bytes(MAX_PAYLOAD)).status_code == 200
    assert post(broker, path, APP_AUTH, bytes(MAX_PAYLOAD + 1)).status_code == 413


@pytest.mark.parametrize("user", ["g/embedded/gate/g-1", "g-embedded-gate-g-1"])
def test_a_gateway_posts_for_a_device_behind_it(
    broker: Emulator, pumps: Caller, peers: Peers, user: str
) -> None:
    app = peers("a:embedded:app")
    app.subscribe(EVENTS)
    path = "device/types/pump/devices/p-behind/events/e"
    assert post(broker, path, (user, DEVICE_TOKEN), b"x").status_code == 200
    assert app.hear().topic == "iot-2/type/pump/id/p-behind/evt/e/fmt/text"


@pytest.mark.parametrize(
    ("user", "device", "extra"),
    [
        ("use-token-auth", "p-1", {}),
        ("g/embedded/gate/g-1", "p-behind", {"X-deviceType": "pump", "X-deviceId": "p-behind"}),
    ],
)
def test_a_device_waits_for_a_command(
    *,
    broker: Emulator,
    pumps: Caller,
    peers: Peers,
    user: str,
    device: str,
    extra: dict[str, str],
) -> None:
    app = peers("a:embedded:app")
    path = f"device/types/pump/devices/{device}/commands/+/request"
    answers: Queue[requests.Response] = Queue()
    body = b'{"waitTimeSecs": 20}'
    waiting = threading.Thread(
        target=lambda: answers.put(post(broker, path, (user, DEVICE_TOKEN), body))
    )
    waiting.start()
    while answers.empty():  # nothing is kept for who does not yet wait
        app.publish(f"iot-2/type/pump/id/{device}/cmd/blink/fmt/bin", b"\x00\xff")
    waiting.join()
    answer = answers.get()
    assert (answer.status_code, answer.content) == (200, b"\x00\xff")
    expected = {"Content-Type": "application/octet-stream", "X-commandId": "blink", **extra}
    assert {name: answer.headers.get(name) for name in expected} == expected


def test_a_device_for_which_nothing_comes_is_told_so(broker: Emulator, pumps: Caller) -> None:
    path = f"device/{P1}/commands/blink/request"
    for body, status in (
        (b"", 204),
        (b"{}", 204),
        (b'{"waitTimeSecs": 0}', 204),
        (b'{"waitTimeSecs": 1}', 204),
        (b'{"waitTimeSecs": 3601}', 400),
        (b'{"waitTimeSecs": "1"}', 400),
        (b"[]", 400),
        (b"no JSON", 400),
    ):
        assert post(broker, path, DEVICE_AUTH, body).status_code == status


def test_an_emulator_stops_although_a_device_waits(org_state: OrgState, pumps: Caller) -> None:
    failed: Queue[Exception] = Queue()

    def ask(emulator: Emulator) -> None:
        try:
            post(emulator, f"device/{P1}/commands/+/request", DEVICE_AUTH, b'{"waitTimeSecs":60}')
        except requests.ConnectionError as error:
            failed.put(error)

    with run_emulator(org_state, Place(mqtt_port=0)) as emulator:
        waiting = threading.Thread(target=ask, args=(emulator,))
        waiting.start()
        waiting.join(0.3)
    waiting.join()
    assert not failed.empty()


def test_without_mqtt_there_is_no_messaging(emulator: Emulator, pumps: Caller) -> None:
    assert post(emulator, f"application/{P1}/events/e", APP_AUTH).status_code == 404
