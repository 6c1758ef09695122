"""Switches and faults are set by one list of NAME=VALUE and explain themselves in two groups."""

from __future__ import annotations

import dataclasses

import pytest

from fleetsync.emulator.behaviour import (
    Behaviour,
    behaviour_values,
    describe_behaviour,
    parse_behaviour,
)
from fleetsync.emulator.faults import (
    AFTER_FAULTS,
    BEFORE_FAULTS,
    LIST_FAULTS,
    MQTT_FAULTS,
    NO_FAULTS,
    OTHER_FAULTS,
    REMOVE_FAULTS,
    Faults,
)
from fleetsync.emulator.setting import show_value
from fleetsync.emulator.switches import Switches
from fleetsync.errors import UsageError

GOOD = [
    ("resetAfterWrite=0.2", "reset_after_write", 0.2),
    ("resetAfterWrite=20%", "reset_after_write", 0.2),
    ("resetAfterWrite=1", "reset_after_write", 1.0),
    ("resetAfterWrite=0%", "reset_after_write", 0.0),
    ("faultSeed=7", "fault_seed", 7),
    ("faultsOn=POST /bulk/devices/add, PUT", "faults_on", "POST /bulk/devices/add,PUT"),
    ("faultsOn=GET /device/types/{typeId}", "faults_on", "GET /device/types/{typeId}"),
    ("faultsOn=* /device/types/pump*", "faults_on", "* /device/types/pump*"),
    ("faultsOn=", "faults_on", ""),
    ("statuses=503, 502", "statuses", "503,502"),
    ("retryAfter=date", "retry_after", "date"),
    ("hiddenDevices=pump/p-1*,fan", "hidden_devices", "pump/p-1*,fan"),
    ("secondWriterDoes=update", "second_writer_does", "update"),
    ("hangSeconds=0.1", "hang_seconds", 0.1),
]

RATE = "rate from 0 to 1, or like 20%"
CALLS = "calls like PUT or POST /bulk/devices/add, with commas between"
DEVICES = "patterns like pump/p-1*, with commas between"
STATUSES = "statuses out of 500,502,503,504,401,403,409,429"
BAD = [
    ("cutBody=1.1", f"switch cutBody: '1.1' is not one of: {RATE}"),
    ("cutBody=101%", f"switch cutBody: '101%' is not one of: {RATE}"),
    ("cutBody=-1%", f"switch cutBody: '-1%' is not one of: {RATE}"),
    ("cutBody=nan", f"switch cutBody: 'nan' is not one of: {RATE}"),
    ("cutBody=%", f"switch cutBody: '%' is not one of: {RATE}"),
    ("cutBody=", f"switch cutBody: '' is not one of: {RATE}"),
    ("faultsOn=PATCH", f"switch faultsOn: 'PATCH' is not one of: {CALLS}"),
    ("faultsOn=PUT,", f"switch faultsOn: 'PUT,' is not one of: {CALLS}"),
    ("faultsOn=PUT device", f"switch faultsOn: 'PUT device' is not one of: {CALLS}"),
    ("statuses=", f"switch statuses: '' is not one of: {STATUSES}"),
    ("statuses=400", f"switch statuses: '400' is not one of: {STATUSES}"),
    ("hiddenDevices=p' OR 1", f'switch hiddenDevices: "p\' OR 1" is not one of: {DEVICES}'),
    ("hiddenDevices=a/b/c", f"switch hiddenDevices: 'a/b/c' is not one of: {DEVICES}"),
    ("hiddenDevices=p[1]", f"switch hiddenDevices: 'p[1]' is not one of: {DEVICES}"),
    ("resetAfterWrit=1", "switch 'resetAfterWrit' does not exist; did you mean resetAfterWrite?"),
]


@pytest.mark.parametrize(("assignment", "field", "value"), GOOD)
def test_an_assignment_sets_one_fault(assignment: str, field: str, value: object) -> None:
    faults = dataclasses.replace(NO_FAULTS, **{field: value})  # type: ignore[arg-type] # field is data
    assert parse_behaviour([assignment]) == Behaviour(Switches(), faults)


@pytest.mark.parametrize(("assignment", "words"), BAD)
def test_a_wrong_assignment_says_what_would_be_right(assignment: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_behaviour([assignment])
    assert str(caught.value) == words


def test_switches_and_faults_are_set_side_by_side_and_the_base_stays() -> None:
    base = Behaviour(Switches(page_cap=7), Faults(cut_body=0.5))
    assert parse_behaviour(["maxTypes=1", "faultSeed=3"], base) == Behaviour(
        Switches(page_cap=7, max_types=1), Faults(cut_body=0.5, fault_seed=3)
    )


def test_every_fault_is_described_and_its_default_can_be_set() -> None:
    switches, faults = describe_behaviour()
    assert (switches.name, faults.name) == ("switches", "faults")
    assert len(faults.settings) == len(dataclasses.fields(Faults))
    assert all(each.meaning and each.values for each in faults.settings)
    names = [each.name for group in (switches, faults) for each in group.settings]
    assert len(set(names)) == len(names)
    defaults = [f"{each.name}={each.default}" for each in faults.settings]
    assert parse_behaviour(defaults) == Behaviour()


def test_every_rate_is_off_and_belongs_to_one_kind_of_fault() -> None:
    rates = [each for each in describe_behaviour()[1].settings if each.values == RATE]
    assert {each.default for each in rates} == {"0"}
    http = (*BEFORE_FAULTS, *AFTER_FAULTS, *LIST_FAULTS, *REMOVE_FAULTS, *OTHER_FAULTS)
    kinds = (*http, *MQTT_FAULTS)
    assert len(set(kinds)) == len(kinds) == len(rates) - 1  # anyFault draws from those of HTTP


def test_values_come_under_their_public_names_and_can_be_read_back() -> None:
    behaviour = Behaviour(Switches(page_cap=3), Faults(any_fault=0.25, faults_on="PUT"))
    values = behaviour_values(behaviour)
    assert (values["pageCap"], values["anyFault"], values["faultsOn"]) == (3, 0.25, "PUT")
    texts = [f"{name}={show_value(value)}" for name, value in values.items()]
    assert parse_behaviour(texts) == behaviour
