"""Read which error a device reports (platform page 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.model.presence import utc_stamp

if TYPE_CHECKING:
    from fleetsync.model.value import JSON


def newest_error(codes: JSON) -> int | None:
    """Give the code that a device reported last; None for none, and for 0, which says: no error.

    They come newest first; their times decide where they tell another order.
    """
    entries = (
        [entry for entry in codes if isinstance(entry, dict)] if isinstance(codes, list) else []
    )
    told = [
        (utc_stamp(entry.get("timestamp")) or "", -place, code)
        for place, entry in enumerate(entries)
        if isinstance(code := entry.get("errorCode"), int) and not isinstance(code, bool)
    ]
    return (max(told)[2] or None) if told else None
