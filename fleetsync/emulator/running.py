"""Join an org, its application and a server into one emulator on a port."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.app import make_app
from fleetsync.emulator.server import DEFAULT_HOST, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleetsync.emulator.state import OrgState


class Emulator(NamedTuple):
    """An emulator that answers: what it holds, and where."""

    state: OrgState
    url: str


@contextmanager
def run_emulator(
    state: OrgState,
    *,
    host: str = DEFAULT_HOST,
    port: int = 0,
    accounts: Mapping[str, str] | None = None,
) -> Iterator[Emulator]:
    """Serve an org until the block ends; the state stays open.

    Raises EmulatorError if the address cannot be had.
    """
    with Server(make_app(state, accounts), host, port) as server:
        yield Emulator(state, server.url)
