"""Check what only all manifests together can show: references and look-alike ids."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleetsync.manifest.finding import DeviceFinding
from fleetsync.manifest.words import did_you_mean
from fleetsync.model import DeviceKey
from fleetsync.model.reserved import is_reserved_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from fleetsync.manifest.build import Gathering
    from fleetsync.manifest.finding import Finding
    from fleetsync.model import Source

MAX_STRAYS = 100
"""So many devices of one undeclared type are named; the rest is counted."""


def cross_findings(gathering: Gathering) -> Iterator[Finding | DeviceFinding]:
    """Find what is wrong between the items of a whole fleet."""
    yield from _reserved(gathering)
    yield from _removed_and_declared(gathering)
    yield from _types_alike(gathering)
    of_sets = {place.spot.source for place in gathering.sets.places}
    for type_id, sources in _sources_by_type(gathering):
        yield from _devices_alike(type_id, sources, of_sets)
        if gathering.sure and type_id not in gathering.declared:
            own = {
                device_id: source
                for device_id, source in sources.items()
                if source not in of_sets and source.file not in gathering.sets.id_cells
            }
            yield from _strays(type_id, own, gathering)
    if gathering.sure:
        yield from _stray_sets(gathering)


def _sources_by_type(gathering: Gathering) -> Iterator[tuple[str, dict[str, Source]]]:
    """Give the devices of each type, with those that were left out for a finding of their own."""
    broken: dict[str, dict[str, Source]] = {}
    register = gathering.register
    for key, source in register.broken.items():
        broken.setdefault(key.type_id, {})[key.device_id] = source
    for type_id in {**register.devices, **broken}:
        devices = register.devices.get(type_id, {})
        sources = {device_id: device.source for device_id, device in devices.items()}
        yield type_id, sources | broken.get(type_id, {})


def _reserved(gathering: Gathering) -> Iterator[Finding]:
    for spots, below in ((gathering.declared, ("id",)), (gathering.removed, ())):
        for type_id, spot in spots.items():
            if is_reserved_type(type_id):
                words = f"device type {type_id} is fleetsync's own, for locks: choose another id"
                yield spot.finding(words, *below)


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


def _devices_alike(
    type_id: str, sources: dict[str, Source], of_sets: Collection[Source]
) -> Iterator[DeviceFinding]:
    """Find ids that differ only in case; for a set of ids and ranges once, and counted."""
    first_of: dict[Source, DeviceFinding] = {}
    more: Counter[Source] = Counter()
    for first, second in _alike(sources):
        known, source = sources[first], sources[second]
        if source in first_of:
            more[source] += 1
            continue
        words = f"differs from {first} of {known.file}:{known.line} only in case"
        found = DeviceFinding(
            source.file,
            source.line,
            DeviceKey(type_id, second),
            "deviceId",
            f"device {type_id}/{second} {words}: choose another id",
        )
        if source in of_sets:
            first_of[source] = found
        else:
            yield found
    for source, found in first_of.items():
        rest = f" (and so for {more[source]:,} more ids)" if more[source] else ""
        yield found._replace(message=found.message + rest)


def _strays(
    type_id: str, sources: dict[str, Source], gathering: Gathering
) -> Iterator[DeviceFinding]:
    """Find the devices of a type that no manifest declares."""
    words = _stray_words(type_id, "device", gathering)
    for count, (device_id, source) in enumerate(sources.items(), start=1):
        key = DeviceKey(type_id, device_id)
        last = count == MAX_STRAYS and len(sources) > MAX_STRAYS
        more = f" (and so for {len(sources) - MAX_STRAYS:,} more devices)" if last else ""
        yield DeviceFinding(*source, key, "typeId", f"device {key}: {words}{more}")
        if last:
            return


def _stray_sets(gathering: Gathering) -> Iterator[Finding]:
    """Find the device sets of a type that no manifest declares."""
    for spot, type_id in gathering.sets.places:
        if type_id not in gathering.declared:
            words = _stray_words(type_id, "device set", gathering)
            yield spot.finding(f"this device set: {words}", "typeId")


def _stray_words(type_id: str, what: str, gathering: Gathering) -> str:
    removed = gathering.removed.get(type_id)
    if removed is not None:
        return f"its type is removed at {removed}: take the {what} out, or keep the type"
    if is_reserved_type(type_id):
        return f'its type "{type_id}" is fleetsync\'s own, for locks: choose another type'
    near = did_you_mean(type_id, gathering.declared)
    return f'its type "{type_id}" is not declared; {near or "add it to deviceTypes"}'


def _alike(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give each id that differs from an earlier one only in case, after that one."""
    first_of: dict[str, str] = {}
    for text in ids:
        first = first_of.setdefault(text.lower(), text)
        if first != text:
            yield first, text
