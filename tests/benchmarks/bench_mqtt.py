"""Measure the emulator's MQTT; run as ``python tests/benchmarks/bench_mqtt.py 1000``.

So many devices connect, each with a subscription to its commands, and publish; one application
subscribes to all events and counts. With ``--one-core`` the emulator and the devices share a core.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from fleetsync.emulator.mqtt import packet as mqtt
from fleetsync.emulator.mqtt import reply
from fleetsync.emulator.running import Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState

TOKEN = "bench-token"
KEY = ("a-embedded-0123456789", "any")
EVENTS = "iot-2/type/+/id/+/evt/+/fmt/+"
PAYLOAD = b'{"temperature": 21.5, "humidity": 40, "time": "2019-05-06T10:23:57Z"}'
AT_ONCE = 100


def text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes((first, len(body))) + body


class Peer:
    """A client with a login and one subscription."""

    def __init__(self, client_id: str, user: str, password: str, topic: str) -> None:
        fields = text(client_id) + text(user) + text(password)
        self._login = packet(0x10, text("MQTT") + b"\x04\xc2\x00\x00" + fields)
        self._subscribe = packet(0x82, b"\x00\x01" + text(topic) + b"\x00")
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def connect(self, port: int) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(self._login)
        assert await self.reader.readexactly(4) == reply.write_connack(reply.ACCEPTED)
        self.writer.write(self._subscribe)
        assert await self.reader.readexactly(5) == reply.write_suback(1, [0])

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@contextmanager
def org_of(devices: int) -> Iterator[Emulator]:
    """An org over HTTP and MQTT in which so many devices are registered."""
    with OrgState.open(None) as state, run_emulator(state, Place(mqtt_port=0)) as emulator:
        api = f"{emulator.url}/api/v0002"
        requests.post(f"{api}/device/types", json={"id": "pump"}, auth=KEY, timeout=60)
        items = [
            {"typeId": "pump", "deviceId": f"p-{number}", "authToken": TOKEN}
            for number in range(devices)
        ]
        for start in range(0, devices, 500):
            part = items[start : start + 500]
            done = requests.post(f"{api}/bulk/devices/add", json=part, auth=KEY, timeout=60)
            assert done.status_code == 201
        yield emulator


async def connect_all(peers: list[Peer], port: int) -> float:
    began = time.perf_counter()
    for start in range(0, len(peers), AT_ONCE):
        await asyncio.gather(*(peer.connect(port) for peer in peers[start : start + AT_ONCE]))
    return len(peers) / (time.perf_counter() - began)


async def count_events(peer: Peer, wanted: int) -> None:
    """Read so many events, of any length."""
    seen, data = 0, b""
    while seen < wanted:
        more = await peer.reader.read(1 << 18)
        assert more
        data, at = data + more, 0
        while frame := mqtt.read_frame(data, at):
            assert frame.type == mqtt.PUBLISH
            seen += 1
            at += frame.length
        data = data[at:]


async def publish_all(peers: list[Peer], app: Peer, rounds: int) -> float:
    """Publish from all devices in turn; return how many events a second arrived."""
    event = reply.write_publish(b"iot-2/evt/status/fmt/json", PAYLOAD)
    began = time.perf_counter()
    counting = asyncio.create_task(count_events(app, rounds * len(peers)))
    for _ in range(rounds):
        for peer in peers:
            peer.writer.write(event)
        await asyncio.gather(*(peer.writer.drain() for peer in peers))
    await asyncio.wait_for(counting, 120)
    return rounds * len(peers) / (time.perf_counter() - began)


async def measure(port: int, devices: int, rounds: int) -> None:
    app = Peer("a:embedded:bench", *KEY, EVENTS)
    await app.connect(port)
    peers = [
        Peer(f"d:embedded:pump:p-{number}", "use-token-auth", TOKEN, "iot-2/cmd/+/fmt/+")
        for number in range(devices)
    ]
    print(f"{devices} devices connected, {await connect_all(peers, port):,.0f} a second")
    pace = await publish_all(peers, app, rounds)
    print(f"{rounds * devices:,} events from device to application, {pace:,.0f} a second")
    for peer in [*peers, app]:
        await peer.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("devices", type=int)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--one-core", action="store_true")
    given = parser.parse_args()
    if given.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with org_of(given.devices) as emulator:
        asyncio.run(measure(emulator.mqtt_port, given.devices, given.rounds))


if __name__ == "__main__":
    main()
