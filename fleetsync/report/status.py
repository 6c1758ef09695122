"""Show the status of a fleet: a table by type, and by name what is not as it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.report.ids import fold_ids
from fleetsync.report.words import counted_kind
from fleetsync.status import FleetStatus, TypeStatus

FORMAT_VERSION = 1
COLUMNS = ("declared", "registered", "seen", "connected", "alerts", "errors")
_NAMED = (
    ("missing", "Not registered"),
    ("unseen", "Never seen"),
    ("offline", "Seen before, not connected"),
    ("alerts", "In alert"),
    ("errors", "Reporting an error"),
)
_FOLD = 8
"""Patterns of ids that a line shows, unless all are wanted."""


def status_text(status: FleetStatus, *, full: bool = False) -> Iterator[str]:
    """Write the status as text; ``full`` names every device that is not connected."""
    where = f"{shown(status.fleet)} in org {shown(status.org)}"
    yield f"Status of {where}, {shown(status.read_at)}.\n\n"
    rows = table_rows(status)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip() + "\n"
    yield "\n"
    for words in _named_lines(status, full=full):
        yield f"{words}\n"
    for words in status_notes(status):
        yield f"{words}\n"
    yield f"{calls_words(status)}\n"


def status_notes(status: FleetStatus) -> Iterator[str]:
    """Say what is unknown, and what may be wrong."""
    if status.unknown:
        yield f"Unknown: who is connected. {shown(status.unknown)}."
    unread = sum(each.unread for each in status.types)
    if unread:
        yield f"Unknown: whether {counted_kind(unread, Kind.DEVICE)} more report an error."
    yield from (f"Warning: {shown(doubt)}." for doubt in status.doubts)


def calls_words(status: FleetStatus) -> str:
    """Say what it cost."""
    return f"API calls: {status.reads:,} to read."


def status_json(status: FleetStatus) -> Iterator[str]:
    """Write the status as JSON; null is unknown."""
    document = {
        "formatVersion": FORMAT_VERSION,
        "fleet": status.fleet,
        "org": status.org,
        "readAt": status.read_at,
        "unknown": status.unknown or None,
        "warnings": list(status.doubts),
        "apiCalls": status.reads,
        "total": {name: _total(status, name) for name in COLUMNS},
        "deviceTypes": [_type_document(each) for each in status.types],
    }
    yield json.dumps(document, indent=1) + "\n"


def _type_document(status: TypeStatus) -> dict[str, object]:
    named: dict[str, object] = {
        name: _patterns(status, name) for name, _ in _NAMED if name != "errors"
    }
    counts = {name: _count(status, name) for name in COLUMNS}
    named["errors"] = None if status.errors is None else dict(status.errors)
    return {"typeId": status.type_id, **counts, "unread": status.unread, "devices": named}


def _patterns(status: TypeStatus, name: str) -> list[str] | None:
    """Give ids as patterns; an error code stands behind each id that reports it."""
    if name == "errors":
        return [f"{device_id} ({code})" for device_id, code in (status.errors or {}).items()]
    ids: tuple[str, ...] | None = getattr(status, name)
    return None if ids is None else fold_ids(ids)


def _count(status: TypeStatus, name: str) -> int | None:
    value: tuple[str, ...] | Mapping[str, int] | int | None = getattr(status, name)
    return value if value is None or isinstance(value, int) else len(value)


def _total(status: FleetStatus, name: str) -> int | None:
    counts = [_count(each, name) for each in status.types]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def table_rows(status: FleetStatus) -> list[list[str]]:
    """Give the rows of the table, heads first, sums last; every cell is fit to be shown.

    Errors have a column where somebody asked for them.
    """
    asked = any(each.errors is not None for each in status.types)
    columns = COLUMNS if asked else COLUMNS[:-1]
    rows = [["type", *columns]]
    rows += [
        [shown(t.type_id), *(_cell(_count(t, name)) for name in columns)] for t in status.types
    ]
    return [*rows, ["all", *(_cell(_total(status, name)) for name in columns)]]


def _cell(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def named_devices(status: FleetStatus) -> Iterator[tuple[str, str, list[str]]]:
    """Give (what is wrong, type, patterns of ids) of whatever is not as it should be."""
    for name, title in _NAMED:
        for each in status.types:
            patterns = _patterns(each, name)
            if patterns:
                yield title, each.type_id, patterns


def _named_lines(status: FleetStatus, *, full: bool) -> Iterator[str]:
    for title, type_id, patterns in named_devices(status):
        few = patterns if full else patterns[:_FOLD]
        more = f", and {len(patterns) - len(few):,} more" if len(few) < len(patterns) else ""
        names = ", ".join(f"{shown(type_id)}/{pattern}" for pattern in few)
        yield f"{title}: {names}{more}."
