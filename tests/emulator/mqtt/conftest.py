"""Clients of the emulator's MQTT by paho-mqtt, and one that says whatever bytes it likes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from queue import Queue
from typing import Any, NamedTuple, Protocol

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from fleetsync.emulator.mqtt import packet as mqtt
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from tests.emulator.conftest import Caller

KEY, TOKEN = "a-embedded-0123456789", "t0ken-of-the-key!"
DEVICE_TOKEN = "device-token-1"
SECONDS = 20.0


class Heard(NamedTuple):
    """A message as a client got it."""

    topic: str
    payload: bytes
    qos: int = 0
    retained: bool = False


class Peer:
    """A client; what it does waits for the answer."""

    def __init__(self, port: int, client_id: str, user: str, password: str, **more: Any) -> None:
        self.heard: Queue[Heard] = Queue()
        self.ended = threading.Event()
        self._answers: Queue[Any] = Queue()
        self._acknowledged: Queue[int] = Queue()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, reconnect_on_failure=False, **more
        )
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda _, __, flags, code, ___: self._answers.put((flags, code))
        self._client.on_subscribe = lambda _, __, ___, codes, ____: self._answers.put(codes)
        self._client.on_unsubscribe = lambda *_: self._answers.put(None)
        self._client.on_publish = lambda _, __, mid, ___, ____: self._acknowledged.put(mid)
        self._client.on_disconnect = lambda *_: self.ended.set()
        self._client.on_message = lambda _, __, message: self.heard.put(
            Heard(message.topic, bytes(message.payload), message.qos, message.retain)
        )
        self._port = port

    def will(self, topic: str, payload: bytes) -> None:
        self._client.will_set(topic, payload)

    def log_in(self) -> tuple[int, bool]:
        """Connect, once; return the code of the answer and whether the session was there."""
        self._client.connect("127.0.0.1", self._port, keepalive=60)
        self._client.loop_start()
        flags, code = self._answers.get(timeout=SECONDS)
        return {"Success": 0, "Not authorized": 5}[str(code)], flags.session_present

    def subscribe(self, *filters: str, qos: int = 0) -> list[int]:
        """Return the code for each filter."""
        self._client.subscribe([(text, qos) for text in filters])
        codes: list[ReasonCode] = self._answers.get(timeout=SECONDS)
        return [int(code.value) for code in codes]

    def unsubscribe(self, text: str) -> None:
        self._client.unsubscribe(text)
        self._answers.get(timeout=SECONDS)

    def publish(
        self, topic: str, payload: bytes = b"{}", *, qos: int = 1, retain: bool = False
    ) -> None:
        """Publish; at QoS 1 and 2 wait until the broker has it."""
        self._client.publish(topic, payload, qos, retain)
        self._acknowledged.get(timeout=SECONDS)

    def send(self, topic: str, payload: bytes = b"{}", *, qos: int = 0) -> None:
        """Publish and wait for nothing."""
        self._client.publish(topic, payload, qos)

    def hear(self) -> Heard:
        return self.heard.get(timeout=SECONDS)

    def log_out(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """Go without a word."""
        sock = self._client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def wait_for_end(self) -> bool:
        return self.ended.wait(SECONDS)


class Peers(Protocol):
    """Make a client, logged in unless told otherwise, for as long as the test lasts."""

    def __call__(
        self,
        client_id: str,
        password: str = ...,
        user: str = ...,
        *,
        log_in: bool = ...,
        **more: Any,
    ) -> Peer: ...


@pytest.fixture
def broker(org_state: OrgState) -> Iterator[Emulator]:
    """``org_state`` over HTTP and MQTT; there is one account."""
    with run_emulator(org_state, Place(mqtt_port=0), accounts={KEY: TOKEN}) as running:
        yield running


@pytest.fixture
def peers(broker: Emulator) -> Iterator[Peers]:
    with ExitStack() as stack:

        def begin(
            client_id: str,
            password: str = "",
            user: str = "",
            *,
            log_in: bool = True,
            **more: Any,
        ) -> Peer:
            is_app = client_id[:1] in {"a", "A"}
            user = user or (KEY if is_app else "use-token-auth")
            password = password or (TOKEN if is_app else DEVICE_TOKEN)
            peer = Peer(broker.mqtt_port, client_id, user, password, **more)
            stack.callback(peer.log_out)
            if log_in:
                assert peer.log_in()[0] == 0
            return peer

        yield begin


@pytest.fixture
def pumps(call: Caller) -> Caller:
    """Two pumps, a gateway, and a pump behind it."""
    call.add_type("pump")
    call.add_type("gate", classId="Gateway")
    for type_id, device_id in (("pump", "p-1"), ("pump", "p-2"), ("gate", "g-1")):
        call.add_device(type_id, device_id, authToken=DEVICE_TOKEN)
    behind = {"gatewayTypeId": "gate", "gatewayId": "g-1"}
    call.add_device("pump", "p-behind", authToken=DEVICE_TOKEN, **behind)
    return call


class RawPeer:
    """A client that sends bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._rest = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> mqtt.Frame | None:
        """Return the next packet, None when the connection is closed."""
        while True:
            frame = mqtt.read_frame(self._rest, 0)
            if frame is not None:
                self._rest = self._rest[frame.length :]
                return frame
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self._rest += more

    def close(self) -> None:
        self.socket.close()


def field(value: str | bytes) -> bytes:
    raw = value.encode("utf-8") if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def connect_bytes(
    client_id: str = "d:embedded:pump:p-1",
    password: str = DEVICE_TOKEN,
    *,
    protocol: bytes = b"\x00\x04MQTT\x04",
    keep_alive: int = 60,
) -> bytes:
    body = protocol + b"\xc2" + keep_alive.to_bytes(2, "big")
    body += field(client_id) + field("use-token-auth") + field(password)
    assert len(body) < 128
    return bytes((0x10, len(body))) + body


@pytest.fixture
def raw(broker: Emulator) -> Iterator[RawPeer]:
    peer = RawPeer(broker.mqtt_port)
    yield peer
    peer.close()


@pytest.fixture
def emulator_of_anybody(org_state: OrgState) -> Iterator[Emulator]:
    """``org_state`` over HTTP and MQTT; any account will do."""
    with run_emulator(org_state, Place(mqtt_port=0)) as running:
        yield running
