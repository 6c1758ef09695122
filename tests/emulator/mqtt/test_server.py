from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import requests
from paho.mqtt.enums import CallbackAPIVersion

from fleetsync.emulator.authority import Authority
from fleetsync.emulator.errors import EmulatorError
from fleetsync.emulator.mqtt import reply
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from tests.emulator.conftest import Caller
from tests.emulator.mqtt.conftest import KEY, TOKEN, Peers, RawPeer, connect_bytes

READING = "iot-2/evt/reading/fmt/json"


def test_a_port_in_use_is_told_and_nothing_is_left_behind(
    broker: Emulator, org_state: OrgState
) -> None:
    before = threading.active_count()
    with (
        pytest.raises(EmulatorError, match=r"another --host or --mqtt \(0 takes a free port\)"),
        run_emulator(org_state, Place(mqtt_port=broker.mqtt_port)),
    ):
        pass
    assert threading.active_count() == before


def test_stopping_tells_the_clients_and_leaves_nothing_behind(
    org_state: OrgState, pumps: Caller
) -> None:
    before, files = threading.active_count(), len(list(Path("/dev/fd").iterdir()))
    with run_emulator(org_state, Place(mqtt_port=0)) as emulator:
        silent, device = RawPeer(emulator.mqtt_port), RawPeer(emulator.mqtt_port)
        device.send(connect_bytes())
        assert device.read() is not None
    assert (silent.read(), device.read()) == (None, None)
    silent.close()
    device.close()
    assert (threading.active_count(), len(list(Path("/dev/fd").iterdir()))) == (before, files)
    assert org_state.removal_watchers == []
    pumps("DELETE", "/device/types/pump/devices/p-1")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03",  # TLS
        b"\x30\x05\x00\x01a\x00\x01",  # a message before the login
        b"\xc0\x00",
        b"\x10\x00",
        b"\x00" * 100,
        b"\xff" * 100,
        connect_bytes() + connect_bytes(),
        connect_bytes() + b"\x20\x02\x00\x00",  # what only a server sends
        connect_bytes() + b"\x30\x03\x00\x09a",
    ],
)
def test_bad_data_ends_its_own_connection_and_no_other(
    pumps: Caller, peers: Peers, raw: RawPeer, data: bytes
) -> None:
    app, device = peers("a:embedded:app"), peers("d:embedded:pump:p-2")
    app.subscribe("iot-2/type/+/id/+/evt/+/fmt/+")
    raw.send(data)
    while raw.read() is not None:
        pass
    device.publish(READING)
    assert app.hear().topic == "iot-2/type/pump/id/p-2/evt/reading/fmt/json"


def test_packets_may_come_in_pieces_or_many_at_once(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    app = peers("a:embedded:app")
    app.subscribe("iot-2/type/+/id/+/evt/+/fmt/+")
    event = reply.write_publish(READING.encode(), b"x", packet_id=1)
    for byte in connect_bytes() + event:
        raw.send(bytes((byte,)))
    raw.send((event + b"\xc0\x00") * 100)
    frames = [raw.read() for _ in range(202)]
    assert [frame and frame.type for frame in frames] == [2, 4, *([4, 13] * 100)]
    assert [app.hear().payload for _ in range(101)] == [b"x"] * 101


def test_a_subscriber_that_does_not_read_loses_messages_and_holds_up_nobody(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    device, app = peers("d:embedded:pump:p-2"), peers("a:embedded:app")
    app.subscribe("iot-2/type/+/id/+/evt/last/fmt/+")
    command = b"iot-2/cmd/+/fmt/+"
    raw.send(connect_bytes())
    raw.send(bytes((0x82, 5 + len(command), 0, 1, 0, len(command))) + command + b"\x00")
    for _ in range(300):  # 37 MB, of which 16 MB may wait
        app.publish("iot-2/type/pump/id/p-1/cmd/c/fmt/bin", bytes(131_072))
    device.publish("iot-2/evt/last/fmt/json")
    assert app.hear().topic == "iot-2/type/pump/id/p-2/evt/last/fmt/json"


def test_clients_verify_the_emulator_by_the_ca_that_it_made(
    org_state: OrgState, pumps: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority = Authority("127.0.0.1", "embedded")
    authority.write_certificate(ca_file)
    assert b"PRIVATE" not in ca_file.read_bytes()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with run_emulator(org_state, Place(mqtt_port=0, authority=authority)) as emulator:
        assert list(temporary.iterdir()) == []  # no private key is left there
        url = f"{emulator.url}/api/v0002/device/types"
        assert emulator.url.startswith("https://")
        answer = requests.get(url, auth=(KEY, TOKEN), verify=str(ca_file), timeout=20)
        assert answer.status_code == 200
        for host, trusted, is_right in (
            ("embedded.messaging.localhost", ca_file, True),
            ("127.0.0.1", ca_file, True),
            ("other.example.com", ca_file, False),
            ("127.0.0.1", None, False),
        ):
            context = ssl.create_default_context(cafile=trusted)
            with socket.create_connection(("127.0.0.1", emulator.mqtt_port), 20) as plain:
                if not is_right:
                    with pytest.raises(ssl.SSLCertVerificationError):
                        context.wrap_socket(plain, server_hostname=host)
                    continue
                with context.wrap_socket(plain, server_hostname=host) as secure:
                    secure.sendall(connect_bytes())
                    assert secure.recv(4) == reply.write_connack(reply.ACCEPTED)


def test_a_client_that_never_ends_its_handshake_holds_up_no_stop(
    org_state: OrgState, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Place(mqtt_port=0, authority=Authority("127.0.0.1", "embedded"))
    with run_emulator(org_state, place) as emulator:
        stuck = socket.create_connection(("127.0.0.1", emulator.mqtt_port), 20)
        with socket.create_connection(("127.0.0.1", emulator.mqtt_port), 20) as other:
            other.sendall(b"no TLS at all\r\n")
            assert other.recv(100) == b""  # so the server has accepted the one before it
        began = time.monotonic()
    assert time.monotonic() - began < 10
    with suppress(ConnectionResetError):
        assert stuck.recv(1) == b""
    stuck.close()
    assert capfd.readouterr() == ("", "")


def test_paho_speaks_tls_with_it(org_state: OrgState, pumps: Caller, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    authority = Authority("127.0.0.1", "embedded")
    authority.write_certificate(ca_file)
    connected = threading.Event()
    with run_emulator(org_state, Place(mqtt_port=0, authority=authority)) as emulator:
        client = paho.Client(CallbackAPIVersion.VERSION2, "a:embedded:app")
        client.tls_set(str(ca_file))
        client.username_pw_set(KEY, TOKEN)
        client.on_connect = lambda *_: connected.set()
        client.connect("127.0.0.1", emulator.mqtt_port)
        client.loop_start()
        assert connected.wait(20)
        client.disconnect()
        client.loop_stop()


def test_a_file_that_holds_anything_else_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    authority = Authority("127.0.0.1", "embedded")
    with pytest.raises(EmulatorError, match="is not a file of certificates, left untouched"):
        authority.write_certificate(path)
    assert path.read_text() == "mine"
    with pytest.raises(EmulatorError, match="the certificate cannot be written there"):
        authority.write_certificate(tmp_path / "missing" / "ca.pem")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "my host", "example.com", "192.0.2.7"])  # noqa: S104 - no socket
@pytest.mark.parametrize("org", ["embedded", "under_score", "dotted.org", "x" * 64])
def test_there_is_a_certificate_whatever_host_and_org_are_called(host: str, org: str) -> None:
    assert Authority(host, org).server_context().get_ca_certs() == []
