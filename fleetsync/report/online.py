"""Tell which new devices have connected, which have not, and of which nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from fleetsync.escape import shown
from fleetsync.model import DeviceKey
from fleetsync.plan.limits import some_names
from fleetsync.report.words import counted, duration

MOST_DEVICES = 10_000
"""So many devices of each kind stand in JSON at most; the counts are of all."""


class WaitEnd(StrEnum):
    """Why nobody waits any longer."""

    ALL = "all"
    TIME = "time"
    INTERRUPTED = "interrupted"
    UNTOLD = "untold"
    NOT_BEGUN = "notBegun"


_ENDS = {
    WaitEnd.ALL: "within {}",
    WaitEnd.TIME: "within {}",
    WaitEnd.INTERRUPTED: "when the waiting was interrupted, after {}",
    WaitEnd.UNTOLD: "as far as the org tells, so nobody waited any longer",
    WaitEnd.NOT_BEGUN: "as far as is known: nobody waited, for the run was stopped",
}


class Online(NamedTuple):
    """What became of the waiting for new devices; ``unknown`` ones have the reason with them."""

    came: tuple[DeviceKey, ...]
    absent: tuple[DeviceKey, ...]
    unknown: Mapping[DeviceKey, str]
    end: WaitEnd
    seconds: float

    @property
    def total(self) -> int:
        """How many were waited for."""
        return len(self.came) + len(self.absent) + len(self.unknown)


class Group(NamedTuple):
    """Devices that are alike in whether they have connected; ``reason`` says why nobody knows."""

    title: str
    names: list[str]
    reason: str = ""


def online_sentence(online: Online) -> str:
    """Say in numbers how many have connected, as plain text."""
    if not online.total:
        return "No device was registered, so none was waited for"
    devices = counted(online.total, "new device has", "new devices have")
    end = _ENDS[online.end].format(duration(online.seconds))
    return f"{len(online.came):,} of {devices} connected {end}"


def online_groups(online: Online) -> Iterator[Group]:
    """Name the devices, those of which nobody knows by the reason; nothing is escaped."""
    if online.came:
        yield Group("Connected", list(map(str, online.came)))
    if online.absent:
        yield Group("Not connected", list(map(str, online.absent)))
    reasons: dict[str, list[str]] = {}
    for key, reason in online.unknown.items():
        reasons.setdefault(reason, []).append(str(key))
    yield from (Group("Unknown", names, reason) for reason, names in reasons.items())


def group_names(group: Group, *, full: bool = False) -> str:
    """Name devices of a group in a line: a few, or all; nothing is escaped."""
    return ", ".join(group.names) if full else some_names(group.names)


def online_lines(online: Online | None, *, full: bool) -> Iterator[str]:
    """Write it as text, if anybody waited."""
    if online is None:
        return
    yield f"{online_sentence(online)}."
    for group in online_groups(online):
        reason = f" ({shown(group.reason)})" if group.reason else ""
        yield f"  {group.title}: {shown(group_names(group, full=full))}{reason}"


def online_document(online: Online) -> dict[str, Any]:
    """Give it for machines."""
    unknown = [
        {**_device(key), "reason": reason}
        for key, reason in list(online.unknown.items())[:MOST_DEVICES]
    ]
    return {
        "end": online.end.value,
        "seconds": round(online.seconds, 3),
        "devices": online.total,
        "connected": _counted(online.came),
        "notConnected": _counted(online.absent),
        "unknown": {"count": len(online.unknown), "devices": unknown},
    }


def _counted(keys: tuple[DeviceKey, ...]) -> dict[str, Any]:
    return {"count": len(keys), "devices": list(map(_device, keys[:MOST_DEVICES]))}


def _device(key: DeviceKey) -> dict[str, str]:
    return {"typeId": key.type_id, "deviceId": key.device_id}
