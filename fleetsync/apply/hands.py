"""Hold what an apply works with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from fleetsync.api.registry import Registry
from fleetsync.apply.journaled import JournaledWriter
from fleetsync.diff.change import Change
from fleetsync.errors import FleetsyncError
from fleetsync.journal.file import Journal
from fleetsync.journal.run_id import run_mark
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id
from fleetsync.stop import Stop
from fleetsync.tokens.file import TokenFile


def no_age() -> float:
    """Give the age of what was read just now."""
    return 0.0


@dataclass(slots=True)
class Hands:
    """The doors to the org, to the secrets file and to the journal, handed down once.

    ``run`` is the id of this run, ``undoes`` that of the run it takes back, if it does.
    ``platform_tokens`` lets the platform make the tokens. ``stop`` is set by a signal: no further
    request is begun. ``fatal`` is the error that ended the work, if one did. ``looks`` counts down
    the single reads that may be spent on explaining failures.
    ``failed_types`` could not be created or still have devices, ``trusted`` are kinds of new
    devices that were found as declared. ``lost`` are new devices of ours whose token nobody saw.
    ``api_key`` is the key that the org writes beside the devices we register. ``doubtful`` are
    refused devices, by client id, whose new tokens go if they do not exist. ``unproven`` are
    tokens in the secrets file, by client id, that a run made which was cut off before it saw its
    device; the value is that run's mark. ``age`` gives the seconds since the org was read.
    ``named`` are the devices that may be deleted although they are connected; None: all may.
    """

    org: str
    registry: Registry
    writer: JournaledWriter
    tokens: TokenFile
    journal: Journal
    run: str
    now: Callable[[], str]
    platform_tokens: bool = False
    api_key: str | None = None
    undoes: str | None = None
    stop: Stop = field(default_factory=Stop)
    age: Callable[[], float] = no_age
    fatal: FleetsyncError | None = None
    looks: int = 20
    failed_types: set[str] = field(default_factory=set)
    trusted: set[object] = field(default_factory=set)
    doubtful: dict[str, DeviceKey] = field(default_factory=dict)
    lost: list[Change] = field(default_factory=list)
    unproven: dict[str, str] = field(default_factory=dict)
    named: Collection[DeviceKey] | None = None

    @property
    def mark(self) -> str:
        """What tells, in the mark of a device, that this run registered it."""
        return run_mark(self.run)


def client_ids(key: DeviceKey, hands: Hands) -> list[str]:
    """Name a device's lines in the secrets file, whichever class its type had."""
    return [client_id(hands.org, key, gateway=gateway) for gateway in (False, True)]
