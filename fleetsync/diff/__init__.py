"""Find what differs between the manifests and the org."""

from __future__ import annotations

from fleetsync.diff.change import Action, Change, Field, Inheritance, change_fields
from fleetsync.diff.fleet import FleetDiff, diff_fleets
from fleetsync.diff.location import locations_to_read

__all__ = [
    "Action",
    "Change",
    "Field",
    "FleetDiff",
    "Inheritance",
    "change_fields",
    "diff_fleets",
    "locations_to_read",
]
