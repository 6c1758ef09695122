"""Connections to servers that lie, and to the emulated org."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from fleetsync.api.connection import Connection
from fleetsync.api.retry import RetryPolicy
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.model.credentials import Credentials
from tests.api.hostile import HostileServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from fleetsync.emulator.running import Emulator
    from tests.api.hostile import Script

CREDENTIALS = Credentials("a-abc123-k0dl0vqqrk", "t0ken-of-the-key!")
HASTY = RetryPolicy(budget=0.5, first_contact=0.5, first_delay=0.01, longest_delay=0.05)
GIVE_UP = RetryPolicy(budget=0.0, first_contact=0.0)


class StartServer(Protocol):
    """Start a server that answers as the script says, for as long as the test lasts."""

    def __call__(self, script: Script, context: ssl.SSLContext | None = None) -> HostileServer: ...


class Connect(Protocol):
    """Open a transport to a base URL, for as long as the test lasts."""

    def __call__(
        self, url: str, retry: RetryPolicy = ..., read_timeout: float = ...
    ) -> Transport: ...


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    with ExitStack() as stack:

        def start(script: Script, context: ssl.SSLContext | None = None) -> HostileServer:
            return stack.enter_context(HostileServer(script, context))

        yield start


@pytest.fixture
def notices() -> list[str]:
    """What transports of ``connect`` have told the user."""
    return []


@pytest.fixture
def connect(notices: list[str]) -> Iterator[Connect]:
    with ExitStack() as stack:

        def open_transport(
            url: str, retry: RetryPolicy = GIVE_UP, read_timeout: float = 10
        ) -> Transport:
            connection = Connection(
                base_url=url,
                credentials=CREDENTIALS,
                calls_per_second=10_000,
                retry=retry,
                read_timeout=read_timeout,
            )
            return stack.enter_context(Transport(connection, notify=notices.append))

        yield open_transport


@pytest.fixture
def writer(emulator: Emulator, connect: Connect) -> RegistryWriter:
    """The registry of the emulated org, over real HTTP."""
    return RegistryWriter(connect(emulator.url), settle_seconds=0)
