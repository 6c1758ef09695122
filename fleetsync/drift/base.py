"""Hold the state that manifests and org are held against, to tell which of the two moved."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from fleetsync.journal.entry import Deed, Name
from fleetsync.journal.run import Run
from fleetsync.model import JSON, DesiredFleet, DeviceKey
from fleetsync.model.value import EMPTY


class BaseKind(StrEnum):
    """What the base is: a revision of git, a finished apply of these very manifests, or less.

    ``RUN`` knows what the last apply wrote and nothing else, ``NONE`` nothing at all.
    """

    REVISION = "revision"
    APPLIED = "applied"
    RUN = "run"
    NONE = "none"


class Written(NamedTuple):
    """What the last finished apply did, as its journal proves it.

    ``fields`` goes (type, device) -> path -> the value that was written.
    """

    fields: Mapping[Name, Mapping[str, JSON]] = EMPTY
    created: frozenset[Name] = frozenset()
    deleted: frozenset[Name] = frozenset()


class Base(NamedTuple):
    """The state that both sides come from.

    ``name`` is the revision or run, ``fleet`` what was applied then, if that is known as a whole.
    ``registered`` are devices for which the secrets file holds a valid token: they were there.
    """

    kind: BaseKind = BaseKind.NONE
    name: str = ""
    fleet: DesiredFleet | None = None
    written: Written = Written()
    registered: frozenset[DeviceKey] = frozenset()

    def says_registered(self, name: Name) -> bool | None:
        """Tell whether a type or device was in the org; None: nobody knows."""
        type_id, device_id = name
        if self.fleet is not None:
            declared = self.fleet.devices.get(type_id, EMPTY)
            return type_id in self.fleet.types if device_id is None else device_id in declared
        if name in self.written.deleted:
            return False
        if name in self.written.created or name in self.written.fields:
            return True
        if device_id is None:
            return True if any(key.type_id == type_id for key in self.registered) else None
        return True if DeviceKey(type_id, device_id) in self.registered else None


def written_by(run: Run) -> Written:
    """Read from a journal what a finished apply wrote."""
    updated = {*run.changed(Deed.UPDATE_TYPE), *run.changed(Deed.UPDATE_DEVICE)}
    fields = {
        name: {path: new for path, _, new in before.fields}
        for name, before in run.befores.items()
        if name in updated and before.fields
    }
    created = {*run.changed(Deed.CREATE_TYPE), *run.changed(Deed.CREATE_DEVICES)}
    deleted = {*run.changed(Deed.DELETE_TYPE), *run.changed(Deed.DELETE_DEVICES)}
    return Written(fields, frozenset(created - deleted), frozenset(deleted))
