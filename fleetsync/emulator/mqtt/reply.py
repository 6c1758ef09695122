"""Write the packets of MQTT 3.1.1 that a server sends."""

from __future__ import annotations

PINGRESP = b"\xd0\x00"
ACCEPTED, BAD_PROTOCOL, BAD_CLIENT_ID, UNAVAILABLE, NOT_AUTHORIZED = 0, 1, 2, 3, 5
REFUSED_FILTER = 0x80


def write_publish(
    topic: bytes, payload: bytes, *, packet_id: int = 0, again: bool = False, retained: bool = False
) -> bytes:
    """Return a message, at QoS 1 if it has a packet id, else at QoS 0."""
    flags = 0x30 | again << 3 | bool(packet_id) << 1 | retained
    head = len(topic).to_bytes(2, "big") + topic
    if packet_id:
        head += packet_id.to_bytes(2, "big")
    return _length(flags, len(head) + len(payload)) + head + payload


def write_connack(code: int, *, is_present: bool = False) -> bytes:
    """Return the answer to a login; ``is_present``: the session goes on where it was."""
    return bytes((0x20, 2, is_present, code))


def write_puback(packet_id: int) -> bytes:
    """Return the answer to a message at QoS 1."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def write_pubrec(packet_id: int) -> bytes:
    """Return the first answer to a message at QoS 2."""
    return b"\x50\x02" + packet_id.to_bytes(2, "big")


def write_pubcomp(packet_id: int) -> bytes:
    """Return the last answer to a message at QoS 2."""
    return b"\x70\x02" + packet_id.to_bytes(2, "big")


def write_suback(packet_id: int, codes: list[int]) -> bytes:
    """Return the answer to a subscription: for each filter its QoS, or that it is refused."""
    return _length(0x90, 2 + len(codes)) + packet_id.to_bytes(2, "big") + bytes(codes)


def write_unsuback(packet_id: int) -> bytes:
    """Return the answer to the end of subscriptions."""
    return b"\xb0\x02" + packet_id.to_bytes(2, "big")


def _length(first: int, remaining: int) -> bytes:
    """Return a fixed header."""
    header = bytearray((first,))
    while remaining > 0x7F:
        header.append(remaining & 0x7F | 0x80)
        remaining >>= 7
    header.append(remaining)
    return bytes(header)
