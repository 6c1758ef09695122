"""Point at the lines of manifests that a plan is about, in the commands of GitHub's runner."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from fleetsync.diff.change import Action
from fleetsync.escape import shown
from fleetsync.model import Source
from fleetsync.plan.view import PlanView, ShownChange
from fleetsync.report.text import READING_ORDER
from fleetsync.report.words import counted, counted_kind

_MOST = 10
"""GitHub shows no more of a kind from one step."""
_LONGEST = 500


class _Note(NamedTuple):
    level: str
    words: str
    source: Source | None = None


def annotation_lines(view: PlanView, folder: str) -> Iterator[str]:
    """Give the lines to print; ``folder`` is that of fleet.yaml, from the top of the repository."""
    refusals = [_Note("error", f"Apply would refuse: {each.message}.") for each in view.refusals]
    deletes = [
        _Note("warning", f"{counted_kind(view.number_of(kind, action), kind)} would be deleted.")
        for action, kind in READING_ORDER
        if action is Action.DELETE and view.number_of(kind, action)
    ]
    for note in (*refusals[:_MOST], *deletes, *_notices(view)):
        yield _line(note, folder)


def _notices(view: PlanView) -> Iterator[_Note]:
    changes = chain.from_iterable(view.walk((kind, action)) for action, kind in READING_ORDER)
    placed = (change for change in changes if change.source is not None)
    shown_ones = list(islice(placed, _MOST))
    rest = sum(1 for _ in placed)
    if rest:
        shown_ones.pop()
        rest += 1
    yield from map(_notice, shown_ones)
    if rest:
        yield _Note("notice", f"{counted(rest, 'more change', 'more changes')}: see the summary.")


def _notice(change: ShownChange) -> _Note:
    words = f"{change.action.value} {change.name}: {change.reason}"
    return _Note("notice", words, change.source)


def _line(note: _Note, folder: str) -> str:
    where = ""
    if note.source is not None:
        file = note.source.file if folder in ("", ".") else f"{folder}/{note.source.file}"
        where = f" file={_property(file)},line={note.source.line}"
    return f"::{note.level}{where}::{_message(note.words[:_LONGEST])}\n"


def _message(text: str) -> str:
    """Write text so that it stays one command."""
    return shown(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
