"""Ask policies one by one what they say to a plan, however large it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from fleetsync.diff.change import Action
from fleetsync.model import DesiredFleet, Kind, LiveFleet, Source
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_summary
from fleetsync.plan.policy import MAX_FINDINGS, Finding, PolicyOutcome, PolicyStatus
from fleetsync.policy.asked import Subject, subjects
from fleetsync.policy.policy import Ask, Asked, CannotJudgeError, Over, Policy

_OFTEN = 1000


class Matter(NamedTuple):
    """A plan and all that it was made from, and the time by which it is judged (with its zone)."""

    plan: Plan
    desired: DesiredFleet
    live: LiveFleet
    now: datetime


Tell = Callable[[int, int | None], None]
"""Is told now and then how many of how many were asked about."""


def judge(
    policies: Sequence[Policy], matter: Matter, tell: Tell = lambda done, total: None
) -> dict[str, PolicyOutcome]:
    """Ask all policies that are no commands; the outcomes stand under the policies' names."""
    asking = [_Asking(policy, policy.test) for policy in policies if isinstance(policy.test, Ask)]
    context = context_of(matter)
    telling = _Telling(tell)
    for over in Over:
        those = [each for each in asking if each.over is over]
        if those:
            _ask_all(those, _subjects(over, matter), context, telling)
    return {each.policy.name: each.outcome() for each in asking}


def context_of(matter: Matter) -> dict[str, object]:
    """Give what every policy may ask for."""
    plan = matter.plan
    return {
        "summary": plan_summary(plan),
        "types": _by_type(plan),
        "fleet": plan.fleet,
        "org": plan.org,
        "undo": plan.undoes is not None,
        "now": matter.now,
    }


def _by_type(plan: Plan) -> dict[str, dict[str, int]]:
    """Count the changes of devices by type and action."""
    counts: dict[str, dict[str, int]] = {}
    for change in plan.changes:
        if change.kind is Kind.DEVICE:
            if change.type_id not in counts:
                counts[change.type_id] = {action.value: 0 for action in Action}
            counts[change.type_id][change.action.value] += 1
    return counts


def _subjects(over: Over, matter: Matter) -> Iterable[Subject]:
    if over is Over.SUMMARY:
        return (Subject(None, None, {}, partial(plan_summary, matter.plan)),)
    return subjects(over, matter.plan, matter.desired, matter.live)


def _ask_all(
    asking: Sequence[_Asking],
    subjects: Iterable[Subject],
    context: Mapping[str, object],
    telling: _Telling,
) -> None:
    for subject in subjects:
        telling.one_more()
        those = [each for each in asking if each.fits(subject.head)]
        if those:
            asked = subject.write()
            for each in those:
                each.ask(subject, asked, context)


class _Telling:
    """Tell now and then how many were asked about."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._done = 0

    def one_more(self) -> None:
        """Count one."""
        self._done += 1
        if self._done % _OFTEN == 0:
            self._tell(self._done, None)


class _Kept(NamedTuple):
    """Something found, and what its words are made from later."""

    name: str
    source: Source | None
    asked: Asked
    failure: str | None


class _Asking:
    """One policy while it is asked: how much it found, and the first by name."""

    def __init__(self, policy: Policy, test: Ask) -> None:
        self.policy = policy
        self.over = test.over
        self._test = test
        self._count = 0
        self._failed = False
        self._kept: list[_Kept] = []

    def fits(self, head: Asked) -> bool:
        """Tell whether it is asked of this at all."""
        return self._test.when.fits(head)

    def ask(self, subject: Subject, asked: Asked, context: Mapping[str, object]) -> None:
        """Ask about one subject, which is written out in ``asked``."""
        failure = None
        try:
            if self._test.rule.holds(asked, context):
                return
        except CannotJudgeError as error:
            failure, self._failed = str(error), True
        self._count += 1
        self._kept.append(_Kept(subject.name or "", subject.source, asked, failure))
        if len(self._kept) == 2 * MAX_FINDINGS:
            self._keep_first()

    def _keep_first(self) -> None:
        """Give up all but the first by name, so that the order of asking does not count."""
        self._kept.sort(key=lambda kept: kept.name)
        del self._kept[MAX_FINDINGS:]

    def outcome(self) -> PolicyOutcome:
        """Give what came of it."""
        self._keep_first()
        found = PolicyStatus.FAILED if self._failed else PolicyStatus.VIOLATED
        return PolicyOutcome(
            self.policy.name,
            self.policy.severity,
            found if self._count else PolicyStatus.PASSED,
            self.policy.message,
            self.policy.source,
            self._count,
            tuple(map(self._finding, self._kept)),
        )

    def _finding(self, kept: _Kept) -> Finding:
        name = kept.name or None
        if kept.failure is not None:
            return Finding(name, kept.source, f"cannot be judged: {kept.failure}")
        return Finding(name, kept.source, self._test.rule.explain(kept.asked))
