"""Write the status of a fleet as a Markdown table, never longer than is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.report.markdown.safe import cell, code, short
from fleetsync.report.status import calls_words, named_devices, status_notes, table_rows
from fleetsync.report.words import counted
from fleetsync.status import FleetStatus

_CHARACTERS = 500
_NAME_CHARACTERS = 64


def status_markdown(status: FleetStatus, *, whole: str, max_bytes: int) -> str:
    """Write the status in at most ``max_bytes`` of UTF-8; ``whole`` is the command that shows all.

    What does not fit is left out and counted, the sums never.
    """
    most = max(len(status.types), 1)
    while True:
        text = "\n".join(_lines(status, most, whole)) + "\n"
        if len(text.encode("utf-8", "surrogatepass")) <= max_bytes or most == 0:
            return text
        most = most * 3 // 4


def _lines(status: FleetStatus, most: int, whole: str) -> Iterator[str]:
    names = code(short(status.fleet, _NAME_CHARACTERS)), code(short(status.org, _NAME_CHARACTERS))
    yield f"## Status of {names[0]} in org {names[1]}"
    yield ""
    heads, *rows, sums = table_rows(status)
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * (len(heads) - 1)}"
    yield f"| **{sums[0]}** | {' | '.join(sums[1:])} |"
    yield from (f"| {cell(row[0])} | {' | '.join(row[1:])} |" for row in rows[:most])
    named = list(named_devices(status))
    shown_lines = named[: 4 * most]
    if shown_lines:
        yield ""
        for title, type_id, patterns in shown_lines:
            devices = short(", ".join(f"{type_id}/{each}" for each in patterns), _CHARACTERS)
            yield f"- {title}: {code(devices)}"
    yield ""
    left = len(rows[most:])
    if left:
        yield f"And {counted(left, 'type', 'types')} more. All of them: {code(whole)}"
        yield ""
    yield from (f"- {code(short(words, _CHARACTERS))}" for words in status_notes(status))
    yield calls_words(status)
