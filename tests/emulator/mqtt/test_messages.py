from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fleetsync.emulator.mqtt import packet as mqtt
from fleetsync.emulator.mqtt import reply
from fleetsync.emulator.mqtt.packet import MAX_PAYLOAD
from tests.emulator.conftest import Caller
from tests.emulator.mqtt.conftest import (
    Heard,
    Peers,
    RawPeer,
    connect_bytes,
)

EVENTS = "iot-2/type/+/id/+/evt/+/fmt/+"
COMMANDS = "iot-2/type/+/id/+/cmd/+/fmt/+"
STATUS = "iot-2/type/pump/id/p-1/mon"
DEVICE, GATEWAY = "d:embedded:pump:p-1", "g:embedded:gate:g-1"
READING = "iot-2/evt/reading/fmt/json"
SEEN_READING = "iot-2/type/pump/id/p-1/evt/reading/fmt/json"
BLINK = "iot-2/type/pump/id/p-1/cmd/blink/fmt/json"


@pytest.mark.parametrize("published", [0, 1, 2])
@pytest.mark.parametrize("subscribed", [0, 1, 2])
def test_an_event_reaches_applications_under_the_long_topic(
    pumps: Caller, peers: Peers, published: int, subscribed: int
) -> None:
    app, device = peers("a:embedded:app"), peers(DEVICE)
    assert app.subscribe(EVENTS, qos=subscribed) == [min(subscribed, 1)]
    device.publish(READING, b'{"celsius":21}', qos=published)
    assert app.hear() == Heard(SEEN_READING, b'{"celsius":21}', min(published, subscribed, 1))


def test_a_command_reaches_its_device_alone_and_under_the_short_topic(
    pumps: Caller, peers: Peers
) -> None:
    app, one, two = peers("a:embedded:app"), peers(DEVICE), peers("d:embedded:pump:p-2")
    for device in (one, two):
        device.subscribe("iot-2/cmd/+/fmt/+", qos=1)
    app.subscribe(COMMANDS)
    app.publish(BLINK, b"1")
    app.publish(BLINK.replace("p-1", "p-2"), b"2")
    assert one.hear() == Heard("iot-2/cmd/blink/fmt/json", b"1", 1)
    assert two.hear() == Heard("iot-2/cmd/blink/fmt/json", b"2", 1)
    assert [app.hear().payload, app.hear().payload] == [b"1", b"2"]
    assert one.heard.empty()


def test_an_application_speaks_for_registered_devices_and_for_no_others(
    pumps: Caller, peers: Peers
) -> None:
    app, other = peers("a:embedded:app"), peers("a:embedded:other")
    app.subscribe(EVENTS)
    other.publish(SEEN_READING.replace("p-1", "nobody"), b"lost")
    other.publish(SEEN_READING, b"first")
    pumps("DELETE", "/device/types/pump/devices/p-1")
    other.publish(SEEN_READING, b"lost as well")
    other.publish(SEEN_READING.replace("p-1", "p-2"), b"last")
    assert [app.hear().payload, app.hear().payload] == [b"first", b"last"]


def test_what_clients_publish_is_never_retained(pumps: Caller, peers: Peers) -> None:
    device, app = peers(DEVICE), peers("a:embedded:app")
    device.publish(READING, b"old", retain=True)
    app.subscribe(EVENTS)
    device.publish(READING, b"new", retain=True)
    assert app.hear() == Heard(SEEN_READING, b"new", 0, False)


def test_a_client_hears_a_message_once_however_many_of_its_filters_fit(
    pumps: Caller, peers: Peers
) -> None:
    device, app = peers(DEVICE), peers("a:embedded:app")
    app.subscribe(EVENTS, qos=0)
    app.subscribe(SEEN_READING, qos=1)
    device.publish(READING, b"1")
    device.publish(READING, b"2")
    assert [app.hear(), app.hear()] == [Heard(SEEN_READING, b"1", 1), Heard(SEEN_READING, b"2", 1)]


def test_an_end_of_a_subscription_ends_it(pumps: Caller, peers: Peers) -> None:
    device, app = peers(DEVICE), peers("a:embedded:app")
    app.subscribe(EVENTS, "iot-2/type/pump/id/+/evt/last/fmt/+")
    app.unsubscribe(EVENTS)
    app.unsubscribe("iot-2/never/subscribed")
    device.publish(READING)
    device.publish("iot-2/evt/last/fmt/json")
    assert app.hear().topic == "iot-2/type/pump/id/p-1/evt/last/fmt/json"


@pytest.mark.parametrize(
    ("client_id", "topic", "payload", "code"),
    [
        (DEVICE, "nonsense", b"", 276),
        (DEVICE, "iot-2/type/pump/id/p-2/evt/e/fmt/json", b"", 180),
        ("a:embedded:app", "iot-2/type/pump/id/p-1/evt/e e/fmt/json", b"", 276),
        (GATEWAY, "iot-2/type/pump/id/p-1/evt/e/fmt/json", b"", 180),
        (DEVICE, READING, bytes(MAX_PAYLOAD + 1), 287),
        (DEVICE, READING, bytes(2 * MAX_PAYLOAD), 287),
    ],
)
def test_what_must_not_be_published_closes_the_connection(
    *, pumps: Caller, peers: Peers, client_id: str, topic: str, payload: bytes, code: int
) -> None:
    watcher = peers("a:embedded:watcher")
    peer = peers(client_id)
    watcher.subscribe(f"iot-2/type/{client_id.split(':')[2]}/id/+/mon", "iot-2/app/app/mon")
    watcher.hear()
    peer.send(topic, payload)
    assert peer.wait_for_end()
    told = json.loads(watcher.hear().payload)
    assert (told["Action"], told["CloseCode"]) == ("Disconnect", code)


def test_the_largest_payload_goes_through(pumps: Caller, peers: Peers) -> None:
    app, device = peers("a:embedded:app"), peers(DEVICE)
    app.subscribe(EVENTS)
    device.publish(READING, bytes(MAX_PAYLOAD))
    assert app.hear().payload == bytes(MAX_PAYLOAD)


def test_applications_are_refused_the_wildcard_for_all_and_go_on(
    pumps: Caller, peers: Peers
) -> None:
    app, device = peers("a:embedded:app"), peers(DEVICE)
    assert app.subscribe("iot-2/#", EVENTS) == [reply.REFUSED_FILTER, 0]
    device.publish(READING)
    assert app.hear().topic == SEEN_READING


@pytest.mark.parametrize("text", ["iot-2/type/+/id/+/evt/+/fmt/+", "#", "nonsense"])
def test_a_device_that_subscribes_to_others_is_cut_off(
    pumps: Caller, peers: Peers, raw: RawPeer, text: str
) -> None:
    raw.send(connect_bytes())
    assert raw.read() is not None
    raw.send(bytes((0x82, 5 + len(text), 0, 1, 0, len(text))) + text.encode() + b"\x00")
    assert raw.read() is None


def test_a_device_has_50_subscriptions_and_no_more(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    app = peers("a:embedded:app")
    app.subscribe(STATUS)
    device = peers(DEVICE)
    filters = [f"iot-2/cmd/c-{number}/fmt/json" for number in range(51)]
    assert device.subscribe(*filters[:50]) == [0] * 50
    assert device.subscribe(filters[0], qos=1) == [1]
    device._client.subscribe(filters[50])
    assert device.wait_for_end()
    app.hear()
    assert json.loads(app.hear().payload)["CloseCode"] == 154


def test_instances_that_share_get_each_message_once(pumps: Caller, peers: Peers) -> None:
    device, single = peers(DEVICE), peers("a:embedded:single")
    shared = [peers("A:embedded:app"), peers("A:embedded:app"), peers("A:embedded:app:three")]
    for app in (single, *shared):
        app.subscribe(EVENTS, qos=1)
    for number in range(30):
        device.publish(READING, str(number).encode())
    assert [single.hear().payload for _ in range(30)] == [str(n).encode() for n in range(30)]
    counts = Counter(app.heard.get(timeout=20).payload for app in shared for _ in range(10))
    assert counts == dict.fromkeys((str(n).encode() for n in range(30)), 1)
    assert not shared[0].ended.is_set()


def test_what_no_instance_is_there_for_waits_for_a_durable_one(pumps: Caller, peers: Peers) -> None:
    device, gone = peers(DEVICE), peers("A:embedded:app:one", clean_session=False)
    gone.subscribe(EVENTS, qos=1)
    gone.log_out()
    device.publish(READING, b"kept")
    again = peers("A:embedded:app:one", log_in=False, clean_session=False)
    assert again.log_in() == (0, True)
    assert again.hear().payload == b"kept"


def test_a_gateway_speaks_and_hears_for_its_devices(pumps: Caller, peers: Peers) -> None:
    app, gateway = peers("a:embedded:app"), peers(GATEWAY)
    app.subscribe(EVENTS)
    gateway.subscribe(COMMANDS, qos=1)
    behind, own = "iot-2/type/pump/id/p-behind", "iot-2/type/gate/id/g-1"
    gateway.publish(f"{behind}/evt/e/fmt/json")
    gateway.publish(f"{own}/evt/e/fmt/json")
    assert [app.hear().topic, app.hear().topic] == [
        f"{behind}/evt/e/fmt/json",
        f"{own}/evt/e/fmt/json",
    ]
    app.publish(BLINK, b"not for it")
    app.publish(f"{behind}/cmd/c/fmt/json", b"1")
    app.publish(f"{own}/cmd/c/fmt/json", b"2")
    assert [gateway.hear().payload, gateway.hear().payload] == [b"1", b"2"]


def test_a_gateway_registers_what_it_speaks_for(pumps: Caller, peers: Peers) -> None:
    app, gateway = peers("a:embedded:app"), peers(GATEWAY)
    app.subscribe(EVENTS)
    gateway.publish("iot-2/type/nothing/id/new/evt/e/fmt/json")
    gateway.publish("iot-2/type/pump/id/new/evt/e/fmt/json")
    assert app.hear().topic == "iot-2/type/pump/id/new/evt/e/fmt/json"
    body = pumps("GET", "/device/types/pump/devices/new").body
    assert body["registration"]["auth"] == {"id": GATEWAY, "type": "gateway"}
    assert pumps.ids("/device/types/gate/devices/g-1/devices") == ["pump/new", "pump/p-behind"]


def test_a_will_is_published_unless_the_client_says_good_bye(pumps: Caller, peers: Peers) -> None:
    app = peers("a:embedded:app")
    app.subscribe(EVENTS)
    for payload, is_polite in ((b"unsaid", True), (b"gone", False)):
        device = peers(DEVICE, log_in=False)
        device.will(READING, payload)
        device.log_in()
        if is_polite:
            device.log_out()
        else:
            device.vanish()
    assert app.hear() == Heard(SEEN_READING, b"gone")


def test_a_message_that_was_not_acknowledged_comes_again_marked(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    app = peers("a:embedded:app")
    durable = connect_bytes().replace(b"\xc2\x00\x3c", b"\xc0\x00\x3c")
    raw.send(durable)
    raw.read()
    raw.send(b"\x82\x16\x00\x01\x00\x11iot-2/cmd/+/fmt/+\x01")
    raw.read()
    app.publish(BLINK, b"x")
    first = raw.read()
    raw.send(durable)  # a second login is bad data, and ends the connection
    assert raw.read() is None
    again = RawPeer(raw.socket.getpeername()[1])
    again.send(durable)
    welcome, second = again.read(), again.read()
    again.close()
    assert welcome is not None
    assert first is not None
    assert second is not None
    assert welcome.body == b"\x01\x00"
    assert (first.flags, second.flags) == (0b0010, 0b1010)
    assert first.body == second.body


def test_a_device_is_sent_no_more_than_10_messages_that_it_has_not_acknowledged(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    app = peers("a:embedded:app")
    raw.send(connect_bytes())
    raw.read()
    raw.send(b"\x82\x16\x00\x01\x00\x11iot-2/cmd/+/fmt/+\x01")
    raw.read()
    for number in range(12):
        app.publish(BLINK, str(number).encode())
    sent = [mqtt.read_publish(frame) for frame in (raw.read() for _ in range(10)) if frame]
    raw.send(b"\xc0\x00")
    pong = raw.read()
    assert pong is not None
    assert pong.type == 13
    raw.send(reply.write_puback(sent[4].packet_id) + reply.write_puback(999))
    after = raw.read()
    assert after is not None
    assert mqtt.read_publish(after).payload == b"10"


def test_a_message_at_qos_2_that_comes_again_is_sent_on_once(
    pumps: Caller, peers: Peers, raw: RawPeer
) -> None:
    app = peers("a:embedded:app")
    app.subscribe(EVENTS)
    raw.send(connect_bytes())
    raw.read()
    body = len(READING).to_bytes(2, "big") + READING.encode() + b"\x00\x07"
    publish = bytes((0x34, len(body))) + body
    raw.send(publish + publish + b"\x62\x02\x00\x07" + publish)
    assert [frame and frame.type for frame in (raw.read() for _ in range(4))] == [5, 5, 7, 5]
    app.hear()
    app.hear()
    peers("d:embedded:pump:p-2").publish("iot-2/evt/last/fmt/json")
    assert app.hear().topic.endswith("/evt/last/fmt/json")


@pytest.mark.parametrize(
    ("topic", "given", "code"),
    [
        ("mgmt/manage", {"d": {"lifetime": 3600, "supports": {"deviceActions": True}}}, 200),
        ("mgmt/manage", {"d": {"deviceInfo": {"nonsense": "x"}}}, 400),
        ("device/update/location", {"d": {"latitude": 1, "longitude": 2}}, 200),
        ("device/update/location", {"d": {"latitude": 100, "longitude": 2}}, 400),
        ("add/diag/log", {"d": {"message": "hot", "severity": 1}}, 200),
        ("add/diag/log", {"d": {"message": "hot", "severity": 3}}, 400),
        ("clear/diag/log", {}, 200),
        ("add/diag/errorCodes", {"d": {"errorCode": 7}}, 200),
        ("add/diag/errorCodes", {"d": {"errorCode": "7"}}, 400),
        ("clear/diag/errorCodes", {}, 200),
        ("mgmt/unmanage", {}, 200),
    ],
)
def test_device_management_answers(
    *, pumps: Caller, peers: Peers, topic: str, given: dict[str, Any], code: int
) -> None:
    device = peers(DEVICE)
    device.subscribe("iotdm-1/#", qos=1)
    device.publish(f"iotdevice-1/{topic}", json.dumps({**given, "reqId": "r-1"}).encode())
    heard = device.hear()
    assert (heard.topic, json.loads(heard.payload)) == (
        "iotdm-1/response",
        {"rc": code, "reqId": "r-1"},
    )


def test_a_managed_device_has_management_data_until_it_is_unmanaged(
    pumps: Caller, peers: Peers
) -> None:
    path = "/device/types/pump/devices/p-1"
    device = peers(DEVICE)
    assert pumps("GET", f"{path}/mgmt").status == 404
    given = {
        "lifetime": 3600,
        "supports": {"firmwareActions": True},
        "deviceInfo": {"fwVersion": "2"},
    }
    device.publish("iotdevice-1/mgmt/manage", json.dumps({"d": given}).encode())
    body = pumps("GET", f"{path}/mgmt").body
    assert body.pop("lastActivityDateTime") < body.pop("dormantDateTime")
    assert body == {
        "dormant": False,
        "supports": {"deviceActions": False, "firmwareActions": True},
    }
    found = pumps("GET", "/bulk/devices").body["results"]
    (managed,) = [each for each in found if each["clientId"] == DEVICE]
    others = [each for each in found if each is not managed]
    assert managed["deviceInfo"] == {"fwVersion": "2"}
    assert managed["refs"]["mgmt"] == f"/api/v0002{path}/mgmt"
    assert all("mgmt" not in other["refs"] for other in others)
    device.publish("iotdevice-1/mgmt/manage", b"no JSON")
    device.publish("iotdevice-1/something/else", b"{}")
    device.publish("iotdevice-1/mgmt/unmanage", b"{}")
    assert pumps("GET", f"{path}/mgmt").status == 404


def test_a_device_writes_its_own_diagnostics(pumps: Caller, peers: Peers) -> None:
    path = "/device/types/pump/devices/p-1/diag"
    device = peers(DEVICE)
    stamp = "2026-11-27T10:00:00.123456"
    for topic, given in (
        ("add/diag/log", {"message": "hot", "timestamp": stamp}),
        ("add/diag/errorCodes", {"errorCode": 7, "timestamp": stamp}),
    ):
        device.publish(f"iotdevice-1/{topic}", json.dumps({"d": given}).encode())
    (log,) = pumps("GET", f"{path}/logs").body
    assert (log["message"], log["timestamp"]) == ("hot", stamp[:-3])
    assert pumps("GET", f"{path}/errorCodes").body == [{"errorCode": 7, "timestamp": stamp[:-3]}]
    for topic in ("clear/diag/log", "clear/diag/errorCodes"):
        device.publish(f"iotdevice-1/{topic}", b"{}")
    assert pumps("GET", f"{path}/logs").body == pumps("GET", f"{path}/errorCodes").body == []
