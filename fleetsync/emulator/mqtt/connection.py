"""Hold one connection of a client: its packets one by one, its keep-alive, and its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, cast

from fleetsync.emulator.mqtt import packet as mqtt
from fleetsync.emulator.mqtt import reply
from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.identity import read_client_id
from fleetsync.emulator.mqtt.status import Link, Traffic
from fleetsync.emulator.stamp import now_stamp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from fleetsync.emulator.mqtt.broker import Broker
    from fleetsync.emulator.mqtt.session import Session

_LOGIN_SECONDS = 30.0
_CLOSING_SECONDS = 5.0
_MOST_UNSENT = 16 * 1024 * 1024
"""Bytes that wait for a slow client, beyond which messages at QoS 0 are lost."""

_GRACE = 1.5  # of the keep-alive time, as MQTT has it


class Port(NamedTuple):
    """What all connections of a port have in common."""

    broker: Broker
    connections: set[Connection]
    number: int
    is_secure: bool


class Connection(asyncio.Protocol):
    """A connection; packets are taken in order, none before the one before it is dealt with."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._broker = port.broker
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._task: asyncio.Future[None] | None = None
        self._link: Link | None = None
        self._session: Session | None = None
        self._will: mqtt.Publish | None = None
        self._received: set[int] = set()
        self._counts = [0, 0, 0, 0]
        self._patience = _LOGIN_SECONDS
        self._heard_at = self._loop.time()
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._port.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._heard_at = self._loop.time()
        self._counts[0] += len(data)
        self._rest = self._rest + data if self._rest else data
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: by the client, if it was not by us."""
        del exc
        self.end(Ending.BY_CLIENT)
        self._port.connections.discard(self)

    @property
    def traffic(self) -> Traffic:
        """Return what went over the connection."""
        return Traffic(*self._counts)

    def check_patience(self, now: float) -> None:
        """End the connection if nothing came for too long."""
        if self._patience and now - self._heard_at > self._patience and self._task is None:
            self.end(Ending.KEEP_ALIVE if self._session else Ending.NO_DATA)

    def welcome(self, session: Session, *, is_present: bool) -> None:
        """Tell the client that it is in."""
        self._session = session
        self._send(reply.write_connack(reply.ACCEPTED, is_present=is_present))

    def send_message(self, packet: bytes, *, may_be_lost: bool) -> None:
        """Send a message, unless it may be lost and too much is unsent."""
        unsent = self._unsent_bytes + self._transport.get_write_buffer_size()
        if may_be_lost and unsent > _MOST_UNSENT:
            return
        self._counts[3] += 1
        self._send(packet)

    def end(self, ending: Ending) -> None:
        """End the connection, once; what was written before still goes out."""
        if not self.is_open:
            return
        self.is_open = False
        self._flush()
        self._transport.close()
        self._loop.call_later(_CLOSING_SECONDS, self._transport.abort)
        if self._link is None:
            return
        self._broker.leave(self, self._link, self._session, ending)
        if self._will is not None and self._session is not None and ending is not Ending.NORMAL:
            self._broker.publisher.publish_will(self._link.identity, self._will)

    def abort(self) -> None:
        """End the connection without waiting for the client."""
        self._transport.abort()

    def _work(self) -> None:
        """Deal with whole packets, until there are none or one has to be waited for."""
        data, at = self._rest, 0
        try:
            while self._task is None and self.is_open:
                frame = mqtt.read_frame(data, at)
                if frame is None:
                    break
                at += frame.length
                self._take(frame)
        except EndError as error:
            self.end(error.ending)
        self._rest = data[at:]

    def _take(self, frame: mqtt.Frame) -> None:
        if self._session is None:
            if frame.type != mqtt.CONNECT or self._link is not None:
                raise EndError(Ending.BAD_DATA)
            self._connect(frame)
            return
        take = _TAKERS.get(frame.type)
        if take is None:
            raise EndError(Ending.BAD_DATA)
        take(self, self._session, frame)

    def _connect(self, frame: mqtt.Frame) -> None:
        connect = mqtt.read_connect(frame)
        if not connect.level:
            self._send(reply.write_connack(reply.BAD_PROTOCOL))
            raise EndError(Ending.BAD_DATA)
        identity = read_client_id(connect.client_id)
        if identity is None:
            self._send(reply.write_connack(reply.NOT_AUTHORIZED))
            raise EndError(Ending.BAD_CLIENT_ID)
        address = self._transport.get_extra_info("peername")[0]
        port = self._port
        self._link = Link(
            identity, address, port.number, port.is_secure, connect.level, connect.user, now_stamp()
        )
        self._patience = _GRACE * connect.keep_alive
        self._will = connect.will
        self._wait_for(self._log_in(self._link, connect))

    async def _log_in(self, link: Link, connect: mqtt.Connect) -> None:
        try:
            await self._broker.log_in(self, link, connect)
        except EndError:
            self._send(reply.write_connack(reply.NOT_AUTHORIZED))
            raise
        except Exception:
            self._send(reply.write_connack(reply.UNAVAILABLE))
            raise

    def _publish(self, session: Session, frame: mqtt.Frame) -> None:
        packet = mqtt.read_publish(frame)
        self._counts[1] += 1
        if packet.qos == 2 and packet.packet_id in self._received:
            self._answer(packet)
            return
        waiting = self._broker.publisher.publish(session.identity, packet)
        if waiting is None:
            self._answer(packet)
        else:
            self._wait_for(self._answer_after(waiting, packet))

    async def _answer_after(self, waiting: Awaitable[None], packet: mqtt.Publish) -> None:
        await waiting
        self._answer(packet)

    def _answer(self, packet: mqtt.Publish) -> None:
        if packet.qos == 1:
            self._send(reply.write_puback(packet.packet_id))
        elif packet.qos == 2:
            self._received.add(packet.packet_id)
            self._send(reply.write_pubrec(packet.packet_id))

    def _release(self, session: Session, frame: mqtt.Frame) -> None:
        del session
        packet_id = mqtt.read_packet_id(frame)
        self._received.discard(packet_id)
        self._send(reply.write_pubcomp(packet_id))

    def _acknowledge(self, session: Session, frame: mqtt.Frame) -> None:
        session.acknowledge(mqtt.read_packet_id(frame))

    def _subscribe(self, session: Session, frame: mqtt.Frame) -> None:
        packet_id, filters = mqtt.read_subscribe(frame)
        exchange = self._broker.exchange
        codes = [exchange.subscribe(session, text, qos) for text, qos in filters]
        self._send(reply.write_suback(packet_id, codes))
        for (text, _), code in zip(filters, codes, strict=True):
            if code != reply.REFUSED_FILTER:
                exchange.send_retained(session, text)

    def _unsubscribe(self, session: Session, frame: mqtt.Frame) -> None:
        packet_id, filters = mqtt.read_unsubscribe(frame)
        for text in filters:
            self._broker.exchange.unsubscribe(session, text)
        self._send(reply.write_unsuback(packet_id))

    def _ping(self, session: Session, frame: mqtt.Frame) -> None:
        del session, frame
        self._send(reply.PINGRESP)

    def _disconnect(self, session: Session, frame: mqtt.Frame) -> None:
        del session, frame
        self.end(Ending.NORMAL)

    def _wait_for(self, waiting: Coroutine[None, None, None]) -> None:
        """Take no further packet before something is done."""
        self._task = asyncio.ensure_future(waiting)
        self._task.add_done_callback(self._go_on)
        self._transport.pause_reading()

    def _go_on(self, task: asyncio.Future[None]) -> None:
        self._task = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.end(error.ending if isinstance(error, EndError) else Ending.UNAVAILABLE)
        if self.is_open:
            self._transport.resume_reading()
            self._work()

    def _send(self, data: bytes) -> None:
        """Write data together with all else that is sent before the loop turns to other things."""
        if not self.is_open:
            return
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(data)
        self._unsent_bytes += len(data)
        self._counts[2] += len(data)

    def _flush(self) -> None:
        if self._unsent and not self._transport.is_closing():
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
        self._unsent_bytes = 0


_TAKERS: dict[int, Callable[[Connection, Session, mqtt.Frame], None]] = {
    mqtt.PUBLISH: Connection._publish,  # noqa: SLF001 - the class's own table
    mqtt.PUBACK: Connection._acknowledge,  # noqa: SLF001
    mqtt.PUBREL: Connection._release,  # noqa: SLF001
    mqtt.SUBSCRIBE: Connection._subscribe,  # noqa: SLF001
    mqtt.UNSUBSCRIBE: Connection._unsubscribe,  # noqa: SLF001
    mqtt.PINGREQ: Connection._ping,  # noqa: SLF001
    mqtt.DISCONNECT: Connection._disconnect,  # noqa: SLF001
}
