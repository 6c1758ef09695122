"""Say of a device whether it is connected, and when it was last seen."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple


class PresenceState(StrEnum):
    """What is known of a device's connection.

    ``NEVER``: the org knows no connection of it. ``UNKNOWN``: nobody can tell; it is never taken
    for offline.
    """

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    NEVER = "neverSeen"
    UNKNOWN = "unknown"


class Presence(NamedTuple):
    """Whether a device is connected; ``seen_at`` is the last sign of one that is not.

    It is a UTC time stamp, ISO 8601; None: no time is known.
    """

    state: PresenceState
    seen_at: str | None = None


UNKNOWN = Presence(PresenceState.UNKNOWN)
NEVER = Presence(PresenceState.NEVER)
CONNECTED = Presence(PresenceState.CONNECTED)


def utc_stamp(text: object) -> str | None:
    """Write a time of the platform in the one form that sorts; None for what is no time.

    A time without a zone is taken for UTC.
    """
    if not isinstance(text, str) or not text.isascii():
        return None
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return in_utc.strftime("%Y-%m-%dT%H:%M:%SZ") if in_utc.year > 1_000 else None
