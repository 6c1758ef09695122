"""Show the status of a fleet as a page: counts by type, then who is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.report.html.markup import count_table, text
from fleetsync.report.html.page import Assets, Page, still_page_html
from fleetsync.report.status import calls_words, named_devices, status_notes, table_rows
from fleetsync.status import FleetStatus

_PATTERNS = 200
"""Patterns of ids that a page names of one kind and type; the rest is counted."""


def status_html(status: FleetStatus, assets: Assets, *, whole: str) -> Iterator[str]:
    """Write the status in pieces; ``whole`` is the command that names every device."""
    heads, *rows = table_rows(status)
    page = Page(
        title=f"Status of {status.fleet} in org {status.org}",
        lead=f"Read at {status.read_at}.",
        lists=(
            ("warning", "Unknown", list(status_notes(status))),
            *(("notes", title, lines) for title, lines in _named(status).items()),
        ),
        summary=_summary(heads, rows, status, whole),
        rows=(),
        total=0,
        whole=whole,
    )
    return still_page_html(page, assets)


def _named(status: FleetStatus) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for title, type_id, patterns in named_devices(status):
        lines = lists.setdefault(title, [])
        lines += [f"{type_id}/{pattern}" for pattern in patterns[:_PATTERNS]]
        if len(patterns) > _PATTERNS:
            lines.append(f"{type_id}: {len(patterns) - _PATTERNS:,} more")
    return lists


def _summary(
    heads: list[str], rows: list[list[str]], status: FleetStatus, whole: str
) -> Iterator[str]:
    yield count_table("Devices by type", heads, rows)
    yield f'<div class="facts">\n<p>Every device by name: <code>{text(whole)}</code></p>\n'
    yield f'<p class="quiet">{text(calls_words(status))}</p>\n</div>\n'
