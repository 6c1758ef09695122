from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.emulator.mqtt import packet as mqtt
from fleetsync.emulator.mqtt import reply
from fleetsync.emulator.mqtt.ending import EndError, Ending
from tests.emulator.mqtt.conftest import connect_bytes, field

READERS: tuple[Callable[[mqtt.Frame], object], ...] = (
    mqtt.read_publish,
    mqtt.read_connect,
    mqtt.read_packet_id,
    mqtt.read_subscribe,
    mqtt.read_unsubscribe,
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


def whole(data: bytes) -> mqtt.Frame:
    frame = mqtt.read_frame(data, 0)
    assert frame is not None
    assert frame.length == len(data)
    return frame


@given(TEXTS, st.binary(max_size=300), st.integers(0, 65_535))
def test_what_is_written_is_read(topic: str, payload: bytes, packet_id: int) -> None:
    data = reply.write_publish(topic.encode(), payload, packet_id=packet_id)
    assert mqtt.read_publish(whole(data)) == (topic, payload, min(packet_id, 1), packet_id)
    for cut in range(len(data)):
        assert mqtt.read_frame(data[:cut], 0) is None


def ending_of(read: Callable[[], object]) -> Ending | None:
    try:
        read()
    except EndError as error:
        return error.ending
    return None


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_are_bad_data(data: bytes) -> None:
    ending = ending_of(lambda: mqtt.read_frame(data, 0))
    assert ending in {None, Ending.BAD_DATA, Ending.TOO_LARGE}
    frame = None if ending else mqtt.read_frame(data, 0)
    if frame is not None:
        endings = {ending_of(partial(read, frame)) for read in READERS}
        assert endings <= {None, Ending.BAD_DATA}


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"\x30\xff\xff\xff\xff\x01", mqtt.read_publish),  # a length of five bytes
        (b"\x80\x07\x00\x01" + field("a/b")[:4] + b"b", mqtt.read_subscribe),  # reserved flags
        (b"\x82\x02\x00\x01", mqtt.read_subscribe),  # no filter
        (b"\x82\x06\x00\x00\x00\x01a\x00", mqtt.read_subscribe),  # packet id 0
        (b"\x82\x06\x00\x01\x00\x01a\x03", mqtt.read_subscribe),  # QoS 3
        (b"\xa2\x02\x00\x01", mqtt.read_unsubscribe),  # no filter
        (b"\x36\x05\x00\x01a\x00\x01", mqtt.read_publish),  # QoS 3
        (b"\x32\x05\x00\x01a\x00\x00", mqtt.read_publish),  # packet id 0
        (b"\x30\x03\x00\x01\xff", mqtt.read_publish),  # no UTF-8
        (b"\x30\x03\x00\x01\x00", mqtt.read_publish),  # NUL
        (b"\x30\x03\x00\x09a", mqtt.read_publish),  # a field longer than the packet
        (b"\x40\x03\x00\x01\x00", mqtt.read_packet_id),  # more than there should be
        (b"\x10\x0c" + field("MQTT") + b"\x04\x03\x00\x00" + field(""), mqtt.read_connect),
    ],
)
def test_what_is_bad_data(data: bytes, read: Callable[[mqtt.Frame], object]) -> None:
    assert ending_of(lambda: read(whole(data))) is Ending.BAD_DATA


def test_a_login_is_read_with_its_will() -> None:
    body = b"\x00\x04MQTT\x04\xee\x00\x3c" + field("d:o:t:d") + field("w/t") + field("gone")
    body += field("user") + field("secret")
    assert mqtt.read_connect(whole(bytes((0x10, len(body))) + body)) == mqtt.Connect(
        4, "d:o:t:d", True, 60, "user", "secret", mqtt.Publish("w/t", b"gone", 1, 0)
    )
    assert mqtt.read_connect(whole(connect_bytes())).will is None


def test_the_largest_message_is_taken_and_a_larger_one_is_not() -> None:
    payload = bytes(mqtt.MAX_PAYLOAD)
    assert mqtt.read_publish(whole(reply.write_publish(b"t", payload))).payload == payload
    larger = whole(reply.write_publish(b"t", payload + b"!"))
    assert ending_of(lambda: mqtt.read_publish(larger)) is Ending.TOO_LARGE
    head = reply.write_publish(b"t", payload + payload)[:5]
    assert ending_of(lambda: mqtt.read_frame(head, 0)) is Ending.TOO_LARGE
