"""Write what is logged of one device as Markdown tables, never longer than is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.report.device_logs import DeviceLogs, Done, Section, sections
from fleetsync.report.markdown.safe import cell, code, short
from fleetsync.report.words import counted

_CHARACTERS = 500


def logs_markdown(logs: DeviceLogs, *, whole: str, max_bytes: int) -> str:
    """Write the lists in at most ``max_bytes`` of UTF-8; ``whole`` is the command that shows all.

    What does not fit is left out and counted: the oldest first, of each list alike.
    """
    tables = sections(logs)
    most = max((len(table.rows) for table in tables), default=0)
    while True:
        text = "".join(_lines(logs, tables, most, whole))
        if len(text.encode("utf-8", "surrogatepass")) <= max_bytes or most == 0:
            return text
        most = most * 3 // 4


def done_markdown(logs_of: str, done: list[Done]) -> Iterator[str]:
    """Say what was done."""
    for each in done:
        yield f"- {code(logs_of)}: {each.words}\n"


def _lines(logs: DeviceLogs, tables: list[Section], most: int, whole: str) -> Iterator[str]:
    yield f"### Logs of {code(str(logs.device))}\n"
    folded = False
    for table in tables:
        yield f"\n**{table.title}**\n"
        rows = table.rows[:most]
        if rows:
            yield f"\n| {' | '.join(table.columns)} |\n|{' --- |' * len(table.columns)}\n"
        for row in rows:
            yield f"| {' | '.join(map(_in_table, row))} |\n"
        left = len(table.rows) - len(rows)
        folded |= left > 0
        if left:
            yield f"\nand {counted(left, 'older one', 'older ones')}\n"
    if folded:
        yield f"\nTo see all of it: {code(whole)}\n"


def _in_table(text: str) -> str:
    return cell(short(text, _CHARACTERS)) if text else ""
