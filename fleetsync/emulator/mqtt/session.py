"""Hold what the broker owes to a client: its subscriptions, and messages at QoS 1."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fleetsync.emulator.mqtt.identity import Identity, Role
from fleetsync.emulator.mqtt.reply import write_publish
from fleetsync.emulator.mqtt.topic import seen_topic

if TYPE_CHECKING:
    from fleetsync.emulator.mqtt.ending import Ending
    from fleetsync.emulator.mqtt.identity import Device

KEPT_SECONDS = 48 * 3600.0
"""How long a durable session and its messages outlast the connection (platform page 8)."""

KEPT_COMMANDS = 50
"""How many commands are kept for a device; the oldest go first (platform page 8)."""

KEPT_MESSAGES = 10_000
"""How many messages are kept for an application; no source, this protects the emulator."""

WINDOWS = {Role.DEVICE: 10, Role.GATEWAY: 1000, Role.APPLICATION: 2000}
"""How many messages may be unacknowledged (platform page 8)."""

_LAST_PACKET_ID = 65_535


class Message(NamedTuple):
    """A message on its way; ``topic`` is as applications see it."""

    topic: str
    payload: bytes
    qos: int
    device: Device = ("", "")


class Outlet(Protocol):
    """A connection as a session sees it."""

    def end(self, ending: Ending) -> None:
        """End the connection."""

    def send_message(self, packet: bytes, *, may_be_lost: bool) -> None:
        """Send a message; one that may be lost is, while the client does not keep up."""


class _Kept(NamedTuple):
    message: Message
    since: float


class Session:
    """A client's session; ``outlet`` is its connection while it has one.

    ``key`` names it among all sessions, ``group`` those with whom it shares what it subscribes to;
    ``filters`` are those that the client wrote, each with the one of topics as applications see it.
    """

    def __init__(self, identity: Identity, key: str, group: str, *, is_durable: bool) -> None:
        self.identity = identity
        self.key = key
        self.group = group
        self.is_durable = is_durable
        self.outlet: Outlet | None = None
        self.filters: dict[str, str] = {}
        self.left_at = 0.0
        most = KEPT_MESSAGES if identity.role is Role.APPLICATION else KEPT_COMMANDS
        self._waiting: deque[_Kept] = deque(maxlen=most)
        self._unanswered: dict[int, _Kept] = {}
        self._window = WINDOWS[identity.role]
        self._last_id = 0

    @property
    def is_ready(self) -> bool:
        """Tell whether it has a connection."""
        return self.outlet is not None

    @property
    def is_over(self) -> bool:
        """Tell whether a session without a connection was left for too long."""
        return self.outlet is None and time.monotonic() - self.left_at > KEPT_SECONDS

    def deliver(self, message: Message, qos: int, *, retained: bool = False) -> None:
        """Send a message, or keep it until it can be sent and is answered."""
        if min(message.qos, qos) == 0:
            if self.outlet is not None:
                packet = write_publish(self._topic(message), message.payload, retained=retained)
                self.outlet.send_message(packet, may_be_lost=True)
        elif self.outlet is not None or self.is_durable:
            self._waiting.append(_Kept(message, time.monotonic()))
            self._send_waiting()

    def attach(self, outlet: Outlet) -> None:
        """Go on with a new connection: what was not answered is sent again, then what waits."""
        self.outlet = outlet
        oldest = time.monotonic() - KEPT_SECONDS
        for packet_id, kept in list(self._unanswered.items()):
            if kept.since < oldest:
                del self._unanswered[packet_id]
            else:
                self._send(packet_id, kept.message, again=True)
        while self._waiting and self._waiting[0].since < oldest:
            self._waiting.popleft()
        self._send_waiting()

    def detach(self) -> None:
        """Go on without a connection."""
        self.outlet = None
        self.left_at = time.monotonic()

    def acknowledge(self, packet_id: int) -> None:
        """Forget a message that the client has; an id that is unknown is ignored."""
        self._unanswered.pop(packet_id, None)
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and self.outlet is not None and len(self._unanswered) < self._window:
            kept = self._waiting.popleft()
            packet_id = self._next_id()
            self._unanswered[packet_id] = kept
            self._send(packet_id, kept.message)

    def _send(self, packet_id: int, message: Message, *, again: bool = False) -> None:
        packet = write_publish(
            self._topic(message), message.payload, packet_id=packet_id, again=again
        )
        if self.outlet is not None:
            self.outlet.send_message(packet, may_be_lost=False)

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % _LAST_PACKET_ID + 1
            if self._last_id not in self._unanswered:
                return self._last_id

    def _topic(self, message: Message) -> bytes:
        return seen_topic(self.identity, message.topic).encode("utf-8")
