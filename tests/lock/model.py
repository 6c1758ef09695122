"""An org and several contenders in a box: every order of their steps can be played through."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fleetsync.errors import FleetsyncError, LockedError, LockLostError, OutcomeUnknownError
from fleetsync.lock.bid import Bid
from fleetsync.lock.contender import Contender
from fleetsync.lock.judge import Judge
from fleetsync.lock.patience import Patience
from fleetsync.lock.record import Record
from fleetsync.lock.steps import Clock, Delete, Get, Lease, Pause, Post, Put, Step, Steps, Terms
from fleetsync.model.reserved import LOCK_TYPE

TERMS = Terms()
Store = dict[str, Record]


def serve(store: Store, step: Step, now: float | None) -> Record | None:
    """Do what the platform does (pages 3.4 to 3.7); ``now`` is None if it tells no time."""
    match step:
        case Post(type_id, record):
            store.setdefault(type_id, record._replace(created=now, updated=now))
        case Put(type_id, record) if type_id in store:
            store[type_id] = record._replace(created=store[type_id].created, updated=now)
            return store[type_id]
        case Get(type_id):
            return store.get(type_id)
        case Delete(type_id):
            store.pop(type_id, None)
    return None


@dataclass
class Actor:
    """One contender on its way through: wants the lock, holds it, renews it, gives it back.

    ``skew`` is how wrong its clock is. ``pending`` is the request that it has begun, ``late`` are
    requests that it has given up on and that may still arrive, ``heard`` what it was answered and
    has yet to think about.
    """

    name: str
    org: Org
    wait: float = 0.0
    skew: float = 0.0
    own_runs: Collection[str] = ()
    pending: Step | None = None
    heard: list[Record | None] = field(default_factory=list)
    begun_at: float = 0.0
    state: str = "wants"
    lease: Lease | None = None
    held_from: float = 0.0
    settled_at: float = 0.0
    history: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock(lambda: self.org.now + self.skew, lambda: self.org.now)
        who = Record("fleet", f"host of {self.name}", f"run-{self.name}", nonce=self.nonce)
        self._judge = Judge(self.clock, TERMS, self.own_runs)
        self._contender = Contender(Bid(who, self.clock, TERMS), self._judge)
        patience = Patience(self.wait, self.clock, TERMS, lambda _words: None)
        self._steps: Steps[Any] = self._contender.acquire(patience)
        self._go(lambda: next(self._steps))

    @property
    def nonce(self) -> str:
        return self.name * 16

    @property
    def is_inside(self) -> bool:
        """Whether a write of its apply may take effect, even if it was begun a while ago."""
        held = self.lease is not None and self.state in ("holds", "renews")
        return held and self.lease is not None and self.lease.ends_steady > self.org.now

    @property
    def may_write(self) -> bool:
        """Whether it may begin a write of its apply."""
        held = self.lease is not None and self.state in ("holds", "renews")
        return held and self.lease is not None and self.lease.left(self.clock) >= TERMS.last_call

    def answer(self, answer: Record | None) -> None:
        self._go(lambda: self._steps.send(answer))

    def fail(self, error: FleetsyncError) -> None:
        self._go(lambda: self._steps.throw(error))

    def renew(self) -> None:
        assert self.lease is not None
        self.state, self._steps = "renews", self._contender.renew(self.lease)
        self._go(lambda: next(self._steps))

    def release(self) -> None:
        if self.org.now < self.settled_at or not self.may_write:
            self.state, self.pending = "gone", None
            return
        self.state, self._steps = "releases", self._contender.release()
        self._go(lambda: next(self._steps))

    def _go(self, move: Callable[[], Step]) -> None:
        try:
            self.pending = move()
            self.begun_at = self.org.now
        except StopIteration as end:
            self.pending = None
            self._end(end.value)
        except LockLostError:
            self.state, self.pending = "lost", None
        except LockedError:
            self.state, self.pending = "refused", None
        except FleetsyncError:
            self._fail()

    def _fail(self) -> None:
        """Go on as ``fleetsync.lock.org`` does."""
        self.pending = None
        if self.state == "renews":
            self.state = "holds"
        elif self.state == "wants":
            self.state, self._steps = "releases", self._contender.release()
            self._go(lambda: next(self._steps))
        else:
            self.state = "gone"

    def _end(self, value: Lease | bool | None) -> None:
        if self.state == "releases":
            self.state = "gone"
            return
        if isinstance(value, Lease):
            if self.state == "wants":
                self.held_from = self.org.now
                self.org.check_nobody_else_may_write(self)
            self.lease = value
        self.state = "holds"


class TwoHoldersError(AssertionError):
    """Two may write at once."""


class Late(NamedTuple):
    """A request that is still on its way, though nobody waits for its answer."""

    begun_at: float
    name: str
    step: Step


class Org:
    """The shared world: one store, one true time, requests that arrive late."""

    def __init__(self, store: Store | None = None, *, stamps: bool = True) -> None:
        self.store: Store = dict(store or {})
        self.stamps = stamps
        self.now = 1_000_000.0
        self.actors: list[Actor] = []
        self.late: list[Late] = []

    def add(self, name: str, **options: Any) -> Actor:
        actor = Actor(name, self, **options)
        self.actors.append(actor)
        return actor

    def actor(self, name: str) -> Actor:
        return next(actor for actor in self.actors if actor.name == name)

    def land(self, actor: Actor) -> None:
        """Let the pending request arrive, and then its answer: that of a GET may be old by then."""
        step = actor.pending
        assert step is not None
        if isinstance(step, Pause):
            self.pass_time(step.seconds)
            actor.answer(None)
        elif isinstance(step, Get) and not actor.heard:
            actor.heard.append(self._arrive(actor, step))
        else:
            answer = actor.heard.pop() if actor.heard else self._arrive(actor, step)
            actor.history.append(answer)
            actor.answer(answer)

    def lose(self, actor: Actor, *, arrives: str) -> None:
        """Lose the answer; the request arrives ``now``, ``late`` or ``never``."""
        step = actor.pending
        assert step is not None
        if arrives == "now":
            self._arrive(actor, step)
        elif arrives == "late" and not isinstance(step, Get):
            self.late.append(Late(actor.begun_at, actor.name, step))
        actor.heard.clear()
        actor.history.append(arrives)
        if isinstance(step, Put):
            actor.settled_at = self.now + TERMS.last_call
        if isinstance(step, (Post, Put)):
            actor.answer(None)
        elif isinstance(step, Delete):
            actor.fail(OutcomeUnknownError("nobody knows"))
        else:
            actor.fail(FleetsyncError("no answer"))

    def land_late(self, index: int) -> None:
        """Let a request arrive that nobody waits for any more."""
        late = self.late.pop(index)
        self._arrive(self.actor(late.name), late.step)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; what is on its way arrives before its time is over."""
        until = self.now + seconds
        for late in sorted(self.late, key=lambda each: each.begun_at):
            if late.begun_at + TERMS.last_call <= until:
                self.now = max(self.now, late.begun_at + TERMS.last_call)
                self.land_late(self.late.index(late))
        self.now = until

    def kill(self, actor: Actor, *, arrives: bool) -> None:
        """End a process at once; the request that it has begun may arrive all the same."""
        if arrives and actor.pending is not None and not isinstance(actor.pending, (Get, Pause)):
            self.late.append(Late(actor.begun_at, actor.name, actor.pending))
        actor.state, actor.pending = "dead", None

    def _arrive(self, actor: Actor, step: Step) -> Record | None:
        if isinstance(step, (Put, Delete)) and step.type_id == LOCK_TYPE:
            self._check_it_hits_no_holder(actor)
        return serve(self.store, step, self.now if self.stamps else None)

    def _check_it_hits_no_holder(self, actor: Actor) -> None:
        for other in self.actors:
            there = self.store.get(LOCK_TYPE)
            if other is not actor and there and there.nonce == other.nonce and other.is_inside:
                raise TwoHoldersError(f"{actor.name} hits the lock of {other.name}")

    def check_nobody_else_may_write(self, newcomer: Actor) -> None:
        """Nobody else may begin a write, nor may one still be on its way."""
        for other in self.actors:
            if other is not newcomer and other.is_inside:
                raise TwoHoldersError(f"{other.name} and {newcomer.name} at {self.now}")

    def fingerprint(self) -> int:
        """Give the same number for the same state: whatever comes next can only be the same."""
        actors = tuple(
            (
                actor.state,
                actor.pending,
                tuple(actor.heard),
                actor.begun_at,
                actor.lease,
                actor.settled_at,
                tuple(actor.history),
            )
            for actor in self.actors
        )
        return hash((frozenset(self.store.items()), self.now, tuple(self.late), actors))


def expired(nonce: str = "0123456789abcdef", **fields: Any) -> Record:
    """A lock whose holder was killed long ago."""
    whole = {"fleet": "fleet", "run": "run-old", "expires": 999_000.0, "updated": 998_400.0}
    return Record(nonce=nonce, **{**whole, **fields})


LOCK = LOCK_TYPE
