from __future__ import annotations

import pytest

from fleetsync.model import LiveDevice, LiveDeviceType, LiveFleet, Sizes
from fleetsync.shrinkage import find_shrinkage

AT = "2026-11-20T10:00:00Z"
ADVICE = "if the org really shrank, delete .fleetsync/listing.json and run again"


def fleet(unmanaged_types: int = 0, **counts: int) -> LiveFleet:
    return LiveFleet(
        org="abc123",
        types={type_id: LiveDeviceType(type_id) for type_id, count in counts.items() if count},
        devices={
            type_id: {f"d-{n}": LiveDevice(type_id, f"d-{n}") for n in range(count)}
            for type_id, count in counts.items()
        },
        unmanaged_types=unmanaged_types,
    )


@pytest.mark.parametrize(
    ("before", "now", "shrunk"),
    [
        (1000, 40, True),
        (1000, 499, True),
        (1000, 500, False),
        (1000, 1001, False),
        (20, 10, False),
        (20, 9, True),
        (19, 9, True),
        (18, 8, True),
        (17, 8, False),  # nine fewer
        (10, 0, True),
        (9, 0, False),
        (0, 0, False),
    ],
)
def test_much_smaller_is_less_than_half_and_at_least_ten_fewer(
    before: int, now: int, shrunk: bool
) -> None:
    assert bool(find_shrinkage(Sizes(1, {"pump": before}, AT), fleet(1, pump=now))) == shrunk


def test_it_is_said_of_which_type_since_when_and_what_to_do() -> None:
    before = Sizes(2, {"pump": 1000, "valve": 12}, AT)
    assert find_shrinkage(before, fleet(pump=40, valve=1)) == (
        "the org lists 40 devices of type pump, but there were 1000 at the last apply"
        f" (2026-11-20): {ADVICE}",
        "the org lists 1 device of type valve, but there were 12 at the last apply"
        f" (2026-11-20): {ADVICE}",
    )


def test_the_list_of_types_may_have_shrunk_too() -> None:
    assert find_shrinkage(Sizes(40, {}, AT), fleet(1, pump=1, valve=1)) == (
        f"the org lists 3 device types, but there were 40 at the last apply (2026-11-20): {ADVICE}",
    )


def test_a_managed_type_that_is_gone_has_lost_all_its_devices() -> None:
    [words] = find_shrinkage(Sizes(1, {"pump": 30}, AT), fleet(1, pump=0))
    assert words.startswith("the org lists 0 devices of type pump, but there were 30 at the last")


def test_a_type_that_was_not_managed_then_or_is_not_now_says_nothing() -> None:
    assert find_shrinkage(Sizes(2, {"pump": 1000}, AT), fleet(1, valve=1)) == ()


def test_many_lists_that_shrank_are_not_all_named() -> None:
    counts = {f"t{number}": 0 for number in range(9)}
    before = Sizes(9, dict.fromkeys(counts, 50), AT)
    told = find_shrinkage(before, fleet(9, **counts))
    assert len(told) == 6
    assert told[-1] == f"the lists of 4 more types have shrunk as well: {ADVICE}"
