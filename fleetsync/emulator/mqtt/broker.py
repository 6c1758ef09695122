"""Let clients in and out, and tell others of it."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Protocol

from fleetsync.emulator.mqtt import login, status
from fleetsync.emulator.mqtt.ending import EndError, Ending
from fleetsync.emulator.mqtt.exchange import Exchange
from fleetsync.emulator.mqtt.identity import Identity, Role
from fleetsync.emulator.mqtt.publisher import Publisher
from fleetsync.emulator.mqtt.session import Message, Outlet, Session
from fleetsync.emulator.mqtt.topic import device_status_topic, status_topic
from fleetsync.emulator.stamp import now_stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.mqtt.clerk import Clerk
    from fleetsync.emulator.mqtt.identity import Device
    from fleetsync.emulator.mqtt.login import Login
    from fleetsync.emulator.mqtt.packet import Connect
    from fleetsync.emulator.mqtt.status import Link, Traffic


class Client(Outlet, Protocol):
    """A connection as the broker sees it."""

    @property
    def is_open(self) -> bool:
        """Tell whether it has not ended."""

    @property
    def traffic(self) -> Traffic:
        """Return what went over it."""

    def welcome(self, session: Session, *, is_present: bool) -> None:
        """Tell the client that it is in."""

    def end(self, ending: Ending) -> None:
        """End the connection; the broker is told by ``leave``."""


class Broker:
    """The sessions of all clients, and the connections of devices."""

    def __init__(self, org: str, clerk: Clerk, accounts: Mapping[str, str] | None) -> None:
        self.exchange = Exchange()
        self.publisher = Publisher(self.exchange, clerk)
        self._org = org
        self._clerk = clerk
        self._accounts = accounts
        self._sessions: dict[str, Session] = {}
        self._clients: dict[Device, set[Client]] = defaultdict(set)
        self._serial = count()

    async def log_in(self, client: Client, link: Link, connect: Connect) -> None:
        """Let a client in, if it is still there; EndError if it may not."""
        if link.identity.role is not Role.APPLICATION:
            self._clients[link.identity.device].add(client)
        answer = await self._judge(link, connect.password)
        if not client.is_open:
            return
        if not answer.is_right:
            if answer.is_registered:
                self._tell(status.FAILED, link, client.traffic, Ending.NOT_AUTHORIZED)
            raise EndError(Ending.NOT_AUTHORIZED)
        session, is_present = self._open_session(link.identity, is_clean=connect.is_clean)
        client.welcome(session, is_present=is_present)
        session.attach(client)
        self._tell(status.CONNECT, link, client.traffic)

    def leave(self, client: Client, link: Link, session: Session | None, ending: Ending) -> None:
        """Note that a connection has ended; ``session`` is there if it was let in."""
        there = self._clients.get(link.identity.device, set())
        there.discard(client)
        if not there:
            self._clients.pop(link.identity.device, None)
        if session is None:
            return
        session.detach()
        if not session.is_durable:
            self._close_session(session)
        self._tell(status.DISCONNECT, link, client.traffic, ending)
        if link.identity.role is not Role.APPLICATION:
            self._clerk.ask(partial(login.note_end, link=link, ending=ending))

    def forget_devices(self, devices: list[Device]) -> None:
        """Cut off devices that were removed, and leave nothing of them (Q21, Q26)."""
        for device in devices:
            self.publisher.forget(device)
            for client in list(self._clients.pop(device, ())):
                client.end(Ending.BY_ADMINISTRATOR)
            for role in (Role.DEVICE, Role.GATEWAY):
                session = self._sessions.get(f"{role.value}:{self._org}:{device[0]}:{device[1]}")
                if session is not None:
                    self._close_session(session)
            self.exchange.forget(device_status_topic(device))

    def sweep(self) -> None:
        """Close the sessions that were left for too long."""
        for session in [each for each in self._sessions.values() if each.is_over]:
            self._close_session(session)

    async def _judge(self, link: Link, token: str) -> Login:
        identity = link.identity
        if identity.org != self._org:
            return login.Login(False)
        if identity.role is Role.APPLICATION:
            return login.check_application(link.user, token, self._accounts)
        return await self._clerk.ask(partial(login.check_device, link=link, token=token))

    def _open_session(self, identity: Identity, *, is_clean: bool) -> tuple[Session, bool]:
        """Return the session of a client, and whether it goes on with an old one."""
        key = (
            identity.client_id if identity.is_one else f"{identity.client_id}#{next(self._serial)}"
        )
        old = self._sessions.get(key)
        if old is not None and old.outlet is not None:
            old.outlet.end(Ending.REUSED)
            old = self._sessions.get(key)
        if old is not None and not is_clean and not old.is_over:
            return old, True
        if old is not None:
            self._close_session(old)
        is_durable = identity.is_one and not is_clean
        session = Session(identity, key, identity.share or key, is_durable=is_durable)
        self._sessions[key] = session
        return session, False

    def _close_session(self, session: Session) -> None:
        self.exchange.drop(session)
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]

    def _tell(
        self, action: str, link: Link, traffic: Traffic, ending: Ending = Ending.NORMAL
    ) -> None:
        """Send a status message; which are retained stands on platform page 9.3."""
        identity = link.identity
        topic = status_topic(identity)
        text = status.status_message(action, link, now=now_stamp(), traffic=traffic, ending=ending)
        message = Message(topic, text, 0, identity.device)
        is_app = identity.role is Role.APPLICATION
        if is_app and action == status.DISCONNECT:
            self.exchange.forget(topic)
        if action == status.FAILED or (is_app and action == status.DISCONNECT):
            self.exchange.route(message)
        else:
            self.exchange.retain(message)
