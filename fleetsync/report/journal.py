"""List the runs of a fleet: what each set out to do, how it ended, and what it left open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fleetsync.escape import shown
from fleetsync.journal.entry import CUT_OFF, Deed, Ending, Name
from fleetsync.journal.run import Run
from fleetsync.model import Kind
from fleetsync.report.words import counted_kind, listed

FORMAT_VERSION = 1

DONE_WORDS = {
    Deed.CREATE_TYPE: "created",
    Deed.UPDATE_TYPE: "updated",
    Deed.CREATE_DEVICES: "created",
    Deed.UPDATE_DEVICE: "updated",
    Deed.PUT_LOCATION: "located",
    Deed.DELETE_DEVICES: "deleted",
    Deed.DELETE_TYPE: "deleted",
}
_LOOKED_UP = (Deed.CREATE_DEVICES, Deed.DELETE_DEVICES)
"""What the next apply looks up if nobody knows how it ended."""
_TYPES = (Deed.CREATE_TYPE, Deed.UPDATE_TYPE, Deed.DELETE_TYPE)
_STATUSES = {"done": "done", "already": "already so", "failed": "failed", "notTried": "not tried"}
_KINDS = {kind.value: kind for kind in Kind}


class ShownRun(NamedTuple):
    """A run as it is shown; ``run`` is None if its journal is ``damaged``, or nothing was begun.

    ``file`` is where the journal lies, ``at_work`` tells that an apply works on it right now,
    ``resumable`` that its plan is still there.
    """

    name: str
    file: str
    run: Run | None
    damaged: str = ""
    at_work: bool = False
    resumable: bool = False

    @property
    def state(self) -> str:
        """How the run ended, in a word or two."""
        if self.damaged:
            return "damaged"
        if self.at_work:
            return "at work"
        if self.run is None:
            return "nothing begun"
        return self.run.end.ended if self.run.end else CUT_OFF

    @property
    def is_open(self) -> bool:
        """Tell whether a later apply has something to settle."""
        return self.run is not None and not self.at_work and not self.run.is_settled


def runs_text(runs: Sequence[ShownRun], *, place: str, next_step: str) -> Iterator[str]:
    """Write the list, the newest first; ``next_step`` settles what is open, ``place`` is theirs."""
    if not runs:
        yield f"No runs yet: {shown(place)} holds no journal.\n"
    for each in runs:
        yield f"{each.name}  {shown(headline(each))}\n"
        yield from (f"  {shown(line)}\n" for line in story(each))
    if any(each.is_open for each in runs):
        yield f"The next apply looks what became of what is open: {next_step}\n"


def headline(each: ShownRun) -> str:
    """Say which command it was, when it began, and how it ended."""
    run = each.run
    if run is None:
        return each.state
    words = f"{run.head.command}, {moment(run.started_at)}: {each.state}"
    if run.settled_at is not None and not each.is_open:
        words += f", settled {moment(run.settled_at)}"
    return words


def story(each: ShownRun) -> Iterator[str]:
    """Say in a line each what a run set out to do, what came of it, and what is open."""
    if each.damaged:
        yield f"{each.file}: {each.damaged}"
        yield "nothing is guessed from it; the next apply sets it aside"
        return
    run = each.run
    if run is None:
        return
    if run.head.undoes is not None:
        yield f"takes back: {run.head.undoes}"
    yield f"set out to: {planned(run.head.counts)}"
    yield f"came of it: {_came(run)}"
    if each.at_work:
        return
    yield from _left(run)
    if each.resumable:
        yield "its plan is kept: apply --resume carries out the rest"


def _left(run: Run) -> Iterator[str]:
    """Say what nobody knows: what the next apply looks up, and what its plan compares anyway."""
    if gone := len(run.unregistered):
        devices = counted_kind(gone, Kind.DEVICE)
        words = "deleted for a new token, maybe not registered again; the next run sees to it"
        yield f"open: {devices} {words}"
    for deed, names in unsettled(run).items():
        were = "was" if len(names) == 1 else "were"
        yield f"open: nobody knows whether {things(deed, len(names))} {were} {DONE_WORDS[deed]}"
    for deed, past in DONE_WORDS.items():
        untold = () if deed in _LOOKED_UP else unanswered(run, deed)
        if untold:
            count = things(deed, len(untold))
            yield f"no answer came: {count}, maybe {past}; the next plan compares anew"


def planned(counts: Mapping[str, int]) -> str:
    """Say what a plan was to do, as counts such as 'device create' -> 3 tell it."""
    parts = []
    for words, count in counts.items():
        kind, _, action = words.partition(" ")
        noun = counted_kind(count, _KINDS[kind]) if kind in _KINDS else f"{count:,} {kind}"
        parts.append(f"{action} {noun}")
    return listed(parts) or "change nothing"


def _came(run: Run) -> str:
    parts = [f"{things(deed, count)} {DONE_WORDS[deed]}" for deed, count in done(run).items()]
    ends = [
        f"{run.end.counts[status]:,} {words}"
        for status, words in _STATUSES.items()
        if run.end is not None and run.end.counts.get(status) and status != "done"
    ]
    said = f" ({listed(ends)})" if ends else ""
    return f"{listed(parts) or 'nothing'}{said}"


def things(deed: Deed, count: int) -> str:
    """Count what a deed is done to."""
    return counted_kind(count, Kind.DEVICE_TYPE if deed in _TYPES else Kind.DEVICE)


def done(run: Run) -> dict[Deed, int]:
    """Count what each deed was done to for sure."""
    left = unsettled(run)
    counts = {
        deed: len(set(run.changed(deed)).difference(left.get(deed, ()), unanswered(run, deed)))
        for deed in Deed
    }
    return {deed: count for deed, count in counts.items() if count}


def unanswered(run: Run, deed: Deed) -> set[Name]:
    """Name what nobody answered for, unless somebody looked since or asked once more."""
    told: set[Name] = set(run.seen)
    names: set[Name] = set()
    for request in run.requests:
        if request.deed is deed:
            answer = run.answers.get(request.number)
            answered = answer is not None and answer.ending is not Ending.UNKNOWN
            (told if answered else names).update(request.names)
    return names - told


def unsettled(run: Run) -> dict[Deed, list[Name]]:
    """Name what nobody knows the fate of."""
    found = {deed: run.unsettled(deed) for deed in _LOOKED_UP}
    return {deed: names for deed, names in found.items() if names}


def moment(at: str) -> str:
    """Write a time stamp for a person."""
    return at.replace("T", " ").replace("Z", " UTC")


def runs_json(runs: Sequence[ShownRun]) -> Iterator[str]:
    """Write the list as a JSON document, one run a line, in ASCII."""
    yield f'{{\n  "formatVersion": {FORMAT_VERSION},\n  "runs": ['
    for number, each in enumerate(runs):
        yield ("," if number else "") + "\n    " + json.dumps(run_document(each))
    yield "\n  ]\n}\n" if runs else "]\n}\n"


def run_document(each: ShownRun) -> dict[str, Any]:
    """Give what the list tells of a run as JSON; of one that tells nothing, its name and state."""
    document: dict[str, Any] = {
        "run": each.name,
        "state": each.state,
        "open": each.is_open,
        "resumable": each.resumable,
        "file": each.file,
        "damage": each.damaged or None,
    }
    run = each.run
    if run is None:
        return document
    return document | {
        "command": run.head.command,
        "undoes": run.head.undoes,
        "fleet": run.head.fleet,
        "org": run.head.org,
        "planDigest": run.head.plan,
        "tokens": run.head.tokens,
        "startedAt": run.started_at,
        "endedAt": run.ended_at,
        "settledAt": run.settled_at,
        "planned": dict(run.head.counts),
        "outcomes": dict(run.end.counts) if run.end else None,
        "done": {deed.value: count for deed, count in done(run).items()},
        "unsettled": {deed.value: len(names) for deed, names in unsettled(run).items()},
        "unregistered": len(run.unregistered),
    }
