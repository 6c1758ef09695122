"""Name the device types that are fleetsync's own: no fleet holds them, and no plan touches them."""

from __future__ import annotations

LOCK_TYPE = "fleetsync-lock"
"""The device type whose existence is the lock in an org; it never has devices."""


def is_reserved_type(type_id: str) -> bool:
    """Tell whether a type is the lock or a claim on one (``fleetsync-lock-...``), in any case."""
    name = type_id.lower()
    return name == LOCK_TYPE or name.startswith(f"{LOCK_TYPE}-")
