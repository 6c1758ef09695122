"""Decide what an apply carries out: all that is due, or what of an approved plan still fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Transport
from fleetsync.apply.outcome import Outcome, Status
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.plan import look_at_org, plan_from
from fleetsync.cli.policies import judged
from fleetsync.cli.presence import looked_at
from fleetsync.cli.progress import warn
from fleetsync.cli.session import Look, plan_rules
from fleetsync.errors import StalePlanError
from fleetsync.model import DeviceKey
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.match import Matched, Now, match_plan, unmatched_moves
from fleetsync.plan.meanwhile import Fate
from fleetsync.plan.saved import MAKE_NEW, SavedPlan, check_still_fits, parse_saved_plan
from fleetsync.report.outcome import Report
from fleetsync.report.words import counted


class Watch(NamedTuple):
    """How an org is read and planned for, as often as it takes; ``clock`` gives seconds.

    ``named`` are the devices that may be deleted although they are connected.
    """

    fleet: Fleet
    transport: Transport
    look: Look
    clock: Callable[[], float]
    named: frozenset[DeviceKey] = frozenset()


class Course(NamedTuple):
    """What is to be carried out, and what of an approved plan is not (``asides``).

    ``stale`` is the error to end with where nothing of an approved plan can be applied. On the
    clock of the watch, ``began_at`` is when the reading began that it all rests on, ``read_at``
    when it ended.
    """

    plan: Plan
    began_at: float
    read_at: float
    asides: tuple[Outcome, ...] = ()
    stale: StalePlanError | None = None

    def told_in(self, report: Report) -> Report:
        """Add to a report what was not carried out."""
        return report._replace(
            outcomes=(*self.asides, *report.outcomes), fatal=report.fatal or self.stale
        )


def chart(watch: Watch) -> Course:
    """Plan all that is due."""
    began_at = watch.clock()
    now = _look(watch)
    read_at = watch.clock()
    return Course(_judged(now.plan, now, watch), began_at, read_at)


def chart_approved(saved: SavedPlan, watch: Watch, *, name: str) -> Course:
    """Plan what of an approved plan is still as it was; ``name`` is the plan's, for messages.

    Raises StalePlanError for a plan of another fleet or org, or of other manifests.
    """
    began_at = watch.clock()
    now = _look(watch)
    check_still_fits(saved, now.plan, name=name)
    moves = unmatched_moves(saved, now.plan)
    if moves:  # their locations may have been read one by one
        now = _look(watch._replace(look=watch.look._replace(these=moves)))
    matched = match_plan(saved, now)
    _warn_of(matched.unapproved)
    asides = tuple(
        Outcome(
            aside.change,
            Status.ALREADY if aside.fate is Fate.ALREADY else Status.NOT_TRIED,
            aside.reason,
        )
        for aside in matched.asides
    )
    stale = _stale(matched, name) if matched.is_stale else None
    read_at = watch.clock()
    plan = matched.plan if stale else _judged(matched.plan, now, watch)
    return Course(plan, began_at, read_at, asides, stale)


def chart_shown(shown: Plan, watch: Watch) -> Course:
    """Treat a plan that was shown a while ago just like a saved one."""
    data = b"".join(piece.encode("ascii") for piece in plan_text(shown))
    name = "the plan that was shown"
    return chart_approved(parse_saved_plan(data, name=name), watch, name=name)


def _judged(plan: Plan, now: Now, watch: Watch) -> Plan:
    """Look at the devices to delete, and ask the policies: what was approved is judged anew."""
    plan = looked_at(plan, Registry(watch.transport), watch.named)
    return judged(plan, watch.fleet.settings, now.desired, now.live)


def _look(watch: Watch) -> Now:
    fleet = watch.fleet
    live = look_at_org(fleet, Registry(watch.transport), watch.look)
    limits = plan_rules(fleet.settings).limits
    return Now(plan_from(live, fleet), fleet.desired, live, limits)


def _warn_of(unapproved: int) -> None:
    if unapproved:
        are_due = counted(unapproved, "more change is", "more changes are")
        warn(f"{are_due} due by now, which nobody approved: left alone; {MAKE_NEW}")


def _stale(matched: Matched, name: str) -> StalePlanError:
    left = counted(len(matched.asides), "change is", "changes are")
    return StalePlanError(
        f"{name}: nothing of it can be applied any more: {left} left alone, for the org was changed"
        f" since the plan was made; {MAKE_NEW}"
    )
