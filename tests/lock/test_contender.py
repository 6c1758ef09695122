"""No order of steps, loss, death or delay lets two in, and none keeps everybody out for ever."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from fleetsync.lock.record import Record
from fleetsync.lock.steps import Get, Pause, Put, Step
from tests.lock.model import LOCK, TERMS, Actor, Org, Store, TwoHoldersError, expired

WALKS = int(os.environ.get("FLEETSYNC_LOCK_WALKS", "600"))
THOROUGH = WALKS > 10_000
LONG = TERMS.lease + TERMS.skew + 1

LARGE = pytest.mark.skipif(not THOROUGH, reason="minutes; FLEETSYNC_LOCK_WALKS=20000 runs it")
Move = tuple[str, ...]
WEIGHTS = {"land": 30, "land late": 3, "release": 2, "renew": 3, "lose": 1, "kill": 1, "jump": 2}
"""How likely a walk goes each way: mostly on, for who is killed early meets nobody."""


class Budget(NamedTuple):
    """How much may happen: kills, lost answers, renewals, and jumps of time in seconds."""

    kills: int = 0
    losses: int = 0
    renewals: int = 0
    jumps: tuple[float, ...] = ()


def moves(org: Org, left: Budget) -> Iterator[Move]:
    """Give all that can happen next."""
    for actor in org.actors:
        yield from moves_of(actor, left)
    for index in range(len(org.late)):
        yield "land late", str(index)
    for seconds in sorted(set(left.jumps)):
        if all(may_wait(actor, seconds) for actor in org.actors):
            yield "jump", str(seconds)


def moves_of(actor: Actor, left: Budget) -> Iterator[Move]:
    if actor.pending is not None:
        yield "land", actor.name
        if left.losses and not isinstance(actor.pending, Pause):
            yield from (("lose", actor.name, when) for when in ("now", "late", "never"))
    if actor.state == "holds":
        yield "release", actor.name
        if left.renewals and actor.may_write:
            yield "renew", actor.name
    if left.kills and actor.state not in ("dead", "gone", "lost", "refused"):
        yield "kill", actor.name, "yes"
        yield "kill", actor.name, "no"


def may_wait(actor: Actor, seconds: float) -> bool:
    """A request takes effect within its time; only who reads or rests may be held up longer."""
    if actor.pending is None or isinstance(actor.pending, (Get, Pause)):
        return True
    return actor.org.now + seconds <= actor.begun_at + TERMS.last_call


def make(org: Org, move: Move, left: Budget) -> Budget:
    """Let it happen; give what may still go wrong."""
    what, *words = move
    actors = {actor.name: actor for actor in org.actors}
    match what:
        case "land":
            org.land(actors[words[0]])
        case "release":
            actors[words[0]].release()
        case "land late":
            org.land_late(int(words[0]))
        case "renew":
            actors[words[0]].renew()
            return left._replace(renewals=left.renewals - 1)
        case "lose":
            org.lose(actors[words[0]], arrives=words[1])
            return left._replace(losses=left.losses - 1)
        case "kill":
            org.kill(actors[words[0]], arrives=words[1] == "yes")
            return left._replace(kills=left.kills - 1)
        case "jump":
            org.pass_time(float(words[0]))
            jumps = list(left.jumps)
            jumps.remove(float(words[0]))
            return left._replace(jumps=tuple(jumps))
    return left


def every_way(begin: Callable[[], Org], budget: Budget) -> tuple[int, set[str]]:
    """Go every way once; give how many states there are, and how actors ended in them."""
    seen: set[object] = set()
    ends: set[str] = set()
    waiting: list[tuple[Move, ...]] = [()]
    while waiting:
        way = waiting.pop()
        org, left = begin(), budget
        for move in way:
            left = make(org, move, left)
        mark = (org.fingerprint(), left)
        if mark in seen:
            continue
        seen.add(mark)
        following = list(moves(org, left))
        waiting.extend((*way, move) for move in following)
        if not following:
            ends.add(" ".join(actor.state for actor in org.actors))
    return len(seen), ends


def world(store: Store, *names: str) -> Callable[[], Org]:
    def begin() -> Org:
        org = Org(store, stamps=False)  # with them, one more thing would keep a second one out
        for name in names:
            org.add(name)
        return org

    return begin


def left_behind(*, claims: int) -> Store:
    """A lock that ran out, and so many claims on it whose makers were killed as well."""
    store = {LOCK: expired()}
    before = store[LOCK]
    for number in range(claims):
        claim = expired(f"{number:016x}", created=998_400.0)
        store[before.claim] = claim
        before = claim
    return store


EVERY_WAY = [
    pytest.param(store, budget, id=str(number), marks=() if quick else LARGE)
    for number, (store, budget, quick) in enumerate(
        [
            ({}, Budget(kills=1), True),
            ({}, Budget(losses=1), True),
            ({}, Budget(renewals=1, jumps=(LONG,)), True),
            (left_behind(claims=0), Budget(kills=1), True),
            (left_behind(claims=1), Budget(), True),
            ({}, Budget(kills=1, losses=1), False),
            (left_behind(claims=0), Budget(losses=1), False),
            (left_behind(claims=0), Budget(kills=1, jumps=(LONG,)), False),
            (left_behind(claims=2), Budget(kills=1), False),
            (left_behind(claims=0), Budget(renewals=1, jumps=(LONG,)), False),
        ]
    )
]


@pytest.mark.parametrize(("store", "budget"), EVERY_WAY)
def test_no_order_of_the_steps_of_two_lets_both_in(store: Store, budget: Budget) -> None:
    states, ends = every_way(world(store, "a", "b"), budget)
    assert states > 100
    assert {"gone refused", "gone gone"} & ends


def test_three_at_once_are_never_two_inside() -> None:
    states, ends = every_way(world({}, "a", "b", "c"), Budget())
    assert states > 1000
    assert {"gone refused refused", "gone gone gone"} <= ends


class TestRandomWalks:
    """Three contenders, wrong clocks, and everything that may go wrong, several times."""

    @pytest.mark.parametrize("part", range(5))
    def test_nobody_meets_anybody_inside_and_the_lock_is_free_in_the_end(self, part: int) -> None:
        for seed in range(part, WALKS, 5):
            org = self.walk(random.Random(seed))  # noqa: S311 - a test, to be repeated
            for actor in org.actors:
                org.kill(actor, arrives=True)
            org.pass_time(2 * LONG)
            last = org.add("e", wait=10 * LONG)
            for _ in range(400):
                if last.state == "holds":
                    break
                org.land(last)
            assert last.state == "holds", seed

    def walk(self, chance: random.Random) -> Org:
        store = chance.choice([{}, left_behind(claims=0), left_behind(claims=1)])
        org = Org(store, stamps=chance.random() < 0.5)
        for name in "abcd":
            skew = chance.choice([-30.0, 0.0, 30.0])
            org.add(name, wait=chance.choice([0.0, 2000.0]), skew=skew)
        left = Budget(2, 3, 3, (LONG, LONG, TERMS.last_call, TERMS.renew, 400.0, 60.0))
        for _ in range(chance.randrange(20, 120)):
            possible = list(moves(org, left))
            if not possible:
                break
            weights = [WEIGHTS[move[0]] for move in possible]
            left = make(org, chance.choices(possible, weights)[0], left)
        return org


def test_a_clock_that_is_an_hour_wrong_lets_nobody_in() -> None:
    for skew in (-3600.0, 3600.0):
        org = Org()
        holder = org.add("a", skew=-skew)
        run_until(org, holder, "holds")
        other = org.add("b", skew=skew)
        run_until(org, other, "refused")
        assert holder.may_write


def test_without_the_orgs_clock_an_hour_would_let_two_in() -> None:
    org = Org()
    holder = org.add("a", skew=-3600.0)
    run_until(org, holder, "holds")
    org.store[LOCK] = org.store[LOCK]._replace(updated=None)
    other = org.add("b")
    with pytest.raises(TwoHoldersError):
        run_until(org, other, "holds")


@pytest.mark.parametrize(
    "lock",
    [
        Record(),  # somebody made the type by hand
        expired(expires=9_000_000.0),  # its holder's clock was years ahead
        expired("x" * 500, expires=None),
    ],
)
def test_a_lock_that_tells_no_expiry_is_taken_over_when_nothing_moved_for_a_lease(
    lock: Record,
) -> None:
    org = Org({LOCK: lock})
    run_until(org, org.add("a", wait=TERMS.lease), "refused")
    run_until(org, org.add("b", wait=LONG + 60), "holds")
    assert 2 * TERMS.lease < org.now - 1_000_000 < 2 * LONG + 60
    assert set(org.store) == {LOCK}


def test_a_lock_of_a_dead_run_of_the_same_folder_is_taken_over_at_once() -> None:
    org = Org()
    killed = org.add("a")
    run_until(org, killed, "holds")
    org.kill(killed, arrives=False)
    stranger = org.add("b")
    run_until(org, stranger, "refused")
    heir = org.add("c", own_runs={"run-a"})
    run_until(org, heir, "holds")
    assert org.now == 1_000_000
    assert org.store[LOCK].run == "run-c"
    assert set(org.store) == {LOCK}


def test_claims_whose_makers_were_killed_are_cleared_away() -> None:
    org = Org(left_behind(claims=3))
    taker = org.add("a")
    run_until(org, taker, "holds")
    assert set(org.store) == {LOCK}


def run_until(org: Org, actor: Actor, state: str) -> None:
    for _ in range(1000):
        if actor.state == state:
            return
        org.land(actor)
    raise AssertionError(actor)


def run_to(org: Org, actor: Actor, kind: type[Step]) -> None:
    """Go on until the next request is of this kind, and leave it unsent."""
    while not isinstance(actor.pending, kind):
        org.land(actor)


def test_a_claim_is_never_mistaken_for_the_lock_of_its_maker() -> None:
    org = Org({LOCK: expired()})
    taker = org.add("a")
    while expired().claim not in org.store:
        org.land(taker)
    claim = org.store[expired().claim]
    run_until(org, taker, "holds")
    assert org.store[LOCK].run == claim.run == "run-a"
    assert org.store[LOCK].claim != claim.claim


def test_a_claim_of_ours_that_ran_out_is_no_claim() -> None:
    org = Org({LOCK: expired()}, stamps=False)
    taker = org.add("a", wait=3 * LONG)
    run_to(org, taker, Put)
    org.lose(taker, arrives="never")
    org.pass_time(LONG)
    run_until(org, taker, "holds")
    assert set(org.store) == {LOCK}


def test_a_claim_on_one_lock_gives_no_right_to_another() -> None:
    org = Org({LOCK: expired()}, stamps=False)
    taker = org.add("b")
    while expired().claim not in org.store:
        org.land(taker)
    org.store[LOCK] = expired("f" * 16)
    run_to(org, taker, Put)
    assert org.store[f"fleetsync-lock-{'f' * 16}"].run == "run-b"
    assert expired().claim not in org.store


@pytest.mark.parametrize("arrives", ["late", "never"])
def test_while_a_takeover_may_be_on_its_way_nobody_else_gets_in(arrives: str) -> None:
    org = Org({LOCK: expired()}, stamps=False)
    taker = org.add("a")
    run_to(org, taker, Put)
    org.lose(taker, arrives=arrives)
    org.land(taker)
    org.kill(taker, arrives=False)
    other = org.add("b")
    run_until(org, other, "refused")
    org.pass_time(LONG)
    last = org.add("c", wait=LONG)
    run_until(org, last, "holds")
    assert set(org.store) == {LOCK}


@pytest.mark.parametrize("state", ["holds", "renews"])
def test_what_might_arrive_too_late_is_not_begun(state: str) -> None:
    org = Org()
    holder = org.add("a")
    run_until(org, holder, "holds")
    if state == "renews":
        org.pass_time(TERMS.lease - TERMS.last_call)
        holder.renew()
    else:
        org.pass_time(TERMS.lease - TERMS.last_call - 1)
        holder.release()
    org.land(holder)
    org.pass_time(2)
    org.land(holder)
    assert (holder.pending, holder.state) == (None, "holds" if state == "renews" else "gone")
    assert LOCK in org.store
