"""Ask again and again who is connected, less and less often, until enough are."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from fleetsync.cli.progress import Progress
from fleetsync.model import DeviceKey
from fleetsync.stop import Stop

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0


class Until(NamedTuple):
    """When to stop waiting: ``enough`` came, ``seconds`` are over, or ``over`` says so.

    ``stop`` cuts a pause short.
    """

    enough: int
    seconds: float
    over: Callable[[], bool]
    stop: Stop


def await_connected(
    keys: Sequence[DeviceKey],
    look: Callable[[Sequence[DeviceKey]], Collection[DeviceKey]],
    until: Until,
    *,
    label: str,
) -> frozenset[DeviceKey]:
    """Wait for devices; give those that came. ``look`` says which of some are connected now."""
    ends_at = time.monotonic() + until.seconds
    came: set[DeviceKey] = set()
    pause = _FIRST_PAUSE
    with Progress(label, paced=False) as progress:
        while not until.over():
            came.update(look([key for key in keys if key not in came]))
            progress.update(len(came), len(keys))
            left = ends_at - time.monotonic()
            if len(came) >= until.enough or left <= 0 or until.stop.wait(min(pause, left)):
                break
            pause = min(pause * 2, _LONGEST_PAUSE)
    return frozenset(came)
