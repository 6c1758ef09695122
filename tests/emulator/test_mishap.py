"""What strikes is decided by the seed and the request, whatever comes in between."""

from __future__ import annotations

import dataclasses
import threading

from fleetsync.emulator.aim import Call
from fleetsync.emulator.dice import Dice
from fleetsync.emulator.faults import AFTER_FAULTS, BEFORE_FAULTS, Faults
from fleetsync.emulator.mishap import FaultEntry, Incident, Mishaps

HALF = Faults(cut_body=0.5)


def call(number: int) -> Call:
    """Return the request for one of many types."""
    return Call("GET /device/types/{typeId}", f"/device/types/t-{number}", "")


def meet(mishaps: Mishaps, faults: Faults, number: int) -> Incident:
    """Meet a request that is aimed at."""
    incident = mishaps.meet(faults, call(number))
    assert incident is not None
    return incident


def struck(faults: Faults, numbers: range, fault: str = "cut_body") -> set[int]:
    """Return the requests out of these that a fault strikes."""
    mishaps = Mishaps([])
    return {number for number in numbers if meet(mishaps, faults, number).strikes(fault)}


def test_a_rate_is_the_share_that_is_struck() -> None:
    assert struck(Faults(cut_body=0.0), range(500)) == set()
    assert struck(Faults(cut_body=1.0), range(500)) == set(range(500))
    assert 70 <= len(struck(Faults(cut_body=0.2), range(500))) <= 130


def test_the_same_seed_strikes_the_same_requests_in_any_order() -> None:
    assert struck(HALF, range(100)) == struck(HALF, range(99, -1, -1))
    assert struck(HALF, range(100)) != struck(dataclasses.replace(HALF, fault_seed=1), range(100))


def test_another_fault_does_not_move_where_one_strikes() -> None:
    both = dataclasses.replace(HALF, garbled_body=0.5)
    assert struck(both, range(100)) == struck(HALF, range(100))
    assert struck(both, range(100)) != struck(both, range(100), "garbled_body")


def test_a_request_that_comes_again_has_another_fate() -> None:
    mishaps = Mishaps([])
    fates = [meet(mishaps, HALF, 1).strikes("cut_body") for _ in range(20)]
    again = Mishaps([])
    assert fates == [meet(again, HALF, 1).strikes("cut_body") for _ in range(20)]
    assert len(set(fates)) == 2


def test_only_one_fault_of_a_kind_is_picked_and_each_has_its_share() -> None:
    faults = Faults(cut_body=1.0, garbled_body=1.0, reset_before_read=1.0)
    mishaps = Mishaps([])
    picked = [
        meet(mishaps, faults, number).pick((*BEFORE_FAULTS, *AFTER_FAULTS)) for number in range(300)
    ]
    counts = {fault: picked.count(fault) for fault in set(picked)}
    assert counts.keys() == {"cut_body", "garbled_body", "reset_before_read"}
    assert min(counts.values()) > 60


def test_any_fault_draws_at_most_one_of_those_that_fit_the_call() -> None:
    mishaps = Mishaps([])
    names = (*BEFORE_FAULTS, *AFTER_FAULTS, "slow_answer", "dripping_answer", "second_writer")
    found = []
    for number in range(400):
        incident = meet(mishaps, Faults(any_fault=0.5), number)
        assert not incident.strikes("list_loses_rows")
        assert not incident.strikes("item_fails", 1)
        found.append([name for name in names if incident.strikes(name)])
    assert {len(each) for each in found} == {0, 1}
    assert 150 <= sum(map(len, found)) <= 250
    assert {name for each in found for name in each} == set(names)


def test_calls_are_numbered_and_only_those_aimed_at_are_met() -> None:
    log: list[FaultEntry] = []
    mishaps = Mishaps(log)
    faults = Faults(faults_on="GET /device/types/t-1", faults_after=1, faults_first=1)
    met = [mishaps.meet(faults, call(number)) for number in (1, 2, 1, 1)]
    assert [incident and incident.number for incident in met] == [None, None, 3, None]
    assert met[2] is not None
    met[2].note("cut_body")
    met[2].note("item_fails", "pump/p-1")
    assert log == [
        (3, "GET /device/types/{typeId}", "cutBody"),
        (3, "GET /device/types/{typeId}", "itemFails pump/p-1"),
    ]


def test_a_new_value_begins_anew_even_if_it_equals_the_old_one() -> None:
    log: list[FaultEntry] = []
    mishaps = Mishaps(log)
    for _ in range(2):
        faults = Faults(cut_body=1.0, faults_first=1)
        meet(mishaps, faults, 1).note("cut_body")
        assert mishaps.meet(faults, call(1)) is None
        assert [entry.number for entry in log] == [1]


def test_many_threads_are_counted_right() -> None:
    log: list[FaultEntry] = []
    mishaps = Mishaps(log)
    faults = Faults(cut_body=1.0, faults_after=50)

    def ask(first: int) -> None:
        for number in range(first, first + 50):
            incident = mishaps.meet(faults, call(number))
            if incident is not None:
                incident.note("cut_body")

    threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.number for entry in log) == list(range(51, 201))


def test_dice_fall_the_same_for_the_same_purpose() -> None:
    dice = Dice(7, "GET /x?", 1)
    assert dice.throw("a", 1).random() == dice.throw("a", 1).random()
    throws = {dice.throw("a", 1).random(), dice.throw("a", 2).random(), dice.throw("b").random()}
    assert len(throws | {dice._replace(nth=2).throw("b").random()}) == 4
