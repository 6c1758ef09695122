"""Show drift to a person: what the org has that git did not say, and who registered it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from fleetsync.diff.change import Action
from fleetsync.drift.base import Base, BaseKind
from fleetsync.drift.field import DriftField, Standing
from fleetsync.drift.finding import Accepted, Drift, Finding, Stray, What
from fleetsync.drift.origin import Origin, Registrant
from fleetsync.escape import shown, shown_pair, shown_value
from fleetsync.model import JSON, Kind
from fleetsync.report.words import counted, counted_kind, listed

ORDER = (
    (Standing.CONFLICT, What.DELETED),
    (Standing.CONFLICT, What.ADDED),
    (Standing.CONFLICT, What.CHANGED),
    (Standing.DRIFT, What.DELETED),
    (Standing.DRIFT, What.ADDED),
    (Standing.DRIFT, What.CHANGED),
    (Standing.UNKNOWN, What.DELETED),
    (Standing.UNKNOWN, What.CHANGED),
    (Standing.PENDING, What.ADDED),
    (Standing.PENDING, What.DELETED),
    (Standing.PENDING, What.CHANGED),
)
"""The order of reading: what needs a decision comes first, what git has still to bring last."""
TITLES = {
    (Standing.CONFLICT, What.DELETED): "Conflict: deleted in the org, changed in the manifests",
    (Standing.CONFLICT, What.ADDED): "Conflict: changed in the org, taken out of the manifests",
    (Standing.CONFLICT, What.CHANGED): "Conflict: changed on both sides",
    (Standing.DRIFT, What.DELETED): "Deleted in the org",
    (Standing.DRIFT, What.ADDED): "Added in the org",
    (Standing.DRIFT, What.CHANGED): "Changed in the org",
    (Standing.UNKNOWN, What.DELETED): "Not in the list of the org, which may not be whole",
    (Standing.UNKNOWN, What.CHANGED): "Changed in the org or in the manifests, unknown which",
    (Standing.PENDING, What.ADDED): "Pending: apply would delete",
    (Standing.PENDING, What.DELETED): "Pending: apply would create",
    (Standing.PENDING, What.CHANGED): "Pending: apply would update",
}
ACTIONS = {What.ADDED: Action.CREATE, What.DELETED: Action.DELETE, What.CHANGED: Action.UPDATE}
_SIGNS = {What.ADDED: "+", What.DELETED: "-", What.CHANGED: "~"}
_FOLD = 30
_CELLS = 40
_WHO = {
    Registrant.RUN: "fleetsync",
    Registrant.PERSON: "person",
    Registrant.API_KEY: "API key",
    Registrant.GATEWAY: "gateway",
    Registrant.UNKNOWN: "somebody",
}


def drift_text(
    drift: Drift, *, full: bool = False, written: Accepted | None = None
) -> Iterator[str]:
    """Write drift as text; ``full`` folds nothing, ``written`` is what was taken over."""
    return (f"{line}\n" for line in _lines(drift, written, full=full))


def _lines(drift: Drift, written: Accepted | None, *, full: bool) -> Iterator[str]:
    yield headline(drift)
    yield base_words(drift.base)
    yield ""
    for standing, what in ORDER:
        yield from _section(drift, standing, what, full=full)
    yield from _stray_lines(drift.strays, full=full)
    yield from notes(drift)
    if written is not None:
        yield ""
        yield from written_lines(written, full=full)


def written_lines(written: Accepted, *, full: bool) -> Iterator[str]:
    """Say what was written, file by file, and what was not, and why."""
    for file, counts in written.files.items():
        parts = [f"{count:,} {what.value}" for what, count in counts.items()]
        yield f"Written: {shown(file)}: {listed(parts)}."
    if not written.files:
        yield "Nothing was written."
    limit = len(written.left) if full else _FOLD
    for finding, reason in written.left[:limit]:
        yield f"Not written: {shown(finding.name)}: {shown(reason)}."
    if len(written.left) > limit:
        yield f"Not written: {len(written.left) - limit:,} more."


def headline(drift: Drift) -> str:
    """Say in a sentence what was found."""
    target = f"{shown(drift.fleet)} in org {shown(drift.org)}"
    if not drift.findings:
        return f"No drift: {target} is as the manifests say."
    if not drift.moved:
        return f"No drift: what differs in {target} is what the manifests have still to bring."
    return f"Drift of {target}: {counts_in_words(drift)}."


def sentence(drift: Drift) -> str:
    """Say in a sentence what was found, where a title names fleet and org."""
    if not drift.findings:
        return "No drift: the org is as the manifests say."
    if not drift.moved:
        return "No drift: what differs is what the manifests have still to bring."
    words = counts_in_words(drift)
    return f"{words[0].upper()}{words[1:]}."


def counts_in_words(drift: Drift) -> str:
    """Say how many were deleted, added and changed in the org, and on which side they moved."""
    parts = []
    for what, words in (
        (What.DELETED, "deleted"),
        (What.ADDED, "added"),
        (What.CHANGED, "changed"),
    ):
        found = [each for each in drift.of(Standing.DRIFT) if each.what is what]
        if found:
            parts.append(f"{kinds_in_words(found)} {words}")
    for standing, words in (
        (Standing.CONFLICT, "changed on both sides"),
        (Standing.UNKNOWN, "changed, unknown on which side"),
    ):
        if moved := drift.of(standing):
            parts.append(f"{kinds_in_words(moved)} {words}")
    return ", ".join(parts)


def kinds_in_words(findings: Iterable[Finding]) -> str:
    """Count findings by what they are about."""
    counts = Counter(each.kind for each in findings)
    return listed([counted_kind(counts[kind], kind) for kind in Kind if counts[kind]])


def base_words(base: Base) -> str:
    """Say what both sides were held against, and what follows from that."""
    name = shown(base.name)
    match base.kind:
        case BaseKind.REVISION:
            return f"Base: the manifests as of {name}."
        case BaseKind.APPLIED:
            return f"Base: these very manifests, which run {name} applied."
        case BaseKind.RUN:
            return (
                f"Base: what run {name} wrote; the manifests have changed since, so of other values"
                " nobody can tell which side moved. Name what was applied last: --since REV."
            )
    return (
        "Base: none. Of what differs nobody can tell which side moved. Name the revision that was"
        " applied last: --since REV."
    )


def _section(drift: Drift, standing: Standing, what: What, *, full: bool) -> Iterator[str]:
    found = [each for each in drift.of(standing) if each.what is what]
    if not found:
        return
    yield f"{TITLES[standing, what]}: {kinds_in_words(found)}"
    limit = len(found) if full else _FOLD
    for finding in found[:limit]:
        yield _title(finding)
        yield from _field_lines(finding.fields, full=full)
    if len(found) > limit:
        yield f"  {_SIGNS[what]} ... and {len(found) - limit:,} more"
    yield ""


def _title(finding: Finding) -> str:
    head = f"  {_SIGNS[finding.what]} {shown(finding.name)}"
    notes_of = []
    if finding.what is What.ADDED and finding.origin is not None:
        notes_of.append(origin_words(finding.origin))
    if finding.source is not None:
        notes_of.append(f"{shown(finding.source.file)}:{finding.source.line}")
    return f"{head:<{_CELLS}}  {', '.join(notes_of)}".rstrip()


def origin_words(origin: Origin) -> str:
    """Say who registered a device, and when."""
    who = _WHO[origin.kind]
    if origin.run is not None:
        who = f"run {shown(origin.run)} of fleetsync"
    elif origin.name:
        who += f" {shown(origin.name)}"
    when = f" on {shown(origin.date)}" if origin.date else ""
    return f"registered by {who}{when}"


def _field_lines(fields: Sequence[DriftField], *, full: bool) -> Iterator[str]:
    paths = [shown(field.path) for field in fields]
    cells = min(_CELLS, max(map(len, paths), default=0))
    mixed = len({field.standing for field in fields}) > 1
    for path, field in zip(paths, fields, strict=True):
        words = _values(field, full=full)
        aside = f"  ({field.standing.value})" if mixed else ""
        yield f"      {path:<{cells}}  {words}{aside}"


def _values(field: DriftField, *, full: bool) -> str:
    manifest, live = _pair(field.manifest, field.live, full=full)
    if field.standing is Standing.PENDING:
        return f"{live} -> {manifest}"
    if field.standing is Standing.CONFLICT:
        base = _one(field.base, full=full)
        return f"base {base}, manifest {manifest}, org {live}"
    return f"{manifest} -> {live}"


def _pair(one: JSON, other: JSON, *, full: bool) -> tuple[str, str]:
    if one is not None and other is not None:
        return shown_pair(one, other, full=full)
    return _one(one, full=full), _one(other, full=full)


def _one(value: JSON, *, full: bool) -> str:
    return "(none)" if value is None else shown_value(value, full=full)


def _stray_lines(strays: Sequence[Stray], *, full: bool) -> Iterator[str]:
    if not strays:
        return
    yield f"Left alone by apply: {counted_kind(len(strays), Kind.DEVICE)} that no manifest declares"
    limit = len(strays) if full else _FOLD
    for stray in islice(strays, limit):
        head = f"    {shown(str(stray.key))}"
        yield f"{head:<{_CELLS}}  {origin_words(stray.origin)}; {stray.why}"
    if len(strays) > limit:
        yield f"    ... and {len(strays) - limit:,} more"
    yield ""


def notes(drift: Drift) -> Iterator[str]:
    """Say what was left aside, and what it cost."""
    yield from (f"Warning: {shown(doubt)}." for doubt in drift.doubts)
    if drift.unmanaged_types or drift.unmanaged_devices:
        yield (
            f"Unmanaged: {counted_kind(drift.unmanaged_types, Kind.DEVICE_TYPE)} and"
            f" {counted_kind(drift.unmanaged_devices, Kind.DEVICE)} that no manifest speaks of."
        )
    if drift.kept:
        fields = counted(drift.kept, "difference", "differences")
        yield f"Not counted: {fields} that the platform once refused to make go away."
    yield f"API calls: {drift.reads:,} to read."
