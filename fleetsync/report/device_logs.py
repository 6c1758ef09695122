"""Show what the org knows of one device's connections and troubles, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fleetsync.escape import shown
from fleetsync.model import DeviceKey
from fleetsync.report.words import counted

FORMAT_VERSION = 1
SEVERITIES = ("information", "warning", "error")
"""What 0, 1 and 2 mean (platform page 6.1)."""

_ROWS = 20
_CHARACTERS = 200

Entry = Mapping[str, Any]


class DeviceLogs(NamedTuple):
    """All that is logged of one device, each list with the newest first."""

    device: DeviceKey
    connections: Sequence[Entry]
    diagnostics: Sequence[Entry]
    errors: Sequence[Entry]


class Section(NamedTuple):
    """One list with its title, as rows of cells that may hold anything."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def sections(logs: DeviceLogs) -> list[Section]:
    """Give the lists as tables of texts; what is in a cell has yet to be made fit to be shown."""
    return [
        Section(
            f"Connection log: {_count(logs.connections)}",
            ("time", "message"),
            [(_cell(e, "timestamp"), _cell(e, "message")) for e in logs.connections],
        ),
        Section(
            f"Diagnostic log: {_count(logs.diagnostics)}",
            ("time", "severity", "message", "data"),
            [_diagnostic(e) for e in logs.diagnostics],
        ),
        Section(
            f"Error codes: {_count(logs.errors)}",
            ("time", "code"),
            [(_cell(e, "timestamp"), _cell(e, "errorCode")) for e in logs.errors],
        ),
    ]


def logs_text(logs: DeviceLogs, *, full: bool, whole: str) -> Iterator[str]:
    """Write the lists; long ones are folded unless ``full``, and ``whole`` shows all of them."""
    folded = False
    yield f"{logs.device}\n"
    for section in sections(logs):
        yield f"{section.title}\n"
        rows = section.rows if full else section.rows[:_ROWS]
        for row in rows:
            cells = [shown(cell) if full else _cut(cell) for cell in row]
            folded |= not full and cells != [shown(cell) for cell in row]
            yield f"  {'  '.join(filter(None, cells))}\n"
        if len(rows) < len(section.rows):
            folded = True
            yield f"  and {counted(len(section.rows) - len(rows), 'older one', 'older ones')}\n"
    if folded:
        yield f"To see all of it: {whole}\n"


def logs_json(logs: DeviceLogs) -> Iterator[str]:
    """Write the lists as a JSON document in ASCII; the entries are as the org has them."""
    document = {
        "formatVersion": FORMAT_VERSION,
        "typeId": logs.device.type_id,
        "deviceId": logs.device.device_id,
        "connectionLog": [*map(dict, logs.connections)],
        "diagnosticLog": [*map(dict, logs.diagnostics)],
        "errorCodes": [*map(dict, logs.errors)],
    }
    yield json.dumps(document, indent=2) + "\n"


class Done(NamedTuple):
    """One thing that was done to a device's logs: ``cleared`` or ``added``, and what."""

    verb: str
    thing: str
    words: str


def done_text(device: DeviceKey, done: Sequence[Done]) -> Iterator[str]:
    """Say what was done."""
    for each in done:
        yield f"{device}: {each.words}\n"
    if any(each.verb == "added" for each in done):
        yield "It may take some 10 seconds until it is seen.\n"


def done_json(device: DeviceKey, done: Sequence[Done]) -> Iterator[str]:
    """Say what was done as a JSON document."""
    document = {
        "formatVersion": FORMAT_VERSION,
        "typeId": device.type_id,
        "deviceId": device.device_id,
        "done": [{each.verb: each.thing} for each in done],
    }
    yield json.dumps(document, indent=2) + "\n"


def _count(entries: Sequence[Entry]) -> str:
    return counted(len(entries), "entry", "entries") if entries else "nothing"


def _diagnostic(entry: Entry) -> tuple[str, ...]:
    severity = entry.get("severity", 0)
    known = isinstance(severity, int) and 0 <= severity < len(SEVERITIES)
    words = SEVERITIES[severity] if known else _cell(entry, "severity")
    return (_cell(entry, "timestamp"), words, _cell(entry, "message"), _cell(entry, "data"))


def _cell(entry: Entry, name: str) -> str:
    """Give a value as text; the org may have sent anything."""
    value = entry.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    safe = shown(text)
    return (
        safe if len(safe) <= _CHARACTERS else f"{safe[:_CHARACTERS]}... ({len(safe):,} characters)"
    )
