"""Describe the org itself (platform page 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetsync.emulator.turn import Turn
    from fleetsync.emulator.value import JSONObject


def describe_organization(turn: Turn) -> JSONObject:
    """Return the body of ``GET /``."""
    created = turn.connection.execute("SELECT created FROM org").fetchone()[0]
    return {
        "id": turn.org,
        "name": f"Emulated org {turn.org}",
        "enabled": True,
        "type": "Standard",
        "config": {"historian": {"enabled": False, "retention": 0}},
        "created": created,
        "updated": created,
    }
