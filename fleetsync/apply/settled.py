"""Count what settling an earlier run found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Settled:
    """What settling found: how many devices, and sentences on what a person should know.

    ``restored`` were deleted by a rotation and are registered again. ``tokenless`` are registered
    still, while nobody knows their token: they stay open.
    """

    registered: int = 0
    absent: int = 0
    removed: int = 0
    deleted: int = 0
    tokenless: int = 0
    restored: int = 0
    warnings: list[str] = field(default_factory=list)
