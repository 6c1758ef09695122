"""A device's place on earth."""

from __future__ import annotations

from typing import NamedTuple


class Location(NamedTuple):
    """Degrees (WGS84), metres; written as a whole, never in parts (platform page 5.6).

    ``measured`` is an ISO 8601 text with at most milliseconds, only if somebody declared it: the
    platform makes one up otherwise, so an undeclared one is never compared.
    """

    latitude: float
    longitude: float
    elevation: float | None = None
    accuracy: float | None = None
    measured: str | None = None


LOCATION_KEYS = {
    "latitude": "latitude",
    "longitude": "longitude",
    "elevation": "elevation",
    "accuracy": "accuracy",
    "measured": "measuredDateTime",
}
"""Our field names and the platform's."""
