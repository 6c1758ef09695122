"""Write drift as Markdown: what needs a decision first, who registered what, folded to a limit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256

from fleetsync.diff.change import Field
from fleetsync.drift.field import DriftField, Standing
from fleetsync.drift.finding import Accepted, Drift, Finding, What
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.plan.view import field_text
from fleetsync.report.drift import (
    ACTIONS,
    ORDER,
    TITLES,
    base_words,
    kinds_in_words,
    notes,
    origin_words,
    sentence,
    written_lines,
)
from fleetsync.report.markdown.cluster import Member, gather
from fleetsync.report.markdown.detail import Folded, Head
from fleetsync.report.markdown.document import Section, fitted
from fleetsync.report.markdown.safe import code, marker, short
from fleetsync.report.words import counted_kind

MARKER = "fleetsync-drift:"
"""How the hidden line begins, so that a later run finds the comment or issue to update."""
_NAME_CHARACTERS = 64
_DAY = 10
"""Characters of a date that tell the day: what was registered on one day by one is one entry."""


def drift_markdown(
    drift: Drift, *, whole: str, max_bytes: int, written: Accepted | None = None
) -> str:
    """Write drift in at most ``max_bytes`` of UTF-8; ``whole`` is the command that shows all.

    ``written`` is what was taken over into the manifests.
    """
    sections = [
        _section(found, standing, what, max_bytes)
        for standing, what in ORDER
        for kind in Kind
        if (found := _found(drift, standing, what, kind))
    ]
    return fitted(partial(_head, drift, written), sections, whole=whole, max_bytes=max_bytes)


def _found(drift: Drift, standing: Standing, what: What, kind: Kind) -> list[Finding]:
    return [each for each in drift.of(standing) if (each.what, each.kind) == (what, kind)]


def drift_digest(drift: Drift) -> str:
    """Give a digest over the findings alone: the same drift gives the same one."""
    digest = sha256()
    for each in drift.findings:
        fields = [field._asdict() for field in each.fields]
        line = [each.standing.value, each.what.value, each.name, each.kind.value, fields]
        digest.update(json.dumps(line, sort_keys=True).encode("ascii") + b"\n")
    return f"sha256:{digest.hexdigest()}"


def _section(found: Sequence[Finding], standing: Standing, what: What, max_bytes: int) -> Section:
    clusters = gather(map(_member, found), max_bytes)
    title = f"{TITLES[standing, what]}: {kinds_in_words(found)}"
    return Section(title, clusters, first=standing is not Standing.PENDING)


def _member(finding: Finding) -> Member:
    stage = finding.kind, ACTIONS[finding.what]
    texts = tuple(sorted(field_text(_change(field)) for field in finding.fields))
    note = ""
    if finding.what is What.ADDED and finding.origin is not None:
        date = finding.origin.date
        note = origin_words(finding.origin._replace(date=date[:_DAY] if date else None))
    return Member(stage, finding.type_id, finding.device_id, texts, note, finding.source)


def _change(field: DriftField) -> Field:
    """Give the way that a value went: in the org, or, where it is pending, is to go there."""
    if field.standing is Standing.PENDING:
        return Field(field.path, field.live, field.manifest)
    return Field(field.path, field.manifest, field.live)


def _head(drift: Drift, written: Accepted | None, head: Head, folded: Folded) -> Iterator[str]:
    yield marker(MARKER, drift.fleet, drift_digest(drift))
    yield f"## Drift of {_named(drift.fleet)} in org {_named(drift.org)}"
    yield ""
    words = sentence(drift)
    yield f"{f'**{words}**' if drift.moved else words} Read {_named(drift.made_at)}."
    yield ""
    yield _base(drift)
    if drift.doubts:
        yield from ("", "> [!WARNING]")
        folded.messages += len(drift.doubts[head.messages :])
        for doubt in drift.doubts[: head.messages]:
            yield f"> - {code(short(doubt, head.characters))}"
    if any(drift.of(standing) for standing in Standing):
        yield from _table(drift)
    yield ""
    yield " ".join(notes(drift._replace(doubts=())))
    if drift.strays:
        count = counted_kind(len(drift.strays), Kind.DEVICE)
        yield f"Left alone by apply: {count} that no manifest declares."
    if written is not None:
        yield from ("", "Taken over into the manifests:", "")
        lines = list(written_lines(written, full=False))
        folded.messages += len(lines[head.messages :])
        yield from (f"- {code(short(line, head.characters))}" for line in lines[: head.messages])


def _named(text: str) -> str:
    return code(short(text, _NAME_CHARACTERS))


def _base(drift: Drift) -> str:
    base = drift.base
    if not base.name:
        return base_words(base)
    name = short(shown(base.name), _NAME_CHARACTERS)
    before, after = base_words(base._replace(name="\0")).split("\\x00")
    return f"{before}{code(name)}{after}"


def _table(drift: Drift) -> Iterator[str]:
    yield from ("", "| | deleted | added | changed |", "| --- | ---: | ---: | ---: |")
    for standing in Standing:
        found = drift.of(standing)
        if found:
            counts = [
                sum(each.what is what for each in found)
                for what in (What.DELETED, What.ADDED, What.CHANGED)
            ]
            yield f"| {standing.value} | {' | '.join(f'{count:,}' for count in counts)} |"
