"""Show what became of a plan: truthfully, the failures with their reasons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fleetsync.apply.outcome import Outcome, Status
from fleetsync.diff.change import Action, Change
from fleetsync.errors import FleetsyncError
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.plan import STAGES, Plan
from fleetsync.plan.policy import policy_document
from fleetsync.report.online import Online, online_counts, online_document, online_lines
from fleetsync.report.words import counted, counted_kind, listed

FORMAT_VERSION = 1
_FOLD = 20
_PAST = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}


class Report(NamedTuple):
    """The ends of all changes of one run; ``records`` are the notes that are no changes.

    ``online`` is which of the new devices came up, where somebody waited for them. ``stopped``
    tells that a signal came, be it that nothing was left to do.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    records: tuple[Outcome, ...]
    fatal: FleetsyncError | None
    calls: int
    secrets_file: str
    online: Online | None = None
    stopped: bool = False

    @property
    def counts(self) -> Mapping[Status, int]:
        """Count the changes by how they ended."""
        return _count(self.outcomes)

    @property
    def changed(self) -> int:
        """How many changes were carried out."""
        return self.counts.get(Status.DONE, 0)

    @property
    def incomplete(self) -> bool:
        """Tell whether anything is left to do, be it that deletes are withheld."""
        ends = {outcome.status for outcome in (*self.outcomes, *self.records)}
        return bool(ends & {Status.FAILED, Status.NOT_TRIED}) or self.plan.withheld > 0


def _count(outcomes: Sequence[Outcome]) -> Counter[Status]:
    return Counter(outcome.status for outcome in outcomes)


def make_report(
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    fatal: FleetsyncError | None,
    calls: int,
    secrets_file: str,
) -> Report:
    """Put the outcomes of a plan's changes and of its records apart."""
    size = len(plan.changes)
    return Report(plan, tuple(outcomes[:size]), tuple(outcomes[size:]), fatal, calls, secrets_file)


def render_report(report: Report, *, again: str, full: bool = False) -> str:
    """Write the report as text; ``full`` folds nothing, ``again`` is what to run to go on."""
    lines = [_headline(report)]
    for status, title in ((Status.FAILED, "failed"), (Status.NOT_TRIED, "not tried")):
        lines += _section(report, status, title, full=full)
    already = report.counts.get(Status.ALREADY, 0)
    if already:
        lines.append(f"{counted(already, 'change', 'changes')} had happened already.")
    noted = _count(report.records)[Status.DONE]
    if noted:
        lines.append(f"{counted(noted, 'location', 'locations')} noted.")
    lines += _footnotes(report)
    if report.online is not None:
        lines += online_lines(report.online, full=full)
    if report.incomplete:
        lines.append(f"To go on: {again}")
    return "\n".join(lines) + "\n"


def _headline(report: Report) -> str:
    done = Counter(
        (outcome.change.kind, outcome.change.action)
        for outcome in report.outcomes
        if outcome.status is Status.DONE
    )
    parts = [
        f"{counted_kind(done[stage], stage[0])} {_PAST[stage[1]]}"
        for stage in STAGES
        if done[stage]
    ]
    target = f"{shown(report.plan.fleet)} in org {shown(report.plan.org)}"
    undoes = report.plan.undoes
    what = "Applied" if undoes is None else f"Undo of run {shown(undoes)} applied"
    return f"{what} to {target}: {listed(parts) or 'nothing changed'}."


def _section(report: Report, status: Status, title: str, *, full: bool) -> Iterator[str]:
    outcomes = [o for o in (*report.outcomes, *report.records) if o.status is status]
    if not outcomes:
        return
    yield f"{counted(len(outcomes), 'change', 'changes')} {title}:"
    limit = len(outcomes) if full else _FOLD
    for outcome in outcomes[:limit]:
        yield f"  ! {_where(outcome.change)}: {outcome.change.action}: {shown(outcome.reason)}"
    if limit < len(outcomes):
        reasons = Counter(outcome.reason for outcome in outcomes[limit:])
        for reason, count in reasons.most_common(_FOLD):
            yield f"  ! ... and {count:,} more: {shown(reason)}"


def _where(change: Change) -> str:
    source = f" ({shown(change.source.file)}:{change.source.line})" if change.source else ""
    return f"{shown(change.name)}{source}"


def _footnotes(report: Report) -> Iterator[str]:
    created = any(
        outcome.status is Status.DONE
        and outcome.change.kind is Kind.DEVICE
        and outcome.change.action is Action.CREATE
        for outcome in report.outcomes
    )
    if created:
        yield f"Tokens of new devices: {shown(report.secrets_file)}"
    yield f"API calls: {report.calls:,}."


def report_text(report: Report) -> Iterator[str]:
    """Write the report as a JSON document, one outcome a line, in ASCII.

    ``records`` and their counts are apart from the changes, which alone are ``outcomes``.
    """
    facts = report_head(report)
    if report.online is not None:
        facts["online"] = online_document(report.online)
    head = json.dumps(facts, indent=2).removesuffix("\n}")
    yield f'{head},\n  "outcomes": ['
    yield from _listed(report.outcomes)
    yield '],\n  "records": ['
    yield from _listed(report.records)
    yield "]\n}\n"


def report_head(report: Report) -> dict[str, Any]:
    """Give all of the document that is not a list."""
    plan = report.plan
    return {
        "formatVersion": FORMAT_VERSION,
        "fleet": plan.fleet,
        "org": plan.org,
        "digest": plan.digest,
        "summary": {**_summary(report.outcomes), "records": _summary(report.records)},
        "withheld": plan.withheld,
        "apiCalls": report.calls,
        "error": str(report.fatal) if report.fatal else None,
    } | _only_where_there_are_some(report)


def _only_where_there_are_some(report: Report) -> dict[str, Any]:
    plan = report.plan
    found: dict[str, Any] = {} if plan.undoes is None else {"undoes": plan.undoes}
    if report.online is not None:
        found["online"] = online_counts(report.online)
    if plan.policies:
        found["policies"] = [policy_document(each) for each in plan.policies]
    return found


def _summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    counts = _count(outcomes)
    return {status.value: counts[status] for status in Status}


def _listed(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for number, outcome in enumerate(outcomes):
        yield ("," if number else "") + "\n    " + json.dumps(outcome_document(outcome))
    if outcomes:
        yield "\n  "


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Give one outcome as the document writes it."""
    change = outcome.change
    document: dict[str, Any] = {
        "status": outcome.status.value,
        "action": change.action.value,
        "kind": change.kind.value,
        "typeId": change.type_id,
    }
    if change.device_id is not None:
        document["deviceId"] = change.device_id
    document["source"] = change.source._asdict() if change.source else None
    document["reason"] = outcome.reason
    return document
