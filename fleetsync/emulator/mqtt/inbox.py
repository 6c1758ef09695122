"""Take what a client publishes, and acknowledge it when it has been sent on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleetsync.emulator.mqtt import packet, reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from fleetsync.emulator.mqtt.identity import Identity
    from fleetsync.emulator.mqtt.publisher import Publisher
    from fleetsync.emulator.mqtt.wire import Wire
    from fleetsync.emulator.state import OrgState


class Inbox:
    """The messages of one connection; those at QoS 2 are remembered until they are released."""

    def __init__(self, wire: Wire, publisher: Publisher, state: OrgState) -> None:
        self._wire = wire
        self._publisher = publisher
        self._state = state
        self._received: set[int] = set()

    def take(self, identity: Identity, frame: packet.Frame) -> None:
        """Send a message on, at once unless it has to be waited for."""
        message = packet.read_publish(frame)
        self._wire.messages_read += 1
        if message.qos == 2 and message.packet_id in self._received:
            self._answer(message)
            return
        lag = self._state.faults.mqtt_lag_seconds
        waiting = None if lag else self._publisher.publish(identity, message)
        if lag:
            self._wire.wait_for(self._publish_late(identity, message, lag))
        elif waiting is None:
            self._answer(message)
        else:
            self._wire.wait_for(self._answer_after(waiting, message))

    def release(self, frame: packet.Frame) -> None:
        """Forget a message at QoS 2."""
        packet_id = packet.read_packet_id(frame)
        self._received.discard(packet_id)
        self._wire.send(reply.write_pubcomp(packet_id))

    async def _publish_late(self, identity: Identity, message: packet.Publish, lag: float) -> None:
        await asyncio.sleep(lag)
        waiting = self._publisher.publish(identity, message)
        if waiting is None:
            self._answer(message)
        else:
            await self._answer_after(waiting, message)

    async def _answer_after(self, waiting: Awaitable[None], message: packet.Publish) -> None:
        await waiting
        self._answer(message)

    def _answer(self, message: packet.Publish) -> None:
        if message.qos == 1:
            self._wire.send(reply.write_puback(message.packet_id))
        elif message.qos == 2:
            self._received.add(message.packet_id)
            self._wire.send(reply.write_pubrec(message.packet_id))
