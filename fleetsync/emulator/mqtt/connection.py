"""Talk with one client: its login, then its packets one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.faults import NO_FAULTS
from fleetsync.emulator.mqtt import packet, reply
from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.identity import read_client_id
from fleetsync.emulator.mqtt.inbox import Inbox
from fleetsync.emulator.mqtt.status import Link, Traffic
from fleetsync.emulator.stamp import now_stamp

if TYPE_CHECKING:
    from fleetsync.emulator.mqtt.broker import Broker
    from fleetsync.emulator.mqtt.session import Session
    from fleetsync.emulator.mqtt.wire import Wire
    from fleetsync.emulator.state import OrgState

_MOST_UNSENT = 16 * 1024 * 1024
"""Bytes that wait for a slow client, beyond which messages at QoS 0 are lost."""

_GRACE = 1.5  # of the keep-alive time, as MQTT has it


class Port(NamedTuple):
    """What all connections of a port have in common."""

    state: OrgState
    broker: Broker
    number: int
    is_secure: bool


class Connection:
    """A client and what it is doing; ``session`` is there once it is let in."""

    def __init__(self, port: Port, wire: Wire) -> None:
        self._port = port
        self._broker = port.broker
        self._wire = wire
        self._inbox = Inbox(wire, port.broker.publisher, port.state)
        self._link: Link | None = None
        self._session: Session | None = None
        self._will: packet.Publish | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the connection has not ended."""
        return self._wire.is_open

    @property
    def traffic(self) -> Traffic:
        """Return what went over the connection."""
        return self._wire.traffic

    def take(self, frame: packet.Frame) -> None:
        """Deal with a packet; EndError ends the connection."""
        if self._session is not None:
            self._take(self._session, frame)
        elif frame.type == packet.CONNECT and self._link is None:
            self._connect(packet.read_connect(frame))
        else:
            raise EndError(Ending.BAD_DATA)

    def welcome(self, session: Session, *, is_present: bool) -> None:
        """Tell the client that it is in."""
        self._session = session
        self._wire.send(reply.write_connack(reply.ACCEPTED, is_present=is_present))

    def send_message(self, data: bytes, *, may_be_lost: bool) -> None:
        """Send a message, unless it may be lost and too much is unsent."""
        if may_be_lost and (self._wire.unsent > _MOST_UNSENT or self._is_struck("mqtt_lost")):
            return
        self._wire.messages_written += 1
        self._wire.send(data)

    def end(self, ending: Ending) -> None:
        """End the connection."""
        self._wire.end(ending)

    def ended(self, ending: Ending) -> None:
        """Let the broker know that the connection has ended."""
        if self._link is None:
            return
        self._broker.leave(self, self._link, self._session, ending)
        if self._will is not None and self._session is not None and ending is not Ending.NORMAL:
            self._broker.publisher.publish_will(self._link.identity, self._will)

    def _connect(self, connect: packet.Connect) -> None:
        if not connect.level:
            self._wire.send(reply.write_connack(reply.BAD_PROTOCOL))
            raise EndError(Ending.BAD_DATA)
        identity = read_client_id(connect.client_id)
        if identity is None:
            self._wire.send(reply.write_connack(reply.NOT_AUTHORIZED))
            raise EndError(Ending.BAD_CLIENT_ID)
        _, _, number, is_secure = self._port
        level, user = connect.level, connect.user
        self._link = Link(identity, self._wire.address, number, is_secure, level, user, now_stamp())
        if self._is_struck("mqtt_refused"):
            self._wire.send(reply.write_connack(reply.UNAVAILABLE))
            raise EndError(Ending.UNAVAILABLE)
        self._wire.patience = _GRACE * connect.keep_alive
        self._will = connect.will
        self._wire.wait_for(self._log_in(self._link, connect))

    async def _log_in(self, link: Link, connect: packet.Connect) -> None:
        try:
            await self._broker.log_in(self, link, connect)
        except EndError:
            self._wire.send(reply.write_connack(reply.NOT_AUTHORIZED))
            raise
        except Exception:
            self._wire.send(reply.write_connack(reply.UNAVAILABLE))
            raise

    def _take(self, session: Session, frame: packet.Frame) -> None:
        if self._is_struck("mqtt_cut"):
            raise EndError(Ending.BY_SERVER)
        match frame.type:
            case packet.PUBLISH:
                self._inbox.take(session.identity, frame)
            case packet.PUBREL:
                self._inbox.release(frame)
            case packet.PUBACK:
                session.acknowledge(packet.read_packet_id(frame))
            case packet.SUBSCRIBE:
                self._subscribe(session, frame)
            case packet.UNSUBSCRIBE:
                self._unsubscribe(session, frame)
            case packet.PINGREQ:
                self._wire.send(reply.PINGRESP)
            case packet.DISCONNECT:
                self.end(Ending.NORMAL)
            case _:
                raise EndError(Ending.BAD_DATA)

    def _subscribe(self, session: Session, frame: packet.Frame) -> None:
        packet_id, filters = packet.read_subscribe(frame)
        exchange = self._broker.exchange
        codes = [exchange.subscribe(session, text, qos) for text, qos in filters]
        self._wire.send(reply.write_suback(packet_id, codes))
        for (text, _), code in zip(filters, codes, strict=True):
            if code != reply.REFUSED_FILTER:
                exchange.send_retained(session, text)

    def _unsubscribe(self, session: Session, frame: packet.Frame) -> None:
        packet_id, filters = packet.read_unsubscribe(frame)
        for text in filters:
            self._broker.exchange.unsubscribe(session, text)
        self._wire.send(reply.write_unsuback(packet_id))

    def _is_struck(self, fault: str) -> bool:
        state, link = self._port.state, self._link
        if state.faults is NO_FAULTS or link is None:
            return False
        return state.mishaps.strikes_client(state.faults, fault, link.identity.client_id)
