"""Switches are read from NAME=VALUE and explain themselves."""

from __future__ import annotations

import dataclasses

import pytest

from fleetsync.emulator.setting import show_value, values_of
from fleetsync.emulator.switches import (
    Switches,
    describe_switches,
    parse_switches,
)
from fleetsync.errors import UsageError

GOOD = [
    ("pageCap=25", "page_cap", 25),
    (" pageCap = 1 ", "page_cap", 1),
    ("metadataPut=merge", "metadata_put", "merge"),
    ("limitTooLarge=clamp", "limit_too_large", "clamp"),
    ("nullIsGiven=yes", "null_is_given", True),
    ("nullIsGiven=true", "null_is_given", True),
    ("failedItemMessage=no", "failed_item_message", False),
    ("failedItemMessage=False", "failed_item_message", False),
    ("listLagSeconds=0.5", "list_lag_seconds", 0.5),
    ("maxDevices=0", "max_devices", 0),
]

BAD = [
    ("pageCap", "switch 'pageCap': write NAME=VALUE, for example pageCap=25"),
    ("pageCap=0", "switch pageCap: '0' is not one of: whole number, 1 or more"),
    ("pageCap=-1", "switch pageCap: '-1' is not one of: whole number, 1 or more"),
    ("pageCap=x", "switch pageCap: 'x' is not one of: whole number, 1 or more"),
    ("pageCap=²", "switch pageCap: '²' is not one of: whole number, 1 or more"),
    ("metadataPut=Merge", "switch metadataPut: 'Merge' is not one of: replace|merge"),
    ("nullIsGiven=1", "switch nullIsGiven: '1' is not one of: yes|no"),
    ("listLagSeconds=nan", "switch listLagSeconds: 'nan' is not one of: number, 0 or more"),
    ("listLagSeconds=soon", "switch listLagSeconds: 'soon' is not one of: number, 0 or more"),
    ("listLagSeconds=-1", "switch listLagSeconds: '-1' is not one of: number, 0 or more"),
    ("metaDataPut=merge", "switch 'metaDataPut' does not exist; did you mean metadataPut?"),
    (
        "zzzz=1",
        "switch 'zzzz' does not exist; `fleetsync emulator --list-switches` lists them",
    ),
]


@pytest.mark.parametrize(("assignment", "field", "value"), GOOD)
def test_an_assignment_sets_one_switch(assignment: str, field: str, value: object) -> None:
    switches = parse_switches([assignment])
    assert switches == dataclasses.replace(Switches(), **{field: value})  # type: ignore[arg-type] # field is data


@pytest.mark.parametrize(("assignment", "words"), BAD)
def test_a_wrong_assignment_says_what_would_be_right(assignment: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_switches([assignment])
    assert str(caught.value) == words


def test_the_last_assignment_wins_and_the_base_stays() -> None:
    base = Switches(page_cap=7)
    assert parse_switches(["maxTypes=1", "maxTypes=2"], base) == Switches(page_cap=7, max_types=2)


def test_every_switch_is_described_and_its_default_can_be_set() -> None:
    described = describe_switches()
    assert len(described) == len(dataclasses.fields(Switches))
    assert all(switch.meaning and switch.values for switch in described)
    assert parse_switches(f"{each.name}={each.default}" for each in described) == Switches()


def test_a_description_reads_well() -> None:
    assert describe_switches()[0] == (
        "pageCap",
        "whole number, 1 or more",
        "200",
        "largest page of a listing",
    )


def test_values_come_under_their_public_names_and_can_be_read_back() -> None:
    switches = Switches(null_is_given=True, list_lag_seconds=2.5, metadata_put="merge")
    values = values_of(switches)
    assert values["metadataPut"] == "merge"
    texts = [f"{name}={show_value(value)}" for name, value in values.items()]
    assert parse_switches(texts) == switches
