"""Count what settling an earlier run found."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleetsync.model import DeviceKey


@dataclass(slots=True)
class Settled:
    """What settling found: how many devices, and sentences on what a person should know.

    ``restored`` were deleted by a rotation and are registered again. ``tokenless`` are registered
    still, while nobody knows their token: they stay open. ``ready`` are the devices that were to
    be registered and are so, with a token that is known.
    """

    registered: int = 0
    absent: int = 0
    removed: int = 0
    deleted: int = 0
    tokenless: int = 0
    restored: int = 0
    ready: list[DeviceKey] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
