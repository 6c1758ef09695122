from __future__ import annotations

import time
from dataclasses import replace

from fleetsync.emulator.faults import Faults
from fleetsync.emulator.mishap import Mishaps
from fleetsync.emulator.state import OrgState
from tests.emulator.conftest import Caller
from tests.emulator.mqtt.conftest import Peers, RawPeer, connect_bytes

EVENTS = "iot-2/type/+/id/+/evt/+/fmt/+"
READING = "iot-2/evt/reading/fmt/json"
DEVICE = "d:embedded:pump:p-1"


def log_of(state: OrgState) -> list[tuple[str, str]]:
    return [(entry.call, entry.fault) for entry in state.fault_log]


def test_a_login_may_be_refused_because_the_server_is_not_available(
    org_state: OrgState, pumps: Caller, raw: RawPeer
) -> None:
    org_state.faults = Faults(mqtt_refused=1.0)
    raw.send(connect_bytes())
    frame = raw.read()
    assert frame is not None
    assert (frame.body, raw.read()) == (b"\x00\x03", None)
    assert log_of(org_state) == [(f"MQTT {DEVICE}", "mqttRefused")]


def test_a_connection_may_be_cut(org_state: OrgState, pumps: Caller, peers: Peers) -> None:
    device = peers(DEVICE)
    org_state.faults = Faults(mqtt_cut=1.0)
    device.send(READING)
    assert device.wait_for_end()
    assert log_of(org_state) == [(f"MQTT {DEVICE}", "mqttCut")]


def test_messages_at_qos_0_may_be_lost_and_no_others(
    org_state: OrgState, pumps: Caller, peers: Peers
) -> None:
    device, app = peers(DEVICE), peers("a:embedded:app")
    app.subscribe(EVENTS, qos=1)
    org_state.faults = Faults(mqtt_lost=1.0)
    for number in range(3):
        device.publish(READING, b"lost", qos=0)
        device.publish(READING, str(number).encode(), qos=1)
    assert [app.hear().payload for _ in range(3)] == [b"0", b"1", b"2"]
    assert log_of(org_state) == [("MQTT a:embedded:app", "mqttLost")] * 3


def test_messages_may_be_taken_late_and_keep_their_order(
    org_state: OrgState, pumps: Caller, peers: Peers
) -> None:
    device, app = peers(DEVICE), peers("a:embedded:app")
    app.subscribe(EVENTS)
    org_state.faults = Faults(mqtt_lag_seconds=0.2)
    began = time.monotonic()
    device.send(READING, b"1")
    device.send(READING, b"2")
    assert [app.hear().payload, app.hear().payload] == [b"1", b"2"]
    assert time.monotonic() - began >= 0.4


def test_the_same_seed_strikes_the_same_packets() -> None:
    def struck(seed: int) -> list[bool]:
        mishaps, faults = Mishaps([]), Faults(mqtt_cut=0.3, fault_seed=seed)
        return [mishaps.strikes_client(faults, "mqtt_cut", DEVICE) for _ in range(50)]

    assert struck(1) == struck(1) != struck(2)
    assert 5 < sum(struck(1)) < 25


def test_other_faults_begin_with_an_empty_log(org_state: OrgState, pumps: Caller) -> None:
    faults = Faults(mqtt_cut=1.0)
    assert org_state.mishaps.strikes_client(faults, "mqtt_cut", "a:x:y")
    assert org_state.mishaps.strikes_client(replace(faults), "mqtt_cut", "a:x:z")
    assert log_of(org_state) == [("MQTT a:x:z", "mqttCut")]
