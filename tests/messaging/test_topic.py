"""Topics and codecs, for all inputs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.errors import UsageError
from fleetsync.messaging.codec import CODECS, MAX_PAYLOAD, encoded
from fleetsync.messaging.endpoint import (
    App,
    Endpoint,
    application_login,
    endpoint_beside,
    endpoint_of_org,
    endpoint_of_url,
)
from fleetsync.messaging.message import Event, Status, Unreadable, read_message
from fleetsync.messaging.topic import (
    Matter,
    Topic,
    app_status_topic,
    check_part,
    command_topic,
    device_status_topic,
    event_topic,
    own_command_topic,
    own_event_topic,
    read_topic,
)

PARTS = st.from_regex(r"[A-Za-z0-9._-]{1,36}", fullmatch=True)
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
TOPIC = "iot-2/type/pump/id/p-1/evt/e/fmt/json"
STATUS = "iot-2/type/pump/id/p-1/mon"


@given(PARTS, PARTS, PARTS, PARTS)
def test_a_topic_is_read_as_it_was_written(one: str, two: str, three: str, four: str) -> None:
    assert read_topic(event_topic(one, two, three, four)) == Topic(
        Matter.EVENT, one, two, three, four
    )
    assert read_topic(command_topic(one, two, three, four)) == Topic(
        Matter.COMMAND, one, two, three, four
    )
    assert read_topic(own_event_topic(three, four)) == Topic(Matter.EVENT, name=three, format=four)
    assert read_topic(own_command_topic(three, four)) == Topic(
        Matter.COMMAND, name=three, format=four
    )
    assert read_topic(device_status_topic(one, two)) == Topic(Matter.DEVICE_STATUS, one, two)
    assert read_topic(app_status_topic(one)) == Topic(Matter.APP_STATUS, app_id=one)


@given(st.text())
def test_only_what_a_topic_may_hold_gets_into_one(text: str) -> None:
    try:
        assert check_part("the event", text) == text
    except UsageError:
        return
    assert not {"/", "+", "#", "\x00"} & set(text)
    assert 1 <= len(text) <= 36


@given(JSONS)
def test_json_comes_back_as_it_was_sent(value: Any) -> None:
    payload = encoded(CODECS, "json", value)
    message = read_message(TOPIC, payload, CODECS)
    assert isinstance(message, Event)
    assert message.data == value


@given(st.text(), st.binary())
def test_no_message_raises(topic: str, payload: bytes) -> None:
    for each in (topic, TOPIC, STATUS, "iot-2/app/x/mon"):
        read_message(each, payload, CODECS)


@given(JSONS)
def test_no_status_raises(value: Any) -> None:
    found = read_message(STATUS, json.dumps(value).encode(), CODECS)
    assert isinstance(found, Unreadable)
    body = {"Action": "Connect", "ClientID": "d:o:pump:p-1", "Time": value, "Port": value}
    status = read_message(STATUS, json.dumps(body).encode(), CODECS)
    assert isinstance(status, Status)
    assert status.device == "pump:p-1"


def test_a_status_has_the_fields_of_the_guide() -> None:
    body = {
        "Action": "Disconnect",
        "Time": "2019-05-06T10:24:57.000Z",
        "ClientAddr": "192.0.2.7",
        "ClientID": "d:abc123:pump:p-1",
        "Port": 8883,
        "Secure": True,
        "Protocol": "mqtt4",
        "User": "use-token-auth",
        "ConnectTime": "2019-05-06T10:23:57",
        "CloseCode": 91,
        "Reason": "The connection was closed by the client",
        "ReadBytes": 412,
        "ReadMsg": 6,
        "WriteBytes": 96,
        "WriteMsg": True,
    }
    status = read_message(STATUS, json.dumps(body).encode(), CODECS, retained=True)
    assert isinstance(status, Status)
    assert status.time is not None
    assert status.connect_time is not None
    assert (status.time - status.connect_time).total_seconds() == 60
    assert (status.close_code, status.read_msg, status.write_msg) == (91, 6, None)
    assert (status.port, status.secure, status.retained) == (8883, True, True)


class Failing:
    """A codec of somebody's own that fails in its own way."""

    def encode(self, data: Any) -> bytes:
        return bytes(data)

    def decode(self, payload: bytes) -> Any:
        raise KeyError("secret")


def test_codecs_of_ones_own_are_asked_and_may_fail() -> None:
    codecs = {**CODECS, "csv": Failing()}
    found = read_message("iot-2/type/a/id/b/evt/e/fmt/csv", b"1,2", codecs)
    assert isinstance(found, Unreadable)
    unknown = read_message("iot-2/type/a/id/b/evt/e/fmt/xml", b"<a/>", CODECS)
    assert isinstance(unknown, Event)
    assert unknown.data == b"<a/>"


@pytest.mark.parametrize("payload", [b"NaN", b'{"a": Infinity}', b"[" * 99_999, b"9" * 9_999])
def test_what_python_takes_for_json_but_is_none_cannot_be_read(payload: bytes) -> None:
    assert isinstance(read_message(TOPIC, payload, CODECS), Unreadable)


def test_a_payload_that_the_platform_would_never_pass_on_is_not_read() -> None:
    assert isinstance(read_message(TOPIC, bytes(MAX_PAYLOAD + 1), CODECS), Unreadable)


def test_endpoints_are_where_the_platform_has_them() -> None:
    assert endpoint_of_org("abc123", "iot.example.com", None) == Endpoint(
        "abc123.messaging.iot.example.com", 443
    )
    assert endpoint_of_org("abc123", "things.example.com", None).port == 8883
    assert endpoint_beside("https://ws1.iot.mas.example.com/api/v0002", None) == Endpoint(
        "ws1.messaging.iot.mas.example.com", 443
    )
    assert endpoint_beside("https://proxy.example.com", None) is None
    assert str(endpoint_of_url("mqtts://[::1]", None)) == "mqtts://[::1]:8883"
    assert endpoint_of_url("mqtt://127.0.0.1:1884", None) == Endpoint("127.0.0.1", 1884, tls=False)
    assert str(endpoint_of_url("wss://h.example", None)) == "wss://h.example:443"
    assert str(endpoint_of_url("ws://127.0.0.1:9001", None)) == "ws://127.0.0.1:9001"


def test_an_application_logs_in_as_the_platform_wants() -> None:
    names = {application_login("o", "k", "t").client_id for _ in range(3)}
    assert len(names) == 3
    assert application_login("o", "k", "t", App("x", clean=False)).client_id == "a:o:x"
    shared = application_login("o", "k", "t", App("x", shared=True))
    assert (shared.client_id, shared.clean) == ("A:o:x", False)
    several = application_login("o", "k", "t", App("x", clean=True, shared=True, instance="1"))
    assert (several.client_id, several.clean) == ("A:o:x:1", True)
    with pytest.raises(UsageError):
        application_login("o", "k", "t", App("a:b"))
