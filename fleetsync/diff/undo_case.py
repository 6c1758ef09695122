"""Hold one run that is taken back, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fleetsync.diff.change import Action, Change, Inheritance
from fleetsync.diff.device import Comparison
from fleetsync.diff.fleet import FleetDiff
from fleetsync.diff.undo_warning import Left, Lost
from fleetsync.journal.entry import Before, Deed, Name
from fleetsync.journal.run import Run
from fleetsync.journal.run_id import run_mark
from fleetsync.model import Device, DeviceKey, DeviceType, LiveDevice, LiveDeviceType, LiveFleet
from fleetsync.model.mark import parse_mark
from fleetsync.model.value import EMPTY


class Since(NamedTuple):
    """What undos have done since a run.

    ``earlier`` are the marks of those that tried to take the run back before. ``heirs`` says, by
    mark of an undo, which mark each device had before that it has registered again.
    """

    earlier: frozenset[str] = frozenset()
    heirs: Mapping[str, Mapping[Name, str | None]] = EMPTY


NOTHING_SINCE = Since()


@dataclass(slots=True)
class UndoCase:
    """One run, the org as it is now, and what is found.

    ``since`` is what undos have done after it. ``left`` are types and
    devices that stay as they are, ``lost`` what never comes back. ``passed_on`` is what types that
    this undo creates or changes will give to new devices, ``new_types`` those that it creates.
    """

    run: Run
    live: LiveFleet
    since: Since = NOTHING_SINCE
    diff: FleetDiff = field(default_factory=FleetDiff)
    left: dict[Left, list[str]] = field(default_factory=dict)
    lost: set[Lost] = field(default_factory=set)
    passed_on: dict[str, Inheritance] = field(default_factory=dict)
    new_types: dict[str, DeviceType] = field(default_factory=dict)

    def types(self, deed: Deed) -> Iterator[tuple[str, Before | None]]:
        """Give the types that the run did this to, with what they were before."""
        for name in self.run.changed(deed):
            if name[1] is None:
                yield name[0], self.run.befores.get(name)

    def devices(self, *deeds: Deed) -> Iterator[tuple[DeviceKey, Before | None]]:
        """Give the devices that the run did one of these to, with what they were before."""
        names = dict.fromkeys(name for deed in deeds for name in self.run.changed(deed))
        for type_id, device_id in names:
            if device_id is not None:
                key = DeviceKey(type_id, device_id)
                yield key, self.run.befores.get(key)

    def device(self, key: DeviceKey) -> LiveDevice | None:
        """Give a device as it is now."""
        return self.live.devices.get(key.type_id, EMPTY).get(key.device_id)

    def is_own(self, found: LiveDevice) -> bool:
        """Tell whether the run registered a device, or an undo did so in its place since."""
        key = DeviceKey(found.type_id, found.device_id)
        mark = parse_mark(str(key), found.mark).run
        seen: set[str] = set()
        while mark is not None and mark != run_mark(self.run.head.run) and mark not in seen:
            seen.add(mark)
            mark = self.since.heirs.get(mark, EMPTY).get(key)
        return mark == run_mark(self.run.head.run)

    def is_gateway(self, type_id: str) -> bool:
        """Tell whether a type's class is Gateway, now or once this undo has created it."""
        new, live = self.new_types.get(type_id), self.live.types.get(type_id)
        return (new.class_id if new else live.class_id if live else None) == "Gateway"

    def inherited(self, type_id: str) -> Inheritance:
        """Give what a new device of this type gets from it (platform page 3.8)."""
        found = self.live.types.get(type_id)
        if type_id in self.passed_on or found is None:
            return self.passed_on.get(type_id, Inheritance())
        return Inheritance(found.device_info, found.metadata)

    def leave(self, why: Left, name: str) -> None:
        """Note that something stays as it is."""
        self.left.setdefault(why, []).append(name)

    def change_back(
        self,
        about: Change,
        after: Device | DeviceType,
        found: LiveDevice | LiveDeviceType,
        comparison: Comparison,
    ) -> None:
        """Note an update, if anything of it is to be done."""
        self.diff.kept += [(about.name, kept) for kept in comparison.kept]
        if comparison.fields:
            change = about._replace(action=Action.UPDATE, before=found, after=after)
            self.diff.changes.append(
                change._replace(
                    fields=comparison.fields, kept=comparison.kept, location=comparison.location
                )
            )
