"""Point at the lines of manifests that a plan is about, in the commands of GitHub's runner."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
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
    """Give one note for each line of a manifest and action, as far as they are shown."""
    changes = chain.from_iterable(view.walk((kind, action)) for action, kind in READING_ORDER)
    found: dict[tuple[Source, Action], tuple[ShownChange, int]] = {}
    more = 0
    for change in changes:
        if change.source is None:
            continue
        place = change.source, change.action
        if place in found or len(found) < _MOST - 1:
            first, count = found.get(place, (change, 0))
            found[place] = first, count + 1
        else:
            more += 1
    yield from (_notice(first, count) for first, count in found.values())
    if more:
        yield _Note("notice", f"{counted(more, 'more change', 'more changes')}: see the summary.")


def _notice(change: ShownChange, count: int) -> _Note:
    words = f"{change.action.value} {change.name}: {change.reason}"
    if count > 1:
        words = f"{change.action.value} {counted_kind(count, change.kind)}, such as {change.name}"
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
