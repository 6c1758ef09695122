"""Hold what one request works with while it has its turn at the org."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from fleetsync.emulator.switches import Switches


class Author(NamedTuple):
    """Who asks, as ``registration.auth`` of a device shows it (platform page 4.1)."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One transaction: the connection, the org's id and switches, who asks, and the moment.

    ``hidden`` are patterns of the devices that access groups hide from who asks; ``removed`` are
    the devices (type id, device id) that it removes, for those who want to be told.
    """

    connection: sqlite3.Connection
    org: str
    switches: Switches
    author: Author
    now: str
    hidden: tuple[str, ...] = ()
    removed: list[tuple[str, str]] = field(default_factory=list)
