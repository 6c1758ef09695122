"""Take over a lock in the org that has run out, so that never two do."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from fleetsync.errors import FleetsyncError
from fleetsync.lock.bid import Bid
from fleetsync.lock.judge import Judge
from fleetsync.lock.record import Record
from fleetsync.lock.steps import Delete, Get, Post, Put, Steps
from fleetsync.model.reserved import LOCK_TYPE

_MOST_CLAIMS = 16
"""So many takers may have been cut off one after the other."""
_FRESH = (
    "by the org's own clock it was renewed lately, so the clock of this machine or of the holder's"
    " is wrong: check them"
)
_ENTANGLED = f"takers of it were cut off again and again: delete the device type {LOCK_TYPE}"


class Obstacle(NamedTuple):
    """Whose lock or claim is in the way, and what there is to say about it."""

    record: Record
    remark: str = ""


def take_over(found: Record, bid: Bid, judge: Judge) -> Steps[Obstacle | None]:
    """Replace a lock that ran out; None if it is worth looking at once what came of it."""
    claims = [*found.claims]
    before, before_id = found, LOCK_TYPE
    for _ in range(_MOST_CLAIMS):
        name = before.claim
        yield Post(name, bid.claim(name))
        claim = yield Get(name)
        if claim is None:
            return None
        claims.append(name)
        is_out = judge.is_out(name, claim)  # our own as well, if it was made too long ago
        if bid.owns(name, claim) and not is_out:
            held = _Held(claim, tuple(claims), bid, judge)
            seemed_out = {LOCK_TYPE: found, before_id: before}
            return (yield from held.use(seemed_out))
        if not is_out:
            return Obstacle(claim)
        before, before_id = claim, name
    return Obstacle(found, _ENTANGLED)


def drop(claims: Iterable[str]) -> Steps[None]:
    """Delete claims that have done their work; one that stays does no harm."""
    for name in claims:
        with suppress(FleetsyncError):
            yield Delete(name)


class _Held:
    """A claim that is ours, the last of ``claims``; while it lasts, nobody else has a right."""

    def __init__(self, claim: Record, claims: tuple[str, ...], bid: Bid, judge: Judge) -> None:
        self._claim = claim
        self._claims = claims
        self._bid = bid
        self._judge = judge
        self._lease = bid.lease_of(claim)

    def use(self, seemed_out: dict[str, Record]) -> Steps[Obstacle | None]:
        """Write ourselves into the lock; whatever is in the way, the claim goes."""
        try:
            obstacle, keep = yield from self._replace(seemed_out)
        except FleetsyncError:
            yield from self._give_up()
            raise
        if not keep:
            yield from self._give_up()
        return obstacle

    def _replace(self, seemed_out: dict[str, Record]) -> Steps[tuple[Obstacle | None, bool]]:
        found = seemed_out[LOCK_TYPE]
        again = yield Get(LOCK_TYPE)
        if again is None or again.claim != found.claim or not self._judge.is_out(LOCK_TYPE, again):
            return None, False
        seemed_out = {**seemed_out, LOCK_TYPE: again}
        if any(self._judge.is_fresh(*each, self._claim) for each in seemed_out.items()):
            return Obstacle(again, _FRESH), False
        if not self._bid.in_time(self._lease):
            return Obstacle(again), True
        # If the answer gets lost the claim stays: until it runs out, nobody else may write.
        yield Put(LOCK_TYPE, self._bid.record(claims=self._claims))
        return None, True

    def _give_up(self) -> Steps[None]:
        if self._bid.in_time(self._lease):
            yield from drop(self._claims[-1:])
