"""Say which new devices have come up after an apply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.report.ids import fold_ids
from fleetsync.report.words import counted_kind, duration, listed

_NAMED = 20
MOST_NAMES = 10_000
"""So many of each kind are named in JSON; the numbers are of all."""


class Online(NamedTuple):
    """Whom an apply registered, and whether it connected: names as ``type/device``.

    ``unknown`` are those of whom nobody could tell; ``reason`` says why, or why the waiting ended
    before its time. ``seconds`` is how long it took.
    """

    up: tuple[str, ...]
    away: tuple[str, ...]
    unknown: tuple[str, ...]
    seconds: float
    reason: str = ""


def online_sentence(online: Online) -> str:
    """Count them; the reason, which may hold words of the org, comes with it."""
    reason = f" ({shown(online.reason)})" if online.reason else ""
    return f"{counts_in_words(online)}{reason}."


def counts_in_words(online: Online) -> str:
    """Count them, in words of our own alone."""
    total = sum(map(len, (online.up, online.away, online.unknown)))
    parts = [
        f"{len(names):,} {words}"
        for names, words in (
            (online.up, "came up"),
            (online.away, "did not"),
            (online.unknown, "nobody knows of"),
        )
        if names
    ]
    waited = f"Waited {duration(online.seconds)} for {counted_kind(total, Kind.DEVICE)}"
    return f"{waited}: {listed(parts)}"


def online_lines(online: Online, *, full: bool) -> Iterator[str]:
    """Count them, and name those that came up and those that did not."""
    yield online_sentence(online)
    names = arrived(online)
    if names:
        yield f"  + came up: {few(names, len(names) if full else _NAMED)}"
    for names, words in missing(online):
        yield f"  ! {words}: {few(names, len(names) if full else _NAMED)}"


def missing(online: Online) -> Iterator[tuple[list[str], str]]:
    """Name those that did not come up, and those nobody knows of, as patterns of ids."""
    for names, words in ((online.away, "did not come up"), (online.unknown, "nobody knows")):
        if names:
            yield _folded(names), words


def arrived(online: Online) -> list[str]:
    """Name those that came up, as patterns of ids."""
    return _folded(online.up)


def _folded(names: Sequence[str]) -> list[str]:
    by_type: dict[str, list[str]] = {}
    for name in names:
        type_id, _, device_id = name.partition("/")
        by_type.setdefault(type_id, []).append(device_id)
    return [f"{type_id}/{ids}" for type_id, found in by_type.items() for ids in fold_ids(found)]


def few(names: Sequence[str], most: int = _NAMED) -> str:
    """Name so many, and count the rest."""
    told = ", ".join(map(shown, names[:most]))
    return told if len(names) <= most else f"{told} and {len(names) - most:,} more"


def online_counts(online: Online) -> dict[str, Any]:
    """Give the numbers, as a report's JSON has them."""
    return {
        "seconds": round(online.seconds, 1),
        "up": len(online.up),
        "away": len(online.away),
        "unknown": len(online.unknown),
        "reason": online.reason,
    }


def online_document(online: Online) -> dict[str, Any]:
    """Give the numbers, and the names of so many as a document may hold."""
    return {
        **online_counts(online),
        "upDevices": list(online.up[:MOST_NAMES]),
        "awayDevices": list(online.away[:MOST_NAMES]),
        "unknownDevices": list(online.unknown[:MOST_NAMES]),
    }
