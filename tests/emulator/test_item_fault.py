"""Items of bulk requests that fail, and answers that lie about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.faults import Faults
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller, Reply

TOKEN = "Given-token-1"


@pytest.fixture
def pumps(door: Caller) -> Caller:
    """An org with the devices p-1 and p-2."""
    door.add_type("pump")
    door.add_device("pump", "p-1")
    door.add_device("pump", "p-2")
    return door


def items(*device_ids: str, **more: str) -> list[dict[str, str]]:
    """Return an item for each of these pumps."""
    return [{"typeId": "pump", "deviceId": device_id, **more} for device_id in device_ids]


def add(call: Caller, *device_ids: str) -> Reply:
    """Add pumps with a token."""
    return call("POST", "/bulk/devices/add", items(*device_ids, authToken=TOKEN))


def remove(call: Caller, *device_ids: str) -> Reply:
    """Remove pumps."""
    return call("POST", "/bulk/devices/remove", items(*device_ids))


def told(success: bool, *device_ids: str, **more: str) -> list[dict[str, Any]]:
    """Return the results for these pumps."""
    return [{**item, "success": success} for item in items(*device_ids, **more)]


def devices(state: OrgState) -> list[str]:
    """Return the pumps that are there."""
    return [key.removeprefix("pump/") for key in sorted(state.snapshot()["devices"])]


def test_added_items_fail_and_are_not_there(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_fails=1.0)
    assert add(pumps, "p-3", "p-4") == (202, told(False, "p-3", "p-4"))
    assert devices(org_state) == ["p-1", "p-2"]
    assert org_state.fault_log == [
        (1, "POST /bulk/devices/add", "itemFails pump/p-3"),
        (1, "POST /bulk/devices/add", "itemFails pump/p-4"),
    ]


def test_added_items_are_reported_failed_and_yet_are_there(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(item_seems_failed=1.0)
    assert add(pumps, "p-3") == (202, told(False, "p-3"))
    assert devices(org_state) == ["p-1", "p-2", "p-3"]
    assert org_state.check_token("pump", "p-3", TOKEN)


def test_added_items_are_left_out_of_the_answer(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_left_out=1.0)
    assert add(pumps, "p-3") == (201, [])
    assert devices(org_state) == ["p-1", "p-2", "p-3"]


def test_removed_items_fail_and_stay(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_fails=1.0)
    assert remove(pumps, "p-1") == (202, told(False, "p-1"))
    assert devices(org_state) == ["p-1", "p-2"]


def test_removed_items_are_reported_failed_and_yet_are_gone(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(item_seems_failed=1.0)
    assert remove(pumps, "p-1") == (202, told(False, "p-1"))
    assert devices(org_state) == ["p-2"]


def test_removed_items_are_reported_gone_and_yet_stay(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_seems_removed=1.0)
    assert remove(pumps, "p-1", "p-2") == (202, told(True, "p-1", "p-2"))
    assert devices(org_state) == ["p-1", "p-2"]


def test_what_is_said_of_removes_does_not_happen_to_adds(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(item_seems_removed=1.0)
    assert add(pumps, "p-3") == (201, told(True, "p-3", authToken=TOKEN))
    assert devices(org_state) == ["p-1", "p-2", "p-3"]


def test_only_some_items_are_struck_and_the_order_stays(pumps: Caller, org_state: OrgState) -> None:
    names = [f"n-{number:02}" for number in range(40)]
    org_state.faults = Faults(item_fails=0.3, item_left_out=0.2, fault_seed=4)
    status, body = add(pumps, *names)
    fates = [entry.fault.split(" pump/") for entry in org_state.fault_log]
    failed = [name for fault, name in fates if fault == "itemFails"]
    left_out = [name for fault, name in fates if fault == "itemLeftOut"]
    assert (status, len(failed) > 4, len(left_out) > 2) == (202, True, True)
    expected = []
    for name in names:
        if name in failed:
            expected += told(False, name)
        elif name not in left_out:
            expected += told(True, name, authToken=TOKEN)
    assert body == expected
    assert devices(org_state) == [*(n for n in names if n not in failed), "p-1", "p-2"]


def test_items_that_fail_by_themselves_still_do(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_fails=0.5, fault_seed=1)
    status, body = add(pumps, *["p-1"] * 8)
    struck = [entry.fault for entry in org_state.fault_log]
    assert (status, 0 < len(struck) < 8) == (202, True)
    plain = told(False, "p-1")[0]
    exists = {**plain, "message": "EMU1012E: The device exists already."}
    assert sorted(body, key=len) == [plain] * len(struck) + [exists] * (8 - len(struck))


@pytest.mark.parametrize("name", ["add", "remove"])
@pytest.mark.parametrize("body", [{}, "x", [1], [], [{"typeId": "pump", "deviceId": 1}]])
def test_a_request_that_is_refused_as_a_whole_is_refused(
    pumps: Caller, org_state: OrgState, name: str, body: object
) -> None:
    org_state.faults = Faults(item_left_out=1.0)
    assert pumps("POST", f"/bulk/devices/{name}", body).status == 400
    assert org_state.fault_log == []


@pytest.mark.parametrize("name", ["add", "remove"])
def test_one_who_may_not_ask_is_refused_even_if_all_items_would_fail(
    pumps: Caller, org_state: OrgState, name: str
) -> None:
    org_state.faults = Faults(item_fails=1.0)
    pumps.session.auth = None
    assert pumps("POST", f"/bulk/devices/{name}", items("p-1")).status == 401


def test_words_that_are_no_json_are_refused(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_fails=1.0)
    assert pumps("POST", "/bulk/devices/add", data=b'[{"typeId":').status == 400


@pytest.mark.parametrize("switches", [Switches(request_bytes=300)], indirect=True)
def test_a_request_over_the_limit_is_refused_with_or_without_faults(
    pumps: Caller, org_state: OrgState
) -> None:
    org_state.faults = Faults(item_fails=1.0)
    assert add(pumps, "p-3").status == 202
    assert add(pumps, *["p-3"] * 10).status == 413


def test_text_in_any_language_comes_through(pumps: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(item_fails=0.5)
    body = [
        {"typeId": "pump", "deviceId": f"n-{number}", "metadata": {"ort": "Kühlhaus \u2603"}}
        for number in range(10)
    ]
    assert pumps("POST", "/bulk/devices/add", body).status == 202
    kept = [each for key, each in org_state.snapshot()["devices"].items() if "n-" in key]
    assert 0 < len(kept) < 10
    assert all(each["metadata"] == {"ort": "Kühlhaus \u2603"} for each in kept)


def test_any_fault_strikes_some_items_too(pumps: Caller, org_state: OrgState) -> None:
    found = set()
    for seed in range(60):
        org_state.faults = Faults(
            any_fault=1.0, fault_seed=seed, hang_seconds=0.0, slow_seconds=0.0, drip_seconds=0.0
        )
        try:
            remove(pumps, *(f"x-{number}" for number in range(6)))
        except OSError:  # the connection broke
            continue
        found |= {entry.fault.split()[0] for entry in org_state.fault_log}
    assert {"itemFails", "itemSeemsFailed", "itemSeemsRemoved", "itemLeftOut"} <= found
