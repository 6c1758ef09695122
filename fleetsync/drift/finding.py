"""Hold what was found: types and devices that are not in the org as the manifests declare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from fleetsync.diff.prune import Spared
from fleetsync.drift.base import Base
from fleetsync.drift.field import DriftField, Standing
from fleetsync.drift.origin import Origin
from fleetsync.model import (
    Device,
    DeviceKey,
    DeviceType,
    Kind,
    LiveDevice,
    LiveDeviceType,
    Source,
)


class What(StrEnum):
    """How the org differs from the manifests: it has more, less, or something else."""

    ADDED = "added"
    DELETED = "deleted"
    CHANGED = "changed"


class Finding(NamedTuple):
    """One type or device that is not in the org as the manifests declare it.

    ``what`` is said from the org's side, ``reason`` for people. ``live`` and ``declared`` are
    both sides, None where there is none; ``origin`` tells who registered what is live.
    """

    standing: Standing
    what: What
    type_id: str
    device_id: str | None
    reason: str
    source: Source | None = None
    fields: tuple[DriftField, ...] = ()
    origin: Origin | None = None
    live: LiveDevice | LiveDeviceType | None = None
    declared: Device | DeviceType | None = None

    @property
    def kind(self) -> Kind:
        """Tell types from devices."""
        return Kind.DEVICE_TYPE if self.device_id is None else Kind.DEVICE

    @property
    def name(self) -> str:
        """The type id, or ``type/device``."""
        return self.type_id if self.device_id is None else f"{self.type_id}/{self.device_id}"


class Stray(NamedTuple):
    """An undeclared device of a declared type that nobody prunes, and why."""

    key: DeviceKey
    why: Spared
    origin: Origin


class Drift(NamedTuple):
    """All that was found; ``kept`` counts differences that the platform once refused to undo."""

    fleet: str
    org: str
    made_at: str
    base: Base
    findings: tuple[Finding, ...]
    strays: tuple[Stray, ...]
    doubts: tuple[str, ...] = ()
    unmanaged_types: int = 0
    unmanaged_devices: int = 0
    kept: int = 0
    reads: int = 0

    def of(self, *standings: Standing) -> tuple[Finding, ...]:
        """Give the findings of some standings."""
        return tuple(each for each in self.findings if each.standing in standings)

    @property
    def moved(self) -> bool:
        """Tell whether the org moved, or may have: whatever is not git's doing alone."""
        return any(each.standing is not Standing.PENDING for each in self.findings)


class Accepted(NamedTuple):
    """What drift was taken over into the manifests, counted by file, and what was not, and why."""

    files: Mapping[str, Mapping[What, int]]
    left: Sequence[tuple[Finding, str]]
