"""Bring each message to those who subscribed to it, and keep the last status of each client."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Protocol

from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.filter_tree import FilterTree, Group, fits
from fleetsync.emulator.mqtt.identity import Identity, Role
from fleetsync.emulator.mqtt.reply import REFUSED_FILTER
from fleetsync.emulator.mqtt.topic import read_filter

if TYPE_CHECKING:
    from fleetsync.emulator.mqtt.identity import Device
    from fleetsync.emulator.mqtt.session import Message, Session

MOST_FILTERS = {Role.DEVICE: 50, Role.GATEWAY: 50, Role.APPLICATION: 500}
"""How many subscriptions a client may have (platform page 8; of gateways it says nothing)."""

_BEST_QOS = 1


class Recipient(Protocol):
    """Somebody who has subscribed."""

    @property
    def identity(self) -> Identity:
        """Return who it is."""

    @property
    def is_ready(self) -> bool:
        """Tell whether it could be sent something at once."""

    def deliver(self, message: Message, qos: int, *, retained: bool = False) -> None:
        """Take a message."""


class Exchange:
    """Who subscribed to what, and the retained status messages by their topics."""

    def __init__(self) -> None:
        self._tree: FilterTree[Recipient] = FilterTree()
        self._retained: dict[str, Message] = {}
        self._turn = count()

    def route(self, message: Message, gateway: Device | None = None) -> None:
        """Send a message; ``gateway`` is the one that the device in its topic is behind."""
        for group in self._tree.find(message.topic):
            recipient, qos = group[0] if len(group) == 1 else self._next_of(group)
            identity = recipient.identity
            if identity.role is Role.GATEWAY and identity.device not in {message.device, gateway}:
                continue
            recipient.deliver(message, qos)

    def retain(self, message: Message) -> None:
        """Send a status message, and keep it for those who subscribe later."""
        self._retained[message.topic] = message
        self.route(message)

    def forget(self, topic: str) -> None:
        """Keep no status message of a topic any longer."""
        self._retained.pop(topic, None)

    def listen(self, text: str, recipient: Recipient) -> None:
        """Let somebody hear what goes to a topic; the filter is one as applications have it."""
        self._tree.add(text, f"listener {id(recipient)}", recipient, 0)

    def unlisten(self, text: str, recipient: Recipient) -> None:
        """End that."""
        self._tree.remove(text, f"listener {id(recipient)}", recipient)

    def subscribe(self, session: Session, text: str, qos: int) -> int:
        """Subscribe a client to a filter as it writes it; return the QoS, or the code of refusal.

        EndError if the filter is none that a client of its kind may have, or one too many.
        """
        inner = read_filter(session.identity, text)
        if inner is None:
            return REFUSED_FILTER
        if text not in session.filters:
            if len(session.filters) >= MOST_FILTERS[session.identity.role]:
                raise EndError(Ending.TOO_MANY_SUBSCRIPTIONS)
            session.filters[text] = inner
        granted = min(qos, _BEST_QOS)
        self._tree.add(inner, session.group, session, granted)
        return granted

    def send_retained(self, session: Session, text: str) -> None:
        """Send to a new subscriber what is retained."""
        inner = session.filters[text]
        if "+" not in inner:
            found = [self._retained[inner]] if inner in self._retained else []
        else:
            found = [each for topic, each in self._retained.items() if fits(topic, inner)]
        for message in found:
            session.deliver(message, 0, retained=True)

    def unsubscribe(self, session: Session, text: str) -> None:
        """End a subscription; one that is not there is ignored."""
        inner = session.filters.pop(text, None)
        if inner is not None:
            self._tree.remove(inner, session.group, session)

    def drop(self, session: Session) -> None:
        """End all subscriptions of a session."""
        for text in list(session.filters):
            self.unsubscribe(session, text)

    def _next_of(self, group: Group[Recipient]) -> tuple[Recipient, int]:
        """Return whose turn it is among those who share: of those who are there, if any is."""
        ready = [each for each in group if each[0].is_ready] or group
        return ready[next(self._turn) % len(ready)]
