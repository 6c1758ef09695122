"""An application of an emulated org, over real HTTP."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from fleetsync.api.connection import Connection
from fleetsync.api.retry import RetryPolicy
from fleetsync.client import ApplicationClient
from fleetsync.model.credentials import Credentials
from tests.api.hostile import HostileServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.emulator.running import Emulator
    from tests.api.hostile import Script

KEY, TOKEN = "a-abc123-k0dl0vqqrk", "t0ken-of-the-key!"
GIVE_UP = RetryPolicy(budget=0.0, first_contact=0.0)


class Open(Protocol):
    """Open a client for as long as the test lasts."""

    def __call__(self, url: str) -> ApplicationClient: ...


class Serve(Protocol):
    """Start a server that answers as the script says, for as long as the test lasts."""

    def __call__(self, script: Script, context: Any = None) -> HostileServer: ...


@pytest.fixture
def open_client() -> Iterator[Open]:
    with ExitStack() as stack:

        def begin(url: str) -> ApplicationClient:
            connection = Connection(
                base_url=url,
                credentials=Credentials(KEY, TOKEN),
                calls_per_second=10_000,
                retry=GIVE_UP,
            )
            return stack.enter_context(ApplicationClient(connection))

        yield begin


@pytest.fixture
def client(emulator: Emulator, open_client: Open) -> ApplicationClient:
    return open_client(emulator.url)


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def begin(script: Script, context: Any = None) -> HostileServer:
            return stack.enter_context(HostileServer(script, context))

        yield begin
