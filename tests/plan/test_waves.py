from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fleetsync.plan import Limits
from fleetsync.plan.waves import WaveSize, cut_waves, most_at_once

SIZES = st.one_of(
    st.none(),
    st.integers(1, 500).map(WaveSize),
    st.floats(0.01, 100).map(lambda share: WaveSize(share, percent=True)),
)


@given(count=st.integers(0, 3000), size=SIZES, most=st.integers(0, 400))
def test_waves_hold_each_device_once_and_in_order(
    count: int, size: WaveSize | None, most: int
) -> None:
    waves = list(cut_waves(range(count), size, most))
    assert [each for wave in waves for each in wave] == list(range(count))
    assert all(waves)


@given(count=st.integers(1, 3000), most=st.integers(0, 400))
def test_without_a_size_waves_begin_small_and_stay_within_what_is_allowed(
    count: int, most: int
) -> None:
    sizes = [len(wave) for wave in cut_waves(range(count), None, most)]
    assert sizes[0] <= min(10, count)
    assert all(size <= max(1, most) for size in sizes)
    assert all(after <= 3 * before for before, after in pairwise(sizes))


def test_a_wave_may_delete_what_a_plan_may() -> None:
    limits = Limits(delete_percent=10, delete_count=3)
    assert most_at_once(limits, 5, 0) == 3
    assert most_at_once(limits, 400, 0) == 40
    assert most_at_once(limits, 400, 100) == 100
