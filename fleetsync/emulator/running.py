"""Join an org, its application and a server into one emulator on a port."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.app import make_app
from fleetsync.emulator.messaging import answer_messaging
from fleetsync.emulator.mqtt.server import MqttServer
from fleetsync.emulator.server import DEFAULT_HOST, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleetsync.emulator.authority import Authority
    from fleetsync.emulator.state import OrgState


class Emulator(NamedTuple):
    """An emulator that answers: what it holds, and where; without MQTT its port is 0."""

    state: OrgState
    url: str
    mqtt_port: int = 0


class Place(NamedTuple):
    """Where an emulator listens; port 0 takes a free one.

    With ``mqtt_port`` it speaks MQTT too; with ``authority``, whose certificate must name the host,
    nothing but TLS.
    """

    host: str = DEFAULT_HOST
    port: int = 0
    mqtt_port: int | None = None
    authority: Authority | None = None


LOOPBACK = Place()


@contextmanager
def run_emulator(
    state: OrgState, place: Place = LOOPBACK, *, accounts: Mapping[str, str] | None = None
) -> Iterator[Emulator]:
    """Serve an org until the block ends; the state stays open.

    ``accounts`` maps API keys to tokens, None takes any. Raises EmulatorError if an address cannot
    be had.
    """
    host, port, mqtt_port, authority = place
    with ExitStack() as stack:
        mqtt = messaging = None
        if mqtt_port is not None:
            tls = authority.server_context() if authority else None
            mqtt = MqttServer(state, host, mqtt_port, accounts=accounts, tls=tls)
            stack.enter_context(mqtt)
            messaging = partial(answer_messaging, state, accounts, mqtt)
        app = make_app(state, accounts, messaging)
        with authority.server_pem() if authority else nullcontext() as pem:
            server = Server(app, host, port, certificate=pem, private_key=pem)
        stack.enter_context(server)
        yield Emulator(state, server.url, mqtt.port if mqtt else 0)
