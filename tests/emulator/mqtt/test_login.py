from __future__ import annotations

import json
from typing import Any

import pytest

from fleetsync.emulator.mqtt import session, wire
from fleetsync.emulator.mqtt.session import KEPT_COMMANDS
from fleetsync.emulator.running import Emulator
from fleetsync.emulator.state import OrgState
from tests.emulator.conftest import Caller
from tests.emulator.mqtt.conftest import (
    DEVICE_TOKEN,
    KEY,
    TOKEN,
    Heard,
    Peer,
    Peers,
    RawPeer,
    connect_bytes,
)

EVENTS = "iot-2/type/+/id/+/evt/+/fmt/+"
STATUS = "iot-2/type/+/id/+/mon"
BLINK = "iot-2/type/pump/id/p-1/cmd/blink/fmt/json"
SEEN_BLINK = "iot-2/cmd/blink/fmt/json"
DEVICE = "d:embedded:pump:p-1"


def status_of(heard: Heard) -> dict[str, Any]:
    body = json.loads(heard.payload)
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    ("client_id", "user", "password"),
    [
        (DEVICE, "use-token-auth", DEVICE_TOKEN),
        ("g:embedded:gate:g-1", "use-token-auth", DEVICE_TOKEN),
        ("a:embedded:app", KEY, TOKEN),
        ("A:embedded:app", KEY, TOKEN),
        ("A:embedded:app:one", KEY, TOKEN),
    ],
)
def test_who_has_the_right_token_is_let_in(
    pumps: Caller, peers: Peers, client_id: str, user: str, password: str
) -> None:
    peer = peers(client_id, password, user, log_in=False)
    assert peer.log_in() == (0, False)


@pytest.mark.parametrize(
    ("client_id", "user", "password"),
    [
        (DEVICE, "use-token-auth", "another-token"),
        (DEVICE, "somebody", DEVICE_TOKEN),
        (DEVICE, KEY, TOKEN),
        ("d:embedded:pump:nobody", "use-token-auth", DEVICE_TOKEN),
        ("d:other:pump:p-1", "use-token-auth", DEVICE_TOKEN),
        ("d:embedded:gate:g-1", "use-token-auth", DEVICE_TOKEN),
        ("g:embedded:pump:p-1", "use-token-auth", DEVICE_TOKEN),
        ("a:embedded:app", KEY, "another-token"),
        ("a:embedded:app", "a-embedded-unknown000", TOKEN),
        ("a:other:app", KEY, TOKEN),
        ("a:embedded:app:instance", KEY, TOKEN),
        ("nonsense", KEY, TOKEN),
        ("d:embedded:pump", "use-token-auth", DEVICE_TOKEN),
        ("d:embedded:pump:p-1:more", "use-token-auth", DEVICE_TOKEN),
        ("d:embedded:pump:p+1", "use-token-auth", DEVICE_TOKEN),
    ],
)
def test_everybody_else_is_refused_with_code_5(
    pumps: Caller, peers: Peers, client_id: str, user: str, password: str
) -> None:
    peer = peers(client_id, password, user, log_in=False)
    assert peer.log_in() == (5, False)
    assert peer.wait_for_end()


def test_an_emulator_without_accounts_takes_any_key_that_has_a_token(
    emulator_of_anybody: Emulator,
) -> None:
    for user, password, code in (("any", "thing", 0), ("any", "", 5)):
        peer = Peer(emulator_of_anybody.mqtt_port, "a:embedded:app", user, password)
        assert peer.log_in()[0] == code
        peer.log_out()


def test_who_logs_in_with_a_client_id_in_use_closes_the_older_connection(
    pumps: Caller, peers: Peers
) -> None:
    app = peers("a:embedded:app")
    first = peers(DEVICE)
    app.subscribe(STATUS)
    assert status_of(app.hear())["Action"] == "Connect"
    second = peers(DEVICE)
    assert first.wait_for_end()
    assert [
        (status["Action"], status.get("CloseCode"))
        for status in (status_of(app.hear()), status_of(app.hear()))
    ] == [("Disconnect", 288), ("Connect", None)]
    second.publish("iot-2/evt/e/fmt/json")


def test_a_wrong_token_does_not_close_the_connection_of_the_right_one(
    pumps: Caller, peers: Peers
) -> None:
    device = peers(DEVICE)
    assert peers(DEVICE, "another-token", log_in=False).log_in()[0] == 5
    device.publish("iot-2/evt/e/fmt/json")
    assert not device.ended.is_set()


def test_deleting_a_device_cuts_its_connection_and_clears_its_status(
    pumps: Caller, peers: Peers
) -> None:
    app, one, two = peers("a:embedded:app"), peers(DEVICE), peers("d:embedded:pump:p-2")
    assert pumps("DELETE", "/device/types/pump/devices/p-1").status == 204
    assert one.wait_for_end()
    removed = pumps("POST", "/bulk/devices/remove", [{"typeId": "pump", "deviceId": "p-2"}])
    assert removed.status == 202
    assert two.wait_for_end()
    app.subscribe("iot-2/type/pump/id/+/mon", "iot-2/type/gate/id/+/mon")
    peers("g:embedded:gate:g-1")
    assert app.hear().topic == "iot-2/type/gate/id/g-1/mon"
    assert peers(DEVICE, log_in=False).log_in()[0] == 5


def test_a_device_that_is_registered_anew_logs_in_with_the_new_token_alone(
    pumps: Caller, peers: Peers
) -> None:
    device = peers(DEVICE, clean_session=False)
    device.subscribe("iot-2/cmd/+/fmt/+", qos=1)
    pumps("DELETE", "/device/types/pump/devices/p-1")
    assert device.wait_for_end()
    pumps.add_device("pump", "p-1", authToken="another-token-2")
    assert peers(DEVICE, log_in=False).log_in()[0] == 5
    assert peers(DEVICE, "another-token-2", log_in=False, clean_session=False).log_in() == (
        0,
        False,
    )


def test_a_durable_session_keeps_the_last_50_commands(pumps: Caller, peers: Peers) -> None:
    device, app = peers(DEVICE, clean_session=False), peers("a:embedded:app")
    assert device.subscribe("iot-2/cmd/+/fmt/+", qos=1) == [1]
    device.log_out()
    for number in range(KEPT_COMMANDS + 2):
        app.publish(BLINK, str(number).encode())
    again = peers(DEVICE, log_in=False, clean_session=False)
    assert again.log_in() == (0, True)
    heard = [again.hear() for _ in range(KEPT_COMMANDS)]
    assert heard == [
        Heard(SEEN_BLINK, str(number).encode(), 1) for number in range(2, KEPT_COMMANDS + 2)
    ]


def test_a_durable_session_ends_some_time_after_its_connection(
    pumps: Caller, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, app = peers(DEVICE, clean_session=False), peers("a:embedded:app")
    device.subscribe("iot-2/cmd/+/fmt/+", qos=1)
    device.log_out()
    app.publish(BLINK, b"lost")
    monkeypatch.setattr(session, "KEPT_SECONDS", 0.0)
    assert peers(DEVICE, log_in=False, clean_session=False).log_in() == (0, False)


def test_who_connects_and_says_nothing_is_cut_off(
    broker: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LOGIN_SECONDS", 0.1)
    silent = RawPeer(broker.mqtt_port)
    assert silent.read() is None
    silent.close()


def test_a_clean_session_keeps_nothing(pumps: Caller, peers: Peers) -> None:
    device, app = peers(DEVICE, clean_session=False), peers("a:embedded:app")
    device.subscribe("iot-2/cmd/+/fmt/+", qos=1)
    device.log_out()
    app.publish(BLINK, b"lost")
    again = peers(DEVICE, log_in=False)
    assert again.log_in() == (0, False)
    again.subscribe("iot-2/cmd/+/fmt/+", qos=1)
    app.publish(BLINK, b"new")
    assert again.hear().payload == b"new"


def test_status_messages_have_what_the_platform_says(
    broker: Emulator, pumps: Caller, peers: Peers
) -> None:
    app = peers("a:embedded:app")
    app.subscribe(STATUS, "iot-2/app/+/mon")
    own = app.hear()
    assert (own.topic, own.retained) == ("iot-2/app/app/mon", True)
    device = peers(DEVICE)
    connected = app.hear()
    assert (connected.topic, connected.qos, connected.retained) == (
        "iot-2/type/pump/id/p-1/mon",
        0,
        False,
    )
    told = status_of(connected)
    assert told.pop("Time") >= told.pop("ConnectTime")
    assert told.pop("ReadBytes") > 0
    assert told == {
        "Action": "Connect",
        "ClientAddr": "127.0.0.1",
        "ClientID": DEVICE,
        "Port": broker.mqtt_port,
        "Secure": False,
        "Protocol": "mqtt4",
        "User": "use-token-auth",
        "ReadMsg": 0,
        "WriteBytes": 4,
        "WriteMsg": 0,
    }
    device.publish("iot-2/evt/e/fmt/json")
    device.log_out()
    told = status_of(app.hear())
    assert (told["Action"], told["ReadMsg"]) == ("Disconnect", 1)
    assert told.keys() & {"CloseCode", "Reason"} == set()


def test_a_new_subscriber_gets_the_last_status_of_each_device_but_no_failed_login(
    pumps: Caller, peers: Peers
) -> None:
    app = peers("a:embedded:app")
    app.subscribe(STATUS)
    peers(DEVICE)
    peers("d:embedded:pump:p-2").vanish()
    told = [status_of(app.hear()) for _ in range(3)]
    peers("d:embedded:pump:p-behind", "another-token", log_in=False).log_in()
    told.append(status_of(app.hear()))
    assert [each["Action"] for each in told][2:] == ["Disconnect", "FailedConnect"]
    assert (told[2]["CloseCode"], told[2]["Reason"]) == (
        91,
        "The connection was closed by the client.",
    )
    assert told[3]["CloseCode"] == 180
    late = peers("a:embedded:late")
    late.subscribe(STATUS)
    heard = [late.hear(), late.hear()]
    assert all(each.retained for each in heard)
    assert {(each.topic, status_of(each)["Action"]) for each in heard} == {
        ("iot-2/type/pump/id/p-1/mon", "Connect"),
        ("iot-2/type/pump/id/p-2/mon", "Disconnect"),
    }
    late.subscribe("iot-2/type/pump/id/p-1/mon")
    assert late.hear().topic == "iot-2/type/pump/id/p-1/mon"


def test_the_disconnect_of_an_application_is_not_retained(pumps: Caller, peers: Peers) -> None:
    app, other = peers("a:embedded:app"), peers("a:embedded:other")
    app.subscribe("iot-2/app/other/mon")
    assert status_of(app.hear())["Action"] == "Connect"
    other.log_out()
    assert status_of(app.hear())["Action"] == "Disconnect"
    late = peers("a:embedded:late")
    late.subscribe("iot-2/app/other/mon", "iot-2/app/late/mon")
    assert late.hear().topic == "iot-2/app/late/mon"


def test_the_connection_log_tells_of_logins_and_of_their_ends(
    org_state: OrgState, pumps: Caller, peers: Peers
) -> None:
    app = peers("a:embedded:app")
    app.subscribe("iot-2/type/pump/id/p-1/mon")
    peers(DEVICE, "another-token", log_in=False).log_in()
    peers(DEVICE).log_out()
    for _ in range(3):
        app.hear()
    peers(DEVICE)  # what was told before it is in the log by now
    log = pumps("GET", "/logs/connection?typeId=pump&deviceId=p-1").body
    assert [entry["message"] for entry in log] == [
        f"Token auth succeeded: ClientID='{DEVICE}', ClientIP=127.0.0.1",
        "Closed connection from 127.0.0.1. The connection has completed normally.",
        f"Token auth succeeded: ClientID='{DEVICE}', ClientIP=127.0.0.1",
        f"Token auth failed: ClientID='{DEVICE}', ClientIP=127.0.0.1",
    ]


def test_a_client_that_is_silent_for_too_long_is_cut_off(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    app = peers("a:embedded:app")
    raw.send(connect_bytes(keep_alive=1))
    frame = raw.read()
    assert frame is not None
    assert frame.body == b"\x00\x00"
    assert raw.read() is None
    app.subscribe(STATUS)
    assert status_of(app.hear())["CloseCode"] == 160


def test_mqtt_3_1_is_spoken_and_nothing_newer_or_else(
    broker: Emulator, pumps: Caller, raw: RawPeer
) -> None:
    raw.send(connect_bytes(protocol=b"\x00\x06MQIsdp\x03"))
    frame = raw.read()
    assert frame is not None
    assert frame.body == b"\x00\x00"
    for protocol in (b"\x00\x04MQTT\x05", b"\x00\x04SMTP\x04"):
        other = RawPeer(broker.mqtt_port)
        other.send(connect_bytes(protocol=protocol))
        frame = other.read()
        assert frame is not None
        assert frame.body == b"\x00\x01"
        assert other.read() is None
        other.close()
