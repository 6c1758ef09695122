"""Write a plan as Markdown: numbers first, deletes before all else, then who changes alike.

However large the plan is, the document is not longer than asked for: what does not fit is folded
step by step, samples before ids and deletes last, and the document says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from fleetsync.diff.change import Action
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.plan.view import PlanView, ShownChange, Stage, field_texts
from fleetsync.report.markdown.cluster import Member, gather
from fleetsync.report.markdown.detail import Folded, Head
from fleetsync.report.markdown.document import Section, fitted
from fleetsync.report.markdown.policies import policy_section
from fleetsync.report.markdown.safe import cell, code, marker, short
from fleetsync.report.presence import told_reason
from fleetsync.report.text import READING_ORDER, counts_in_words, notes
from fleetsync.report.words import counted, counted_kind, listed

MARKER = "fleetsync:"
"""How the hidden line of a plan begins, so that a later run finds the comment to update."""
_NAME_CHARACTERS = 64
"""No name of a fleet or type is longer; what another plan tells is cut."""
_ACTIONS = (Action.DELETE, Action.CREATE, Action.UPDATE)


def plan_markdown(view: PlanView, *, whole: str, max_bytes: int) -> str:
    """Write a plan in at most ``max_bytes`` of UTF-8; ``whole`` is the command that shows all.

    ``max_bytes`` is 4,000 at least: numbers, deletes and refusals need that much.
    """
    sections = [
        _section(view, action, kind, max_bytes)
        for action, kind in READING_ORDER
        if view.number_of(kind, action)
    ]
    return fitted(partial(_head, view), sections, whole=whole, max_bytes=max_bytes)


def _section(view: PlanView, action: Action, kind: Kind, max_bytes: int) -> Section:
    stage = kind, action
    members = (_member(stage, change, view.created_at) for change in view.walk(stage))
    clusters = gather(members, max_bytes)
    title = f"{action.value.capitalize()} {counted_kind(view.number_of(kind, action), kind)}"
    return Section(title, clusters, first=action is Action.DELETE)


def _member(stage: Stage, change: ShownChange, made_at: str) -> Member:
    """Give what a cluster is made by; why it is done says more than the fields only of a delete."""
    texts = tuple(sorted(field_texts(change)))
    note = told_reason(change, made_at) if stage[1] is Action.DELETE else ""
    return Member(stage, change.type_id, change.device_id, texts, note, change.source)


def _head(view: PlanView, head: Head, folded: Folded) -> Iterator[str]:
    """Write the first screen."""
    yield marker(MARKER, view.fleet, view.digest)
    yield f"## {_title(view)}"
    yield ""
    yield _sentence(view)
    yield from refusal_lines(view, head, folded)
    yield from _warning_lines(view.warnings, head, folded)
    yield from policy_section(view.policies, head, folded)
    if any(view.sizes.values()):
        yield from _table(view, head, folded)
    yield ""
    yield " ".join(notes(view))


def _title(view: PlanView) -> str:
    target = f"{_named(view.fleet)} in org {_named(view.org)}"
    if view.undoes is not None:
        return f"Undo of run {_named(view.undoes)} for {target}"
    return f"Plan for {target}"


def _named(text: str) -> str:
    return code(short(text, _NAME_CHARACTERS))


def _sentence(view: PlanView) -> str:
    made = f"Made {_named(view.created_at)}."
    if view.empty and view.undoes is None:
        return f"No changes: the org is as the manifests say. {made}"
    words = (counts_in_words(view) or "nothing that can be done").capitalize()
    first, comma, rest = words.partition(",")
    if first.startswith("Delete"):
        words = f"**{first}**{comma}{rest}"
    return f"{words}. {made}"


def refusal_lines(view: PlanView, head: Head, folded: Folded) -> Iterator[str]:
    """Say why a plan is refused; what has no room is counted by its rule."""
    if not view.refusals:
        return
    yield from ("", "> [!CAUTION]", "> **Apply would refuse this plan:**", ">")
    messages = [refusal.message for refusal in view.refusals]
    yield from _messages(messages, head, folded)
    rest = Counter(refusal.code.value for refusal in view.refusals[head.messages :])
    if rest:
        rules = listed([f"{count:,} by {code(rule)}" for rule, count in rest.items()])
        more = counted(rest.total(), "refusal", "refusals")
        yield f"> - {more} whose words have no room here: {rules}"


def _warning_lines(warnings: Sequence[str], head: Head, folded: Folded) -> Iterator[str]:
    if not warnings:
        return
    yield from ("", "> [!WARNING]")
    yield from _messages(warnings, head, folded)
    rest = len(warnings[head.messages :])
    if rest:
        yield f"> - {counted(rest, 'more warning', 'more warnings')}"


def _messages(messages: Sequence[str], head: Head, folded: Folded) -> Iterator[str]:
    folded.messages += len(messages[head.messages :])
    for message in messages[: head.messages]:
        text = shown(message)
        cut = short(text, head.characters)
        folded.shortened += cut != text
        yield f"> - {code(cut)}"


def _table(view: PlanView, head: Head, folded: Folded) -> Iterator[str]:
    """Count by type and action: all, then each type, those first that lose the most devices."""
    yield from ("", "| | delete | create | update |", "| --- | ---: | ---: | ---: |")
    for kind in Kind:
        counts = [view.number_of(kind, action) for action in _ACTIONS]
        if any(counts):
            yield _line(f"all {'device types' if kind is Kind.DEVICE_TYPE else 'devices'}", counts)
    per_type = _per_type(view)
    if len(per_type) < 2:
        return
    for type_id, counts in per_type[: head.types]:
        yield _line(cell(short(type_id, _NAME_CHARACTERS)), counts)
    rest = [counts for _, counts in per_type[head.types :]]
    if rest:
        folded.types += len(rest)
        total = [sum(column) for column in zip(*rest, strict=True)]
        yield _line(f"devices of {counted(len(rest), 'more type', 'more types')}", total)


def _per_type(view: PlanView) -> list[tuple[str, list[int]]]:
    columns = [view.sizes.get((Kind.DEVICE, action), {}) for action in _ACTIONS]
    names = {name for column in columns for name in column}
    rows = [(name, [column.get(name, 0) for column in columns]) for name in names]
    return sorted(rows, key=lambda row: (-row[1][0], -sum(row[1]), row[0]))


def _line(name: str, counts: Sequence[int]) -> str:
    delete, *others = counts
    cells = [f"**{delete:,}**" if delete else "0", *(f"{count:,}" for count in others)]
    return f"| {name} | {' | '.join(cells)} |"
