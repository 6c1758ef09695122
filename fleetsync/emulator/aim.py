"""Tell which calls faults are aimed at."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.faults import split_list

if TYPE_CHECKING:
    from fleetsync.emulator.faults import Faults


class Call(NamedTuple):
    """A call as it came.

    ``name`` has the path as in the documentation (``GET /device/types/{typeId}``), ``path`` the
    ids in it (both below /api/v0002); ``query`` is the query as it was sent.
    """

    name: str
    path: str
    query: str

    @property
    def method(self) -> str:
        """Return the method."""
        return self.name.partition(" ")[0]

    @property
    def target(self) -> str:
        """Return all that tells one request from another, but for its body."""
        return f"{self.method} {self.path}?{self.query}"


class Aim(NamedTuple):
    """What is hit: patterns, how many matching calls are spared first, how many are hit then."""

    patterns: tuple[tuple[str, str], ...]
    after: int
    first: int

    def is_at(self, call: Call) -> bool:
        """Tell whether a call matches."""
        return not self.patterns or any(_fits(call, *pattern) for pattern in self.patterns)

    def hits(self, position: int) -> bool:
        """Tell whether the matching call at a position (1, 2, ...) is hit."""
        return self.after < position and (not self.first or position <= self.after + self.first)


def take_aim(faults: Faults) -> Aim:
    """Return what the faults are aimed at."""
    patterns = [part.partition(" ") for part in split_list(faults.faults_on)]
    return Aim(
        tuple((method, path) for method, _, path in patterns),
        faults.faults_after,
        faults.faults_first,
    )


def _fits(call: Call, method: str, path: str) -> bool:
    if method not in {"*", call.method}:
        return False
    name = call.name.partition(" ")[2]
    return not path or path == name or fnmatchcase(call.path, path)
