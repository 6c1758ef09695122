"""Match an approved plan with one made just now, change by change, and keep what is in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from fleetsync.diff.change import Action, Change
from fleetsync.diff.fleet import FleetDiff
from fleetsync.model import DesiredFleet, DeviceKey, Kind, LiveFleet
from fleetsync.plan.cost import apply_cost
from fleetsync.plan.digest import change_digest, plan_digest
from fleetsync.plan.limits import Limits, RefusalCode, find_refusals
from fleetsync.plan.meanwhile import Fate, Verdict, judge
from fleetsync.plan.plan import Plan
from fleetsync.plan.saved import SavedPlan

_NO_TYPE = Verdict(Fate.CHANGED, "left alone, for the org does not show its device type any more")
_NOT_EMPTY = "left alone, for it has devices that this plan does not delete: {}"


class Now(NamedTuple):
    """The plan made just now, and all that it was made from."""

    plan: Plan
    desired: DesiredFleet
    live: LiveFleet
    limits: Limits


class Aside(NamedTuple):
    """An approved change that is not carried out, with the reason in words."""

    change: Change
    fate: Fate
    reason: str


class Matched(NamedTuple):
    """What of an approved plan goes ahead, as a ``plan`` weighed anew, and what does not.

    ``unapproved`` counts the changes that are due now and were not in the approved plan.
    """

    plan: Plan
    asides: tuple[Aside, ...] = ()
    unapproved: int = 0

    @property
    def is_stale(self) -> bool:
        """Tell whether nothing of it can be applied, since all that is left changed meanwhile."""
        fates = {aside.fate for aside in self.asides}
        return Fate.CHANGED in fates and Fate.ALREADY not in fates and not self.plan.changes


def match_plan(saved: SavedPlan, now: Now) -> Matched:
    """Keep those of the changes that are due now which were approved and are as they were then.

    Only a plan for the same fleet, org and manifests can be matched: see ``check_still_fits``.
    """
    due = {change.name: change for change in now.plan.changes}
    verdicts = {
        each.name: judge(each, due.get(each.name), saved, now.live) for each in saved.changes
    }
    ahead = {name for name, verdict in verdicts.items() if verdict is None}
    for name, held in _held_up(ahead, now.plan):
        verdicts[name] = held
        ahead.discard(name)
    asides = tuple(
        Aside(saved.change(each), *verdict)
        for each in saved.changes
        if (verdict := verdicts[each.name]) is not None
    )
    plan = _narrowed([due[name] for name in due if name in ahead], asides, saved, now)
    return Matched(plan, asides, len(due.keys() - verdicts.keys()))


def unmatched_moves(saved: SavedPlan, plan: Plan) -> frozenset[DeviceKey]:
    """Name the devices that shall move by the saved plan, though ``plan`` does not see it so.

    Their locations may have been read one by one for the saved plan.
    """
    if not saved.moved:
        return frozenset()
    due = {change.name: change for change in plan.changes}
    return frozenset(
        DeviceKey(each.type_id, each.device_id)
        for each in saved.changes
        if each.device_id is not None
        and (each.type_id, each.device_id) in saved.moved
        and ((found := due.get(each.name)) is None or change_digest(found) != each.digest)
    )


def _held_up(ahead: set[str], plan: Plan) -> list[tuple[str, Verdict]]:
    """Give the changes that cannot go ahead since one that they need does not."""
    left = [change for change in plan.changes if change.name not in ahead]
    missing = {change.type_id for change in left if _is(change, Kind.DEVICE_TYPE, Action.CREATE)}
    staying = Counter(change.type_id for change in left if _is(change, Kind.DEVICE, Action.DELETE))
    held: list[tuple[str, Verdict]] = []
    for change in plan.changes if left else ():
        if change.name not in ahead:
            continue
        if _is(change, Kind.DEVICE, Action.CREATE) and change.type_id in missing:
            held.append((change.name, _NO_TYPE))
        elif _is(change, Kind.DEVICE_TYPE, Action.DELETE) and staying[change.type_id]:
            words = _NOT_EMPTY.format(staying[change.type_id])
            held.append((change.name, Verdict(Fate.CHANGED, words)))
    return held


def _is(change: Change, kind: Kind, action: Action) -> bool:
    return change.kind is kind and change.action is action


def _narrowed(kept: Sequence[Change], asides: Sequence[Aside], saved: SavedPlan, now: Now) -> Plan:
    """Weigh and cost anew what goes ahead."""
    plan, fates = now.plan, Counter(aside.fate for aside in asides)
    records = tuple(record for record in plan.records if record.key in saved.records)
    if not kept and fates[Fate.CHANGED]:
        records = ()  # a note is no reason to call a stale plan applied
    diff = FleetDiff(changes=list(kept))
    weighed = find_refusals(diff, desired=now.desired, live=now.live, limits=now.limits)
    classes = (each for each in plan.refusals if each.code is RefusalCode.CLASS_CHANGE)
    return plan._replace(
        changes=tuple(kept),
        digest=plan_digest(kept),
        records=records,
        refusals=(*weighed, *classes),
        withheld=min(plan.withheld, saved.withheld + fates[Fate.WITHHELD]),
        cost=apply_cost(plan.cost.read, kept, records),
    )
