"""Show as a page what became of a plan: what failed and why comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fleetsync.apply.outcome import Outcome, Status
from fleetsync.diff.change import Action
from fleetsync.model import Kind
from fleetsync.plan.view import Stage
from fleetsync.report.html.data import Row
from fleetsync.report.html.markup import count_table, text
from fleetsync.report.html.page import Assets, Page, page_html
from fleetsync.report.html.policies import policy_lists
from fleetsync.report.online import arrived, few, missing, online_sentence
from fleetsync.report.outcome import Report
from fleetsync.report.text import READING_ORDER
from fleetsync.report.words import counted

_ORDER = (Status.FAILED, Status.NOT_TRIED, Status.ALREADY, Status.DONE)
WORDS = {
    Status.FAILED: "failed",
    Status.NOT_TRIED: "not tried",
    Status.ALREADY: "already so",
    Status.DONE: "done",
}

_MOST_NAMES = 100
"""So many patterns of ids are named on a page; the JSON names more."""


def report_html(report: Report, assets: Assets, *, again: str, whole: str) -> Iterator[str]:
    """Write a report in pieces; ``again`` is what to run to go on, ``whole`` shows all of it."""
    told = [o for o in report.records if o.status in (Status.FAILED, Status.NOT_TRIED)]
    outcomes = (*report.outcomes, *told)
    fatal = [] if report.fatal is None else [str(report.fatal)]
    page = Page(
        title=_title(report),
        lead=_lead(report),
        lists=(
            ("refused", "Stopped", fatal),
            *policy_lists(report.plan.policies),
            ("warning", "Warnings", report.plan.warnings),
            ("warning", "New devices", _not_up(report)),
        ),
        summary=_summary(report, again),
        rows=_rows(outcomes),
        total=len(outcomes),
        whole=whole,
    )
    return page_html(page, assets)


def _not_up(report: Report) -> list[str]:
    if report.online is None:
        return []
    return [line for names, words in missing(report.online) for line in _lines(names, words)]


def _lines(names: list[str], words: str) -> list[str]:
    """Give each its line, up to what a page has room for."""
    more = len(names) - _MOST_NAMES
    rest = [f"{words}: {more:,} more"] if more > 0 else []
    return [*(f"{words}: {name}" for name in names[:_MOST_NAMES]), *rest]


def _title(report: Report) -> str:
    plan = report.plan
    what = "Applied" if plan.undoes is None else f"Undo of run {plan.undoes} applied"
    return f"{what} to {plan.fleet} in org {plan.org}"


def _lead(report: Report) -> str:
    if not report.outcomes:
        return "Nothing changed."
    parts = ", ".join(f"{report.counts.get(each, 0):,} {WORDS[each]}" for each in _ORDER)
    return f"{counted(len(report.outcomes), 'change', 'changes')}: {parts}."


def _rows(outcomes: tuple[Outcome, ...]) -> Iterator[Row]:
    for status in _ORDER:
        found = [outcome for outcome in outcomes if outcome.status is status]
        found.sort(key=lambda each: each.change.action is not Action.DELETE)
        yield from (Row(each.change, WORDS[status], each.reason) for each in found)


def _summary(report: Report, again: str) -> Iterator[str]:
    if report.outcomes:
        columns = ["change", *(WORDS[status] for status in _ORDER)]
        yield count_table("Changes by how they ended", columns, _counts(report))
    yield '<div class="facts">\n'
    noted = sum(outcome.status is Status.DONE for outcome in report.records)
    if noted:
        yield f"<p>{counted(noted, 'location', 'locations')} noted.</p>\n"
    if report.online is not None:
        yield f"<p>{text(online_sentence(report.online))}</p>\n"
        names = arrived(report.online)
        if names:
            yield f"<p>Came up: {text(few(names, _MOST_NAMES))}.</p>\n"
    yield f"<p>API calls: {report.calls:,}.</p>\n"
    if report.incomplete:
        yield f"<p>To go on: <code>{text(again)}</code></p>\n"
    yield f'<p class="quiet">Digest: <code>{text(report.plan.digest)}</code></p>\n</div>\n'


def _counts(report: Report) -> Iterator[list[str]]:
    counts: Counter[tuple[Stage, Status]] = Counter(
        ((each.change.kind, each.change.action), each.status) for each in report.outcomes
    )
    for action, kind in READING_ORDER:
        cells = [counts[(kind, action), status] for status in _ORDER]
        if any(cells):
            noun = "device types" if kind is Kind.DEVICE_TYPE else "devices"
            yield [f"{action.value} {noun}", *(f"{each:,}" for each in cells)]
