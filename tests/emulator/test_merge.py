"""Laws of inheritance and updates that hold whatever the switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.emulator import merge
from fleetsync.emulator.check import DEVICE_INFO_FIELDS
from fleetsync.emulator.switches import Switches

if TYPE_CHECKING:
    from fleetsync.emulator.value import JSONObject

names = st.sampled_from(DEVICE_INFO_FIELDS)
infos = st.dictionaries(names, st.sampled_from(["", "a", "b"]))
sent_infos = st.dictionaries(names, st.sampled_from([None, "", "a", "b"]))
metadata = st.dictionaries(st.sampled_from("xyz"), st.sampled_from([None, "", 1, {"n": 2}]))
switches = st.builds(
    Switches,
    empty_info=st.sampled_from(["stored", "dropped", "cleared"]),
    null_is_given=st.booleans(),
    empty_text_is_given=st.booleans(),
    empty_metadata_is_given=st.booleans(),
    metadata_inheritance=st.sampled_from(["whole", "keywise"]),
)


@given(sent_infos, infos, switches)
def test_a_text_that_a_new_device_gives_wins_and_nothing_is_invented(
    sent: dict[str, str | None], template: dict[str, str], how: Switches
) -> None:
    kept = merge.inherit_info(sent, template, how)
    for name, value in sent.items():
        if value:
            assert kept[name] == value
    for name, value in kept.items():
        assert value in (sent.get(name), template.get(name))


@given(infos, switches)
def test_a_device_that_gives_nothing_takes_over_every_text_of_its_type(
    template: dict[str, str], how: Switches
) -> None:
    kept = merge.inherit_info({}, template, how)
    assert {name: text for name, text in kept.items() if text} == {
        name: text for name, text in template.items() if text
    }


@given(infos, sent_infos, switches)
def test_an_update_sent_twice_changes_nothing_more(
    old: dict[str, str], sent: dict[str, str | None], how: Switches
) -> None:
    once = merge.update_info(old, sent, how)
    assert merge.update_info(once, sent, how) == once


@given(infos, st.dictionaries(names, st.none()), switches)
def test_an_update_of_nulls_leaves_the_info_alone(
    old: dict[str, str], nulls: dict[str, str | None], how: Switches
) -> None:
    assert merge.update_info(old, nulls, how) == old


@given(st.none() | metadata, metadata)
def test_updated_metadata_holds_what_was_sent(old: JSONObject | None, sent: JSONObject) -> None:
    assert merge.update_metadata(old, sent, "replace") == sent
    merged = merge.update_metadata(old, sent, "merge")
    assert merged == {**(old or {}), **sent}
    assert merge.update_metadata(old, None, "merge") == old
    assert merge.update_metadata(old, None, "replace") == old


@given(st.none() | metadata, st.none() | metadata, st.booleans(), switches)
def test_metadata_of_a_new_device_comes_from_it_or_its_type(
    sent: JSONObject | None, template: JSONObject | None, was_sent: bool, how: Switches
) -> None:
    kept = merge.inherit_metadata(sent, template, was_sent=was_sent, switches=how)
    both = {**(template or {}), **(sent or {})}
    assert kept in (sent, template, both)
    if sent:
        assert kept is not None
        assert {name: kept[name] for name in sent} == sent
