"""MQTT inside of WebSockets, on the same port as without."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from fleetsync.emulator.authority import Authority
from fleetsync.emulator.mqtt.packet import MAX_PAYLOAD
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.endpoint import application_login, endpoint_of_url
from tests.emulator.conftest import Caller
from tests.emulator.mqtt.conftest import KEY, SECONDS, TOKEN, Heard, Peers

EVENTS = "iot-2/type/+/id/+/evt/+/fmt/+"
READING = "iot-2/evt/reading/fmt/json"
UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
ASKED = UPGRADE + b"Sec-WebSocket-Protocol: mqtt\r\n\r\n"


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_pass_between_clients_of_either_kind(
    pumps: Caller, peers: Peers, qos: int
) -> None:
    app, device = peers("a:embedded:app"), peers("d:embedded:pump:p-1", transport="websockets")
    app.subscribe(EVENTS, qos=1)
    device.subscribe("iot-2/cmd/+/fmt/+", qos=1)
    large = b"x" * (MAX_PAYLOAD - 1)
    device.publish(READING, large, qos=qos)
    seen = READING.replace("iot-2/", "iot-2/type/pump/id/p-1/")
    assert app.hear() == Heard(seen, large, min(qos, 1))
    app.publish("iot-2/type/pump/id/p-1/cmd/blink/fmt/json", large)
    assert device.hear().payload == large


def test_a_wrong_token_is_refused_inside_of_it_too(pumps: Caller, peers: Peers) -> None:
    device = peers("d:embedded:pump:p-1", "wrong-token-1", log_in=False, transport="websockets")
    assert device.log_in()[0] == 5


def test_an_application_of_ours_goes_through_tls_and_websocket(
    org_state: OrgState, pumps: Caller, tmp_path: Path
) -> None:
    authority = Authority("127.0.0.1", "embedded")
    authority.write_certificate(tmp_path / "ca.pem")
    with run_emulator(org_state, Place(mqtt_port=0, authority=authority)) as emulator:
        endpoint = endpoint_of_url(f"wss://127.0.0.1:{emulator.mqtt_port}", tmp_path / "ca.pem")
        with ApplicationMessaging(endpoint, application_login("embedded", KEY, TOKEN)) as app:
            app.subscribe_to_device_events("pump")
            app.publish_event("pump", "p-1", "reading", "json", {"n": 1}, qos=1)
            assert next(iter(app.messages(SECONDS))) is not None


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 4"),
        (b"GARBAGE\r\n\r\n", b""),
        (UPGRADE + b"\r\n", b"HTTP/1.1 400"),  # no word of MQTT
        (ASKED + b"\x81\x82\x00\x00\x00\x00hi", b"HTTP/1.1 101"),  # a text
        (ASKED + b"\x82\x02hi", b"HTTP/1.1 101"),  # not masked
        (ASKED + b"\xff" * 20, b"HTTP/1.1 101"),
        (ASKED + b"\x82\x84\x00\x00\x00\x00\x00\x00\x00\x00", b"HTTP/1.1 101"),  # no MQTT
        (ASKED + b"\x88\x80\x00\x00\x00\x00", b"HTTP/1.1 101"),  # goodbye
    ],
)
def test_bad_data_ends_its_own_connection_alone(
    broker: Emulator, pumps: Caller, peers: Peers, sent: bytes, answer: bytes
) -> None:
    device = peers("d:embedded:pump:p-1", transport="websockets")
    with socket.create_connection(("127.0.0.1", broker.mqtt_port), 5) as sock:
        sock.sendall(sent)
        told = b""
        while data := _more(sock):
            told += data
    assert told.startswith(answer)
    device.publish(READING)
    assert not device.ended.is_set()


def _more(sock: socket.socket) -> bytes:
    try:
        return sock.recv(65536)
    except (ConnectionResetError, ssl.SSLError):
        return b""


def test_a_ping_is_answered(broker: Emulator) -> None:
    with socket.create_connection(("127.0.0.1", broker.mqtt_port), 5) as sock:
        sock.sendall(ASKED + b"\x89\x81\x00\x00\x00\x00!")
        told = b""
        while not told.endswith(b"\x8a\x01!"):
            told += sock.recv(65536)
    assert told.startswith(b"HTTP/1.1 101")
