"""Find what differs between the manifests and the org."""

from __future__ import annotations

from fleetsync.diff.change import Action, Change, Field, change_fields
from fleetsync.diff.fleet import FleetDiff, diff_fleets
from fleetsync.diff.location import locations_to_read

__all__ = [
    "Action",
    "Change",
    "Field",
    "FleetDiff",
    "change_fields",
    "diff_fleets",
    "locations_to_read",
]
