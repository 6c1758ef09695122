"""Break files as hands and disks do, and hold what may come of it."""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from fleetsync.errors import FleetsyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SECONDS = 20
"""No small file may take longer, whatever the machine does beside."""

MEGABYTES = 300
"""So much may the whole process grow for one small file."""


@st.composite
def broken(draw: st.DrawFn, good: Sequence[bytes], pieces: Sequence[bytes]) -> bytes:
    """Take a good file and cut, double, swap or insert parts of it, a few times."""
    data = draw(st.sampled_from(good))
    for _ in range(draw(st.integers(0, 4))):
        at, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        other = draw(st.sampled_from(pieces) | st.binary(max_size=4) | st.just(data[at:end] * 2))
        data = data[:at] + other + data[end if draw(st.booleans()) else at :]
    return data


def only_our_errors(work: Callable[[], object]) -> None:
    """Do the work: it ends soon, takes little, and fails, if at all, with words for a user."""
    began, before = time.monotonic(), _megabytes()
    with suppress(FleetsyncError):
        work()
    assert time.monotonic() - began < SECONDS
    assert _megabytes() - before < MEGABYTES


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def lines_of(*parts: str) -> Iterator[bytes]:
    """Give pieces of files as bytes."""
    return (part.encode() for part in parts)
