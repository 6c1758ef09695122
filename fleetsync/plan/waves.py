"""Cut a rotation into waves: a few devices first, then more, never more than the limits allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple, TypeVar

from fleetsync.plan.limits import Limits

T = TypeVar("T")

_CANARY_SHARE = 0.01
_CANARY_MOST = 10
_GROWTH = 3
"""So many times the wave before it is the next one at most."""


class WaveSize(NamedTuple):
    """How many devices a wave has: so many, or so many per cent of those to be rotated."""

    number: float
    percent: bool = False

    def of(self, devices: int) -> int:
        """Give the number of devices, at least one."""
        return max(1, int(devices * self.number / 100) if self.percent else int(self.number))


def most_at_once(limits: Limits, managed: int, allowed: int) -> int:
    """Give how many devices one wave may delete: what a plan may, or what was granted."""
    return max(limits.delete_count, int(managed * limits.delete_percent / 100), allowed)


def cut_waves(items: Sequence[T], size: WaveSize | None, most: int) -> Iterator[tuple[T, ...]]:
    """Give the waves; without a ``size`` the first is a canary, and they grow up to ``most``."""
    fixed = None if size is None else size.of(len(items))
    canary = min(_CANARY_MOST, ceil(len(items) * _CANARY_SHARE), most)
    next_size = fixed or max(1, canary)
    start = 0
    while start < len(items):
        yield tuple(items[start : start + next_size])
        start += next_size
        next_size = fixed or max(1, min(next_size * _GROWTH, most))
