"""A list that the org tells wrongly is never taken for the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetsync.api.connection import Connection
from fleetsync.api.retry import RetryPolicy
from fleetsync.client import ApiError, ApplicationClient
from fleetsync.emulator.app import make_app
from fleetsync.emulator.faults import Faults
from fleetsync.emulator.inprocess import InProcessAdapter
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches
from fleetsync.model.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

IDS = [f"p-{number:02}" for number in range(12)]
FAULTS = (
    "list_loses_rows",
    "list_repeats_rows",
    "list_out_of_order",
    "list_empty_page",
    "list_repeats_bookmark",
    "list_wrong_total",
)


@pytest.fixture(scope="module")
def org() -> Iterator[OrgState]:
    """An org of twelve devices that gives five a page."""
    with OrgState.open(None, switches=Switches(page_cap=5)) as state:
        with open_client(state) as client:
            client.types.add_device_type("pump")
            client.bulk.add_multiple_devices([{"typeId": "pump", "deviceId": each} for each in IDS])
        yield state


def open_client(state: OrgState) -> ApplicationClient:
    connection = Connection(
        base_url="http://localhost",
        credentials=Credentials("a-embedded-key", "token"),
        calls_per_second=100_000,
        retry=RetryPolicy(budget=0.0, first_contact=0.0),
        adapter=InProcessAdapter(make_app(state)),
    )
    return ApplicationClient(connection)


@given(faults=st.sets(st.sampled_from(FAULTS), min_size=1, max_size=3), seed=st.integers(0, 10_000))
def test_a_list_is_whole_or_raises(org: OrgState, faults: set[str], seed: int) -> None:
    rates: dict[str, Any] = dict.fromkeys(faults, 0.4)
    org.faults = Faults(**rates, fault_seed=seed)
    found: list[str] = []
    try:
        for each in open_client(org).devices.get_all_devices({"typeId": "pump"}):
            found.append(each["deviceId"])  # noqa: PERF401 - what came before a refusal counts
    except ApiError:
        assert len(found) == len(set(found))
    else:
        assert found == IDS
