"""Show drift as a page: the manifests' side and the org's, of each type and device that differs."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.diff.change import Action, Change, Field, change_fields
from fleetsync.drift.field import DriftField, Standing
from fleetsync.drift.finding import Accepted, Drift, Finding, Stray, What
from fleetsync.escape import shown, shown_value
from fleetsync.plan.view import ReadChange, field_text
from fleetsync.report.drift import (
    ACTIONS,
    ORDER,
    base_words,
    notes,
    origin_words,
    sentence,
    written_lines,
)
from fleetsync.report.html.data import Labels, Row
from fleetsync.report.html.markup import count_table, text
from fleetsync.report.html.page import Assets, Page, page_html

_LABELS = Labels(
    status="Standing",
    statuses="All standings",
    before="Manifest",
    after="Org",
    delete="deleted",
    create="added",
    update="changed",
)
_WHATS = (What.DELETED, What.ADDED, What.CHANGED)
_STRAYS = 200
"""Devices that apply leaves alone and that a page names; the rest is counted."""


def drift_html(
    drift: Drift, assets: Assets, *, whole: str, written: Accepted | None = None
) -> Iterator[str]:
    """Write drift in pieces; ``whole`` is the command that shows all of it.

    ``written`` is what was taken over into the manifests.
    """
    page = Page(
        title=f"Drift of {drift.fleet} in org {drift.org}",
        lead=sentence(drift),
        lists=(
            ("warning", "Warnings", drift.doubts),
            ("notes", "Taken over into the manifests", _written(written)),
            ("notes", "Left alone by apply", list(_stray_words(drift.strays))),
        ),
        summary=_summary(drift),
        rows=_rows(drift),
        total=len(drift.findings),
        whole=whole,
        labels=_LABELS,
    )
    return page_html(page, assets)


def _written(written: Accepted | None) -> list[str]:
    return [] if written is None else list(written_lines(written, full=False))


def _stray_words(strays: tuple[Stray, ...]) -> Iterator[str]:
    for stray in strays[:_STRAYS]:
        yield f"{stray.key}: {origin_words(stray.origin)}; {stray.why}"
    if len(strays) > _STRAYS:
        yield f"... and {len(strays) - _STRAYS:,} more"


def _summary(drift: Drift) -> Iterator[str]:
    if drift.findings:
        columns = ["", *(what.value for what in _WHATS)]
        yield count_table("What differs", columns, _counts(drift))
    yield f'<div class="facts">\n<p>{text(base_words(drift.base))}</p>\n'
    yield from (f"<p>{text(note)}</p>\n" for note in notes(drift._replace(doubts=())))
    yield f'<p class="quiet">Read at {text(drift.made_at)}.</p>\n</div>\n'


def _counts(drift: Drift) -> Iterator[list[str]]:
    for standing in Standing:
        found = drift.of(standing)
        if found:
            yield [standing.value, *(f"{sum(f.what is w for f in found):,}" for w in _WHATS)]


def _rows(drift: Drift) -> Iterator[Row]:
    for standing, what in ORDER:
        for finding in drift.of(standing):
            if finding.what is what:
                yield Row(_change(finding), finding.standing.value, _note(finding))


def _change(finding: Finding) -> ReadChange:
    return ReadChange(
        ACTIONS[finding.what],
        finding.kind,
        finding.type_id,
        finding.device_id,
        finding.reason,
        finding.source,
        [field_text(field) for field in _fields(finding)],
    )


def _fields(finding: Finding) -> Iterator[Field]:
    """Give each value as the manifests have it and as the org has it."""
    if finding.what is What.CHANGED:
        yield from (Field(each.path, each.manifest, each.live) for each in finding.fields)
        return
    action = Action.CREATE if finding.what is What.DELETED else Action.DELETE
    side = Change(
        action, finding.type_id, finding.device_id, "", before=finding.live, after=finding.declared
    )
    for path, before, after in change_fields(side):
        yield Field(path, after, before)


def _note(finding: Finding) -> str:
    if finding.what is What.ADDED and finding.origin is not None:
        return origin_words(finding.origin)
    mixed = len({field.standing for field in finding.fields}) > 1
    return "; ".join(words for each in finding.fields if (words := _aside(each, mixed=mixed)))


def _aside(field: DriftField, *, mixed: bool) -> str:
    """Say of a field what its two values do not: which side moved, and from where."""
    if field.standing is Standing.CONFLICT and field.based:
        return f"{shown(field.path)} was {shown_value(field.base, full=True)}"
    return f"{shown(field.path)}: {field.standing.value}" if mixed else ""
