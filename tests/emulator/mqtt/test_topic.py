from __future__ import annotations

import pytest

from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.identity import Identity, read_client_id
from fleetsync.emulator.mqtt.topic import read_filter, read_target, seen_topic

DEVICE, GATEWAY, APP = "d:o:pump:p-1", "g:o:gate:g-1", "a:o:app"
OWN = "iot-2/type/pump/id/p-1"


def client(client_id: str) -> Identity:
    identity = read_client_id(client_id)
    assert identity is not None
    return identity


@pytest.mark.parametrize(
    ("client_id", "topic", "target"),
    [
        (DEVICE, "iot-2/evt/e/fmt/json", f"{OWN}/evt/e/fmt/json"),
        (DEVICE, "iot-2/evt/e.1_-/fmt/bin", f"{OWN}/evt/e.1_-/fmt/bin"),
        (GATEWAY, f"{OWN}/evt/e/fmt/json", f"{OWN}/evt/e/fmt/json"),
        (APP, f"{OWN}/evt/e/fmt/json", f"{OWN}/evt/e/fmt/json"),
        (APP, f"{OWN}/cmd/c/fmt/json", f"{OWN}/cmd/c/fmt/json"),
        (DEVICE, f"{OWN}/evt/e/fmt/json", Ending.NOT_AUTHORIZED),
        (DEVICE, "iot-2/cmd/c/fmt/json", Ending.BAD_TOPIC),
        (DEVICE, f"{OWN}/mon", Ending.NOT_AUTHORIZED),
        (DEVICE, "iot-2/evt/e", Ending.BAD_TOPIC),
        (DEVICE, "iot-2/evt/e/fmt/json/", Ending.BAD_TOPIC),
        (DEVICE, "iot-2/evt/e/fmt/json\n", Ending.BAD_TOPIC),
        (DEVICE, "iot-2/evt/+/fmt/json", Ending.BAD_TOPIC),
        (DEVICE, f"iot-2/evt/{'e' * 37}/fmt/json", Ending.BAD_TOPIC),
        (DEVICE, "", Ending.BAD_TOPIC),
        (GATEWAY, f"{OWN}/cmd/c/fmt/json", Ending.NOT_AUTHORIZED),
        (GATEWAY, "iot-2/evt/e/fmt/json", Ending.NOT_AUTHORIZED),
        (APP, "iot-2/evt/e/fmt/json", Ending.NOT_AUTHORIZED),
        (APP, f"{OWN}/mon", Ending.NOT_AUTHORIZED),
        (APP, "iot-2/app/app/mon", Ending.NOT_AUTHORIZED),
        (APP, "iot-2/type/+/id/p-1/evt/e/fmt/json", Ending.BAD_TOPIC),
        (APP, "iot-2/type/pump/id/p#1/evt/e/fmt/json", Ending.BAD_TOPIC),
        (APP, "$SYS/broker", Ending.BAD_TOPIC),
    ],
)
def test_where_a_message_goes(client_id: str, topic: str, target: str | Ending) -> None:
    try:
        got: str | Ending = read_target(client(client_id), topic).topic
    except EndError as error:
        got = error.ending
    assert got == target


@pytest.mark.parametrize(
    ("client_id", "text", "inner"),
    [
        (DEVICE, "iot-2/cmd/+/fmt/+", f"{OWN}/cmd/+/fmt/+"),
        (DEVICE, "iot-2/cmd/blink/fmt/json", f"{OWN}/cmd/blink/fmt/json"),
        (DEVICE, "iotdm-1/#", f"{OWN}/iotdm-1/#"),
        (DEVICE, "iotdm-1/mgmt/custom/#", f"{OWN}/iotdm-1/mgmt/custom/#"),
        (DEVICE, "iot-2/cmd/#", Ending.BAD_TOPIC),
        (DEVICE, "#", Ending.BAD_TOPIC),
        (DEVICE, f"{OWN}/cmd/+/fmt/+", Ending.NOT_AUTHORIZED),
        (DEVICE, "iot-2/type/+/id/+/evt/+/fmt/+", Ending.NOT_AUTHORIZED),
        (DEVICE, "iotdm-1/../x", Ending.BAD_TOPIC),
        (GATEWAY, "iot-2/type/+/id/+/cmd/+/fmt/+", "iot-2/type/+/id/+/cmd/+/fmt/+"),
        (GATEWAY, "iot-2/type/gate/id/g-1/notify", "iot-2/type/gate/id/g-1/notify"),
        (GATEWAY, "iot-2/type/gate/id/g-2/notify", Ending.BAD_TOPIC),
        (GATEWAY, "iot-2/type/+/id/+/evt/+/fmt/+", Ending.NOT_AUTHORIZED),
        (APP, f"{OWN}/evt/+/fmt/+", f"{OWN}/evt/+/fmt/+"),
        (APP, "iot-2/type/+/id/+/cmd/+/fmt/+", "iot-2/type/+/id/+/cmd/+/fmt/+"),
        (APP, "iot-2/type/+/id/+/mon", "iot-2/type/+/id/+/mon"),
        (APP, "iot-2/app/+/mon", "iot-2/app/+/mon"),
        (APP, "iot-2/type/+/id/+/intf/+/evt/state", "iot-2/type/+/id/+/intf/+/evt/state"),
        (APP, "iot-2/thing/type/+/id/+/err/data", "iot-2/thing/type/+/id/+/err/data"),
        (APP, "iot-2/type/+/id/+/err/data", "iot-2/type/+/id/+/err/data"),
        (APP, "#", None),
        (APP, "iot-2/#", None),
        (APP, "iot-2/cmd/+/fmt/+", Ending.BAD_TOPIC),
        (APP, f"{OWN}/iotdm-1/response", Ending.BAD_TOPIC),
        (APP, "iot-2/type/p+/id/+/mon", Ending.BAD_TOPIC),
        (APP, "$share/x/iot-2/type/+/id/+/mon", Ending.BAD_TOPIC),
    ],
)
def test_what_a_filter_stands_for(client_id: str, text: str, inner: str | Ending | None) -> None:
    try:
        got: str | Ending | None = read_filter(client(client_id), text)
    except EndError as error:
        got = error.ending
    assert got == inner


@pytest.mark.parametrize(
    ("client_id", "topic", "seen"),
    [
        (DEVICE, f"{OWN}/cmd/c/fmt/json", "iot-2/cmd/c/fmt/json"),
        (DEVICE, f"{OWN}/iotdm-1/response", "iotdm-1/response"),
        (GATEWAY, f"{OWN}/cmd/c/fmt/json", f"{OWN}/cmd/c/fmt/json"),
        (APP, f"{OWN}/evt/e/fmt/json", f"{OWN}/evt/e/fmt/json"),
    ],
)
def test_what_a_client_sees(client_id: str, topic: str, seen: str) -> None:
    assert seen_topic(client(client_id), topic) == seen
