"""Check what only all manifests together can show: references and look-alike ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.manifest.finding import DeviceFinding
from fleetsync.manifest.words import did_you_mean
from fleetsync.model import DeviceKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleetsync.manifest.build import Gathering
    from fleetsync.manifest.finding import Finding
    from fleetsync.model import Source

MAX_STRAYS = 100
"""So many devices of one undeclared type are named; the rest is counted."""


def cross_findings(gathering: Gathering) -> Iterator[Finding | DeviceFinding]:
    """Find what is wrong between the items of a whole fleet."""
    yield from _removed_and_declared(gathering)
    yield from _types_alike(gathering)
    for type_id, sources in _sources_by_type(gathering):
        yield from _devices_alike(type_id, sources)
        if gathering.sure and type_id not in gathering.declared:
            yield from _strays(type_id, sources, gathering)


def _sources_by_type(gathering: Gathering) -> Iterator[tuple[str, dict[str, Source]]]:
    """Give the devices of each type, with those that were left out for a finding of their own."""
    broken: dict[str, dict[str, Source]] = {}
    for key, source in gathering.broken.items():
        broken.setdefault(key.type_id, {})[key.device_id] = source
    for type_id in {**gathering.devices, **broken}:
        devices = gathering.devices.get(type_id, {})
        sources = {device_id: device.source for device_id, device in devices.items()}
        yield type_id, sources | broken.get(type_id, {})


def _removed_and_declared(gathering: Gathering) -> Iterator[Finding]:
    for type_id, spot in gathering.removed.items():
        declared = gathering.declared.get(type_id)
        if declared is not None:
            words = f"device type {type_id} is removed here and declared at {declared}: keep one"
            yield spot.finding(words)


def _types_alike(gathering: Gathering) -> Iterator[Finding]:
    spots = gathering.declared | gathering.removed
    for first, second in _alike(spots):
        below = ("id",) if second in gathering.declared else ()
        words = f"differs from {first} of {spots[first]} only in case: choose another id"
        yield spots[second].finding(f"device type {second} {words}", *below)


def _devices_alike(type_id: str, sources: dict[str, Source]) -> Iterator[DeviceFinding]:
    for first, second in _alike(sources):
        known, source = sources[first], sources[second]
        words = f"differs from {first} of {known.file}:{known.line} only in case"
        yield DeviceFinding(
            source.file,
            source.line,
            DeviceKey(type_id, second),
            "deviceId",
            f"device {type_id}/{second} {words}: choose another id",
        )


def _strays(
    type_id: str, sources: dict[str, Source], gathering: Gathering
) -> Iterator[DeviceFinding]:
    """Find the devices of a type that no manifest declares."""
    removed = gathering.removed.get(type_id)
    if removed is not None:
        words = f"its type is removed at {removed}: take the device out, or keep the type"
    else:
        near = did_you_mean(type_id, gathering.declared)
        words = f'its type "{type_id}" is not declared; {near or "add it to deviceTypes"}'
    for count, (device_id, source) in enumerate(sources.items(), start=1):
        key = DeviceKey(type_id, device_id)
        last = count == MAX_STRAYS and len(sources) > MAX_STRAYS
        more = f" (and so for {len(sources) - MAX_STRAYS:,} more devices)" if last else ""
        yield DeviceFinding(*source, key, "typeId", f"device {key}: {words}{more}")
        if last:
            return


def _alike(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give each id that differs from an earlier one only in case, after that one."""
    first_of: dict[str, str] = {}
    for text in ids:
        first = first_of.setdefault(text.lower(), text)
        if first != text:
            yield first, text
