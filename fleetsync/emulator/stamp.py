"""Write and judge time stamps as the platform does (platform page 5.6, Q19)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SHAPE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)


def now_stamp() -> str:
    """Return the present as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    return stamp_of(datetime.now(UTC))


def stamp_of(moment: datetime) -> str:
    """Return a moment, which must be in UTC, in the same form."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def whole_seconds(stamp: str) -> str:
    """Return a stamp of ours in the other form that types carry, without fraction (page 3.1)."""
    return stamp[:19] + "+00:00"


def is_stamp(text: str, *, long_fractions: bool) -> bool:
    """Tell whether the platform takes a stamp; a zone may be left out, milliseconds are the end."""
    match = _SHAPE.fullmatch(text)
    if match is None or (len(match[2] or "") > 3 and not long_fractions):
        return False
    try:
        datetime.fromisoformat(match[1])
    except ValueError:
        return False
    return True
