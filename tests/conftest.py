"""Give every test an emulated org of its own, over real HTTP where it asks for it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import HealthCheck, settings

from fleetsync.emulator.running import LOOPBACK, Emulator, Place, run_emulator
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# How long a draw takes tells how busy the machine is, nothing else. CI tests what is committed by
# the same draws each time; new draws are for those who can look at what they find.
settings.register_profile(
    "fleetsync",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
)
settings.load_profile("fleetsync")


WISHES = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "LESS")
"""What whoever runs the tests, or a runner of theirs, wishes for how text is shown."""


@pytest.fixture(scope="session", autouse=True)
def no_wishes() -> None:
    """Show text to tests as it is shown to somebody without wishes."""
    for name in WISHES:
        os.environ.pop(name, None)


class StartEmulator(Protocol):
    """Start one more emulator, which lasts as long as the test."""

    def __call__(
        self,
        switches: Switches | None = None,
        *,
        org: str = "embedded",
        accounts: Mapping[str, str] | None = None,
        place: Place = LOOPBACK,
    ) -> Emulator: ...


@pytest.fixture
def switches(request: pytest.FixtureRequest) -> Switches:
    """Set the switches of ``org_state`` and ``emulator`` by indirect parametrisation."""
    return getattr(request, "param", Switches())


@pytest.fixture
def org_state(switches: Switches) -> Iterator[OrgState]:
    """An empty org in memory."""
    with OrgState.open(None, switches=switches) as state:
        yield state


@pytest.fixture
def emulator(org_state: OrgState) -> Iterator[Emulator]:
    """``org_state`` over real HTTP; any credentials are accepted."""
    with run_emulator(org_state) as running:
        yield running


@pytest.fixture
def start_emulator() -> Iterator[StartEmulator]:
    """A factory for emulators with other switches or accounts."""
    with ExitStack() as stack:

        def start(
            switches: Switches | None = None,
            *,
            org: str = "embedded",
            accounts: Mapping[str, str] | None = None,
            place: Place = LOOPBACK,
        ) -> Emulator:
            state = stack.enter_context(OrgState.open(None, org=org, switches=switches))
            return stack.enter_context(run_emulator(state, place, accounts=accounts))

        yield start
