"""Hide devices from the caller, as resource-level access control does (platform page 4.3).

A hidden device is in no list and a single call gets 404, yet its ids are taken, and a bulk remove
says that it was removed.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from fleetsync.emulator.faults import split_list
from fleetsync.emulator.schema import DEVICE_COLUMNS

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn

_SAFE = re.compile(r"[\w./*?-]+", re.ASCII)


@cache
def read_patterns(text: str) -> tuple[str, ...]:
    """Return patterns for ``type/device``; one without a slash is a type with all its devices."""
    return tuple(part if "/" in part else f"{part}/*" for part in split_list(text))


def is_among(type_id: str, device_id: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a device fits one of the patterns."""
    return any(fnmatchcase(f"{type_id}/{device_id}", pattern) for pattern in patterns)


def is_hidden(turn: Turn, type_id: str, device_id: str) -> bool:
    """Tell whether the caller may not see a device, be it there or not."""
    return is_among(type_id, device_id, turn.hidden)


def among_sql(patterns: tuple[str, ...]) -> str:
    """Return the SQL condition that a device fits one of the patterns; they must be safe."""
    if not all(_SAFE.fullmatch(pattern) for pattern in patterns):
        raise ValueError("a pattern has characters that none may have")
    parts = [f"type_id || '/' || device_id GLOB '{pattern}'" for pattern in patterns]
    return f"({' OR '.join(parts)})" if parts else "0"


def visible_source(turn: Turn, source: str, table: str) -> str:
    """Return what a list selects from, without what the caller may not see."""
    if not turn.hidden or table != "device":
        return source
    return f"(SELECT {DEVICE_COLUMNS} FROM {source} WHERE NOT {among_sql(turn.hidden)})"  # noqa: S608 - safe, see above
