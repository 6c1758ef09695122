"""Lists that lie: each fault of a listing, seen by a client that pages through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.faults import Faults
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller

ALL = ["p-1", "p-2", "p-3", "p-4", "p-5"]
LISTS = ["/bulk/devices", "/device/types/pump/devices"]


@pytest.fixture
def pumps(door: Caller) -> Caller:
    """Five devices of one type."""
    door.add_type("pump")
    for device_id in ALL:
        door.add_device("pump", device_id)
    return door


def page(call: Caller, path: str, bookmark: str | None = None) -> dict[str, Any]:
    """Ask for a page of two."""
    more = {} if bookmark is None else {"_bookmark": bookmark}
    status, body = call("GET", path, params={"_limit": "2", **more})
    assert status == 200
    assert isinstance(body, dict)
    return body


def pages(call: Caller, path: str) -> list[list[str]]:
    """Follow the bookmarks, ten times at most, and return the ids of each page."""
    told = [page(call, path)]
    while len(told) < 10 and "bookmark" in told[-1]:
        told.append(page(call, path, told[-1]["bookmark"]))
    return [[row["deviceId"] for row in each["results"]] for each in told]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_loses_rows_and_the_total_stays(
    pumps: Caller, org_state: OrgState, path: str
) -> None:
    org_state.faults = Faults(list_loses_rows=1.0, faults_after=1, faults_first=1)
    first, second, third = pages(pumps, path)
    assert (first, third) == (["p-1", "p-2"], ["p-5"])
    assert len(second) < 2
    assert set(second) < {"p-3", "p-4"}
    assert page(pumps, path)["meta"] == {"total_rows": 5}
    assert [(entry.number, entry.fault) for entry in org_state.fault_log] == [(2, "listLosesRows")]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_repeats_a_row(pumps: Caller, org_state: OrgState, path: str) -> None:
    org_state.faults = Faults(list_repeats_rows=1.0, faults_first=1)
    first, second, third = pages(pumps, path)
    assert len(first) == 3
    assert set(first) == {"p-1", "p-2"}
    assert (second, third) == (["p-3", "p-4"], ["p-5"])


@pytest.mark.parametrize("path", LISTS)
def test_rows_come_out_of_order(pumps: Caller, org_state: OrgState, path: str) -> None:
    org_state.faults = Faults(list_out_of_order=1.0)
    assert pages(pumps, path) == [["p-2", "p-1"], ["p-4", "p-3"], ["p-5"]]
    assert [entry.number for entry in org_state.fault_log] == [1, 2]


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_page_with_a_bookmark_comes_between(
    pumps: Caller, org_state: OrgState, path: str
) -> None:
    org_state.faults = Faults(list_empty_page=1.0, faults_first=1)
    assert pages(pumps, path) == [[], ["p-1", "p-2"], ["p-3", "p-4"], ["p-5"]]
    org_state.faults = Faults(list_empty_page=1.0, faults_after=2, faults_first=1)
    assert pages(pumps, path) == [["p-1", "p-2"], ["p-3", "p-4"], [], ["p-5"]]


@pytest.mark.parametrize("path", LISTS)
def test_a_bookmark_leads_to_the_same_page(pumps: Caller, org_state: OrgState, path: str) -> None:
    org_state.faults = Faults(list_repeats_bookmark=1.0, faults_after=1, faults_first=1)
    assert pages(pumps, path) == [["p-1", "p-2"], ["p-3", "p-4"], ["p-3", "p-4"], ["p-5"]]
    org_state.faults = Faults(list_repeats_bookmark=1.0)
    assert pages(pumps, path) == [["p-1", "p-2"]] * 10
    bookmark = page(pumps, path)["bookmark"]
    assert page(pumps, path, bookmark)["bookmark"] == bookmark


def test_its_bookmarks_are_good_after_the_faults_are_gone(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(list_empty_page=1.0)
    bookmark = page(pumps, "/bulk/devices")["bookmark"]
    org_state.faults = Faults()
    rows = page(pumps, "/bulk/devices", bookmark)["results"]
    assert [row["deviceId"] for row in rows] == ["p-1", "p-2"]


@pytest.mark.parametrize("path", LISTS)
def test_the_total_is_wrong(pumps: Caller, org_state: OrgState, path: str) -> None:
    totals = set()
    for seed in range(30):
        org_state.faults = Faults(list_wrong_total=1.0, fault_seed=seed)
        totals.add(page(pumps, path)["meta"]["total_rows"])
    assert totals == {2, 3, 4, 6, 7, 8}


@pytest.mark.parametrize("switches", [Switches(total_rows="absent")], indirect=True)
def test_a_total_that_is_not_told_cannot_be_wrong(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(list_wrong_total=1.0)
    assert page(pumps, "/bulk/devices")["meta"] == {}
    assert org_state.fault_log == []


def test_lists_of_types_lie_too(door: Caller, org_state: OrgState) -> None:
    for type_id in ("fan", "pump"):
        door.add_type(type_id)
    org_state.faults = Faults(list_out_of_order=1.0, list_wrong_total=1.0)
    body = door("GET", "/device/types").body
    assert [row["id"] for row in body["results"]] == ["pump", "fan"]
    assert body["meta"]["total_rows"] != 2
    assert [entry.fault for entry in org_state.fault_log] == ["listOutOfOrder", "listWrongTotal"]


def test_an_empty_list_has_no_rows_to_lose(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(
        list_loses_rows=1.0, list_repeats_rows=1.0, list_out_of_order=1.0, list_empty_page=1.0
    )
    assert door("GET", "/bulk/devices").body == {"results": [], "meta": {"total_rows": 0}}
    assert org_state.fault_log == []


def test_a_refused_list_is_refused(door: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(list_empty_page=1.0)
    assert door("GET", "/bulk/devices?_limit=0").status == 400
    assert door("GET", "/device/types/none/devices").status == 404
