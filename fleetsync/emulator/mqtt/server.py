"""Serve MQTT on a port, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from fleetsync.emulator.errors import EmulatorError
from fleetsync.emulator.mqtt.broker import Broker
from fleetsync.emulator.mqtt.clerk import Clerk
from fleetsync.emulator.mqtt.connection import Connection, Port
from fleetsync.emulator.mqtt.ending import Ending
from fleetsync.emulator.mqtt.wire import Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine, Mapping
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Any

    from fleetsync.emulator.state import OrgState

_BACKLOG = 1024
_SWEEP_SECONDS = 1.0
_FAREWELL_SECONDS = 1.0


class MqttServer:
    """A broker on a port; use it as a context manager. Port 0 takes a free one.

    ``accounts`` maps API keys to tokens, None takes any. With ``tls`` it speaks TLS.
    """

    def __init__(
        self,
        state: OrgState,
        host: str,
        port: int,
        *,
        accounts: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port
        self._state = state
        self._host = host
        self._accounts = accounts
        self._tls = tls
        self._thread = threading.Thread(target=self._run, name="fleetsync-mqtt")
        self._begun: SimpleQueue[OSError | None] = SimpleQueue()

    def __enter__(self) -> MqttServer:
        """Listen and serve in the background; EmulatorError if the address cannot be had."""
        self._thread.start()
        error = self._begun.get()
        if error is not None:
            self._thread.join()
            raise EmulatorError(
                f"{self._host}:{self.port}: the emulator cannot listen there for MQTT: {error}; "
                "use another --host or --mqtt (0 takes a free port)"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell the clients, and stop; no thread, task or socket is left."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    @property
    def broker(self) -> Broker:
        """Return the broker; it must be used by what ``run`` runs alone."""
        return self._broker

    def run(self, job: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Run a job in the broker's thread, from any other."""
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        clerk = Clerk(self._state)
        self._broker = Broker(self._state.org, clerk, self._accounts)
        connections: set[Wire] = set()

        def connect() -> Wire:
            port = Port(self._state, self._broker, self.port, self._tls is not None)
            return Wire(connections, partial(Connection, port))

        try:
            server = await self._loop.create_server(
                connect, self._host, self.port, ssl=self._tls, backlog=_BACKLOG
            )
        except OSError as error:
            await clerk.close()
            self._begun.put(error)
            return
        self.port = server.sockets[0].getsockname()[1]
        self._state.removal_watchers.append(self._forget)
        self._begun.put(None)
        await self._sweep(connections)
        self._state.removal_watchers.remove(self._forget)
        server.close()
        await _say_farewell(connections)
        # A client in the midst of TLS's handshake is cut off with all else that is left; asyncio
        # waits for it, and would tell of it as an error.
        self._loop.set_exception_handler(lambda _, __: None)
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), _FAREWELL_SECONDS)
        await clerk.close()

    async def _sweep(self, connections: set[Wire]) -> None:
        """Look after idle connections and old sessions until the end."""
        while not self._stopping.is_set():
            try:
                await asyncio.wait_for(self._stopping.wait(), _SWEEP_SECONDS)
            except TimeoutError:
                now = self._loop.time()
                for wire in [each for each in connections if each.is_impatient(now)]:
                    wire.end(Ending.KEEP_ALIVE)
                self._broker.sweep()

    def _forget(self, devices: list[tuple[str, str]]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._broker.forget_devices, devices)


async def _say_farewell(connections: set[Wire]) -> None:
    for wire in list(connections):
        wire.end(Ending.SHUTDOWN)
    deadline = asyncio.get_running_loop().time() + _FAREWELL_SECONDS
    while connections and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.01)
    for wire in list(connections):
        wire.abort()
    while connections:
        await asyncio.sleep(0)
