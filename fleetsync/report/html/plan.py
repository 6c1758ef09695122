"""Show a plan as a page: numbers, refusals and warnings first, then every change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fleetsync.diff.change import Action
from fleetsync.model import Kind
from fleetsync.plan.view import PlanView
from fleetsync.report.html.data import Row
from fleetsync.report.html.markup import count_table, text
from fleetsync.report.html.page import Assets, Page, page_html
from fleetsync.report.html.policies import policy_lists
from fleetsync.report.policies import policies_in_words
from fleetsync.report.presence import told_reason
from fleetsync.report.text import READING_ORDER, counts_in_words, notes
from fleetsync.report.words import counted

_ACTIONS = (Action.DELETE, Action.CREATE, Action.UPDATE)
_TYPES = 200
"""Types with rows of their own; a fleet of more has the smaller ones counted together."""


def plan_html(view: PlanView, assets: Assets, *, whole: str) -> Iterator[str]:
    """Write a plan in pieces; ``whole`` is the command that shows all of it."""
    page = Page(
        title=_title(view),
        lead=_lead(view),
        lists=(
            ("refused", "Refused", [refusal.message for refusal in view.refusals]),
            *policy_lists(view.policies),
            ("warning", "Warnings", view.warnings),
        ),
        summary=_summary(view),
        rows=_rows(view),
        total=sum(view.number_of(kind, action) for action, kind in READING_ORDER),
        whole=whole,
    )
    return page_html(page, assets)


def _title(view: PlanView) -> str:
    what = "Plan" if view.undoes is None else f"Undo of run {view.undoes}"
    return f"{what} for {view.fleet} in org {view.org}"


def _lead(view: PlanView) -> str:
    words = counts_in_words(view)
    if words:
        return f"{words[0].upper()}{words[1:]}."
    if view.undoes is not None:
        return "Nothing is left to take back."
    return "No changes: all is as the manifests say." if view.empty else "Nothing can be done."


def _rows(view: PlanView) -> Iterator[Row]:
    for action, kind in READING_ORDER:
        for change in view.walk((kind, action)):
            yield Row(change, reason=told_reason(change, view.created_at))


def _summary(view: PlanView) -> Iterator[str]:
    if any(view.sizes.values()):
        yield count_table("Changes by type", ["type", *_ACTIONS], _counts(view))
    yield '<div class="facts">\n'
    if view.policies:
        yield f"<p>Policies: {policies_in_words(view.policies)}.</p>\n"
    yield from (f"<p>{text(note)}</p>\n" for note in notes(view))
    if view.withheld:
        yield f"<p>{counted(view.withheld, 'delete is', 'deletes are')} withheld.</p>\n"
    yield f'<p class="quiet">Made at {text(view.created_at)}. Digest: '
    yield f"<code>{text(view.digest)}</code></p>\n</div>\n"


def _counts(view: PlanView) -> Iterator[list[str]]:
    """Count by type, types with deletes first, then those with the most changes; sums last."""
    totals: dict[str, Counter[Action]] = {}
    for (_, action), types in view.sizes.items():
        for type_id, count in types.items():
            totals.setdefault(type_id, Counter())[action] += count
    order = sorted(totals, key=lambda each: (-totals[each][Action.DELETE], -totals[each].total()))
    for type_id in order[:_TYPES]:
        yield [type_id, *(f"{totals[type_id][action]:,}" for action in _ACTIONS)]
    rest = sum((totals[type_id] for type_id in order[_TYPES:]), Counter[Action]())
    if rest:
        name = f"{len(order) - _TYPES:,} more types"
        yield [name, *(f"{rest[action]:,}" for action in _ACTIONS)]
    for kind, name in ((Kind.DEVICE_TYPE, "All device types"), (Kind.DEVICE, "All devices")):
        yield [name, *(f"{view.number_of(kind, action):,}" for action in _ACTIONS)]
