"""Read from an answer how many devices each type has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetsync.model.value import JSON


def parse_counts(facets: JSON, *, total: int | None) -> dict[str, int] | None:
    """Give devices by type id from ``meta.facets``; None when they are absent or make no sense.

    The inner form is not documented (platform page 3.2): ``{"typeId": {"pump": 12}}`` or a list of
    ``{"key" or "value" or "name": "pump", "count": 12}``. Counts that do not add up to ``total``
    are not believed.
    """
    inner = facets.get("typeId") if isinstance(facets, dict) else None
    if isinstance(inner, list):
        pairs = [_pair(each) for each in inner]
    elif isinstance(inner, dict):
        pairs = list(inner.items())
    else:
        return None
    counts = {
        name: count
        for name, count in pairs
        if isinstance(name, str) and isinstance(count, int) and not isinstance(count, bool)
    }
    sound = len(counts) == len(pairs) and min(counts.values(), default=0) >= 0
    return counts if sound and sum(counts.values()) == total else None


def _pair(each: JSON) -> tuple[JSON, JSON]:
    if not isinstance(each, dict):
        return None, None
    name = next((each[word] for word in ("key", "value", "name", "typeId") if word in each), None)
    return name, each.get("count")
