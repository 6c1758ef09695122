"""Judge what clients publish, and send it on to those whom it concerns."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from fleetsync.emulator.mqtt import login
from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.identity import Role
from fleetsync.emulator.mqtt.management import carry_out
from fleetsync.emulator.mqtt.session import Message
from fleetsync.emulator.mqtt.topic import is_management, management_topic, read_target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleetsync.emulator.mqtt.clerk import Clerk
    from fleetsync.emulator.mqtt.exchange import Exchange
    from fleetsync.emulator.mqtt.identity import Device, Identity
    from fleetsync.emulator.mqtt.login import Known
    from fleetsync.emulator.mqtt.packet import Publish
    from fleetsync.emulator.mqtt.topic import Target
    from fleetsync.emulator.turn import Turn


class Publisher:
    """Remembers the devices of which it is known that they are registered."""

    def __init__(self, exchange: Exchange, clerk: Clerk) -> None:
        self._exchange = exchange
        self._clerk = clerk
        self._known: dict[Device, Known] = {}
        self._removals = 0
        self._tasks: set[asyncio.Future[None]] = set()

    def publish(self, identity: Identity, packet: Publish) -> Awaitable[None] | None:
        """Send a message on; what is returned is to be awaited before the next is taken.

        EndError, at once or then, if the client may not publish it. What is for a device that is
        not registered goes to nobody; a gateway registers it (platform page 5.8).
        """
        if is_management(identity, packet.topic):
            return self._manage(identity, packet)
        target = read_target(identity, packet.topic)
        known = self._known.get(target.device)
        if known is None and identity.role is not Role.DEVICE:
            return self._publish_unknown(identity, packet, target)
        self._send_on(identity, packet, target, known)
        return None

    def publish_will(self, identity: Identity, will: Publish) -> None:
        """Send on what a client left behind, if it may."""
        try:
            waiting = self.publish(identity, will)
        except EndError:
            return
        if waiting is not None:
            task = asyncio.ensure_future(waiting)
            self._tasks.add(task)
            task.add_done_callback(self._end_task)

    async def find_device(self, device: Device) -> Known | None:
        """Return what is known of a device, None if it is not registered."""
        if device in self._known:
            return self._known[device]
        return await self._ask(partial(login.look_up, device=device), device)

    def forget(self, device: Device) -> None:
        """Know nothing of a device any longer."""
        self._known.pop(device, None)
        self._removals += 1

    async def _ask(self, job: Callable[[Turn], Known | None], device: Device) -> Known | None:
        """Ask the org for a device; the answer is remembered unless one was removed meanwhile."""
        removals = self._removals
        found = await self._clerk.ask(job)
        if found is not None and removals == self._removals:
            self._known[device] = found
        return found

    async def _publish_unknown(self, identity: Identity, packet: Publish, target: Target) -> None:
        if identity.role is Role.GATEWAY:
            job = partial(login.look_up_for_gateway, device=target.device, gateway=identity)
            found = await self._ask(job, target.device)
        else:
            found = await self.find_device(target.device)
        if found is not None:
            self._send_on(identity, packet, target, found)

    def _send_on(
        self, identity: Identity, packet: Publish, target: Target, known: Known | None
    ) -> None:
        gateway = known.gateway if known else None
        is_own = identity.device in {target.device, gateway}
        if identity.role is Role.GATEWAY and not is_own:
            raise EndError(Ending.NOT_AUTHORIZED)
        message = Message(target.topic, packet.payload, packet.qos, target.device)
        self._exchange.route(message, gateway)

    async def _manage(self, identity: Identity, packet: Publish) -> None:
        job = partial(carry_out, device=identity.device, topic=packet.topic, payload=packet.payload)
        answer = await self._clerk.ask(job)
        if answer is not None:
            topic = management_topic(identity.device, "iotdm-1/response")
            self._exchange.route(Message(topic, answer, 1, identity.device))

    def _end_task(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a will that may not be published is nobody's fault any longer
