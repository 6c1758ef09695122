"""Somebody else writes between two requests, where it is let."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from fleetsync.emulator.faults import NO_FAULTS, Faults
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.state import OrgState
    from tests.emulator.conftest import Caller


@pytest.fixture
def fleet(door: Caller) -> Caller:
    """Three pumps and three fans."""
    for type_id in ("fan", "pump"):
        door.add_type(type_id)
        for number in range(3):
            door.add_device(type_id, f"d-{number}", metadata={"line": 7}, authToken="Token-1-2")
    return door


def watch(fleet: Caller, state: OrgState, faults: Faults, calls: int) -> dict[str, Any]:
    """Let somebody write while a harmless call comes again and again; return what became."""
    state.faults = faults
    for _ in range(calls):
        assert fleet("GET", "/").status == 200
    deeds = [entry.fault for entry in state.fault_log]
    state.faults = NO_FAULTS
    return {"deeds": deeds, "devices": state.snapshot()["devices"]}


def test_it_creates_devices_as_a_person(fleet: Caller, org_state: OrgState) -> None:
    faults = Faults(second_writer=1.0, second_writer_does="create")
    before = set(org_state.snapshot()["devices"])
    after = watch(fleet, org_state, faults, 5)
    made = sorted(set(after["devices"]) - before)
    assert sorted(after["deeds"]) == [f"secondWriter create {key}" for key in made]
    assert len(made) == 5
    type_id, device_id = made[0].split("/")
    shown = fleet("GET", f"/device/types/{type_id}/devices/{device_id}").body
    auth = {"type": "person", "id": "second-writer@example.com"}
    assert shown["registration"]["auth"] == auth


def test_it_deletes_devices_until_there_are_none(fleet: Caller, org_state: OrgState) -> None:
    after = watch(fleet, org_state, Faults(second_writer=1.0, second_writer_does="delete"), 8)
    assert after["devices"] == {}
    assert len(after["deeds"]) == 6


def test_it_changes_metadata_device_info_and_location(fleet: Caller, org_state: OrgState) -> None:
    before = org_state.snapshot()["devices"]
    after = watch(fleet, org_state, Faults(second_writer=1.0, second_writer_does="update"), 30)
    parts = {deed.split()[-1] for deed in after["deeds"]}
    assert parts == {"metadata", "deviceInfo", "location"}
    for key, device in after["devices"].items():
        touched = {deed.split()[-1] for deed in after["deeds"] if key in deed}
        for part in ("metadata", "deviceInfo", "location"):
            assert (device.get(part) != before[key].get(part)) == (part in touched)
        assert device["metadata"]["line"] == 7
    assert org_state.check_token("pump", "d-1", "Token-1-2")


def test_it_stays_where_it_is_let_and_spares_what_is_spared(
    fleet: Caller, org_state: OrgState
) -> None:
    before = org_state.snapshot()["devices"]
    faults = Faults(second_writer=1.0, second_writer_on="pump", second_writer_spares="pump/d-1,fan")
    after = watch(fleet, org_state, faults, 40)
    assert len(after["deeds"]) > 20
    assert {deed.split()[2].split("/")[0] for deed in after["deeds"]} == {"pump"}
    assert not [deed for deed in after["deeds"] if "pump/d-1" in deed]
    kept = {key: after["devices"][key] for key in before if key == "pump/d-1" or "fan" in key}
    assert kept == {key: before[key] for key in kept}


def test_where_nothing_may_be_touched_nothing_is_done(fleet: Caller, org_state: OrgState) -> None:
    before = org_state.snapshot()["devices"]
    after = watch(fleet, org_state, Faults(second_writer=1.0, second_writer_spares="*"), 20)
    assert after == {"deeds": [], "devices": before}


def test_it_is_as_rare_as_it_should_be_and_the_same_each_time(
    fleet: Caller, org_state: OrgState
) -> None:
    faults = Faults(second_writer=0.3, second_writer_does="update", fault_seed=2)
    first = watch(fleet, org_state, faults, 40)
    again = watch(fleet, org_state, dataclasses.replace(faults), 40)
    assert 5 <= len(first["deeds"]) <= 20
    assert again == first


@pytest.mark.parametrize("switches", [Switches(max_devices=6)], indirect=True)
def test_it_keeps_to_the_quota(fleet: Caller, org_state: OrgState) -> None:
    after = watch(fleet, org_state, Faults(second_writer=1.0, second_writer_does="create"), 3)
    assert (after["deeds"], len(after["devices"])) == ([], 6)


def test_it_writes_before_the_call_is_answered(fleet: Caller, org_state: OrgState) -> None:
    org_state.faults = Faults(
        second_writer=1.0, second_writer_does="delete", second_writer_on="pump/d-1", faults_first=1
    )
    assert fleet("GET", "/device/types/pump/devices/d-1").status == 404


def test_it_sees_what_is_hidden_from_others(fleet: Caller, org_state: OrgState) -> None:
    faults = Faults(second_writer=1.0, second_writer_does="delete", hidden_devices="*")
    assert watch(fleet, org_state, faults, 6)["devices"] == {}
