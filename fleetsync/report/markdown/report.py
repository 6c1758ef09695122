"""Write as Markdown what became of a plan: numbers first, then what failed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from fleetsync.apply.outcome import Outcome, Status
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.plan.view import Stage
from fleetsync.report.markdown.cluster import Member, gather
from fleetsync.report.markdown.detail import Folded, Head
from fleetsync.report.markdown.document import Section, fitted
from fleetsync.report.markdown.policies import policy_section
from fleetsync.report.markdown.safe import code, marker, short
from fleetsync.report.online import Online, arrived, counts_in_words, few, missing
from fleetsync.report.outcome import Report
from fleetsync.report.text import READING_ORDER
from fleetsync.report.words import counted

MARKER = "fleetsync-apply:"
"""How the hidden line of a report begins."""
_WORDS = {
    Status.DONE: "done",
    Status.ALREADY: "already so",
    Status.FAILED: "failed",
    Status.NOT_TRIED: "not tried",
}
_TOLD = (Status.FAILED, Status.NOT_TRIED)
_NAME_CHARACTERS = 60


def report_markdown(report: Report, *, again: str, whole: str, max_bytes: int) -> str:
    """Write a report in at most ``max_bytes`` of UTF-8, which are 4,000 at least.

    ``again`` is what to run to go on, ``whole`` how to see all of it.
    """
    sections = [_section(report, status, max_bytes) for status in _TOLD]
    head = partial(_head, report, again)
    return fitted(head, [s for s in sections if s.clusters], whole=whole, max_bytes=max_bytes)


def _section(report: Report, status: Status, max_bytes: int) -> Section:
    outcomes = [o for o in (*report.outcomes, *report.records) if o.status is status]
    title = f"{counted(len(outcomes), 'change', 'changes')} {_WORDS[status]}"
    return Section(title, gather(map(_member, outcomes), max_bytes), first=status is Status.FAILED)


def _member(outcome: Outcome) -> Member:
    change = outcome.change
    stage = change.kind, change.action
    return Member(stage, change.type_id, change.device_id, (), outcome.reason, change.source)


def _head(report: Report, again: str, head: Head, folded: Folded) -> Iterator[str]:
    """Write the first screen."""
    plan = report.plan
    yield marker(MARKER, plan.fleet, plan.digest)
    target = f"{code(plan.fleet)} in org {code(short(plan.org, _NAME_CHARACTERS))}"
    undo = f"Undo of run {code(plan.undoes)} applied" if plan.undoes is not None else "Applied"
    yield f"## {undo} to {target}"
    yield from ("", _sentence(report))
    if report.fatal is not None:
        words = shown(str(report.fatal))
        cut = short(words, max(head.characters, 200))
        folded.shortened += cut != words
        yield from ("", "> [!CAUTION]", f"> {code(cut)}")
    yield from policy_section(plan.policies, head, folded)
    if report.outcomes:
        yield from _table(report.outcomes)
    if report.online is not None:
        yield from _online_lines(report.online, head)
    yield ""
    yield f"API calls: {report.calls:,}."
    if report.incomplete:
        yield f"To go on: {code(short(again, 200))}"


def _online_lines(online: Online, head: Head) -> Iterator[str]:
    """Say which new devices came up, as names have room."""
    reason = short(shown(online.reason), max(head.characters, 100))
    yield from ("", counts_in_words(online) + (f": {code(reason)}" if reason else "."))
    for names, words in (*missing(online), (arrived(online), "came up")):
        if not names:
            continue
        told = few(names, min(20, head.messages))
        yield f"- {words}: {code(short(told, max(head.characters, 100)))}"


def _sentence(report: Report) -> str:
    if not report.outcomes:
        return "Nothing changed."
    parts = [f"{report.counts[each]:,} {words}" for each, words in _WORDS.items()]
    noted = sum(outcome.status is Status.DONE for outcome in report.records)
    tail = f" {counted(noted, 'location', 'locations')} noted." if noted else ""
    return f"{counted(len(report.outcomes), 'change', 'changes')}: {', '.join(parts)}.{tail}"


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Count by what was to be done and how it ended."""
    counts: dict[tuple[Stage, Status], int] = {}
    for outcome in outcomes:
        key = (outcome.change.kind, outcome.change.action), outcome.status
        counts[key] = counts.get(key, 0) + 1
    yield from ("", f"| | {' | '.join(_WORDS.values())} |", "| --- |" + " ---: |" * len(_WORDS))
    for action, kind in READING_ORDER:
        found = {status: counts.get(((kind, action), status), 0) for status in _WORDS}
        if any(found.values()):
            noun = "device types" if kind is Kind.DEVICE_TYPE else "devices"
            cells = " | ".join(_cell(status, count) for status, count in found.items())
            yield f"| {action.value} {noun} | {cells} |"


def _cell(status: Status, count: int) -> str:
    return f"**{count:,}**" if count and status is Status.FAILED else f"{count:,}"
