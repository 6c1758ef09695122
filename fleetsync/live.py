"""Read the live fleet: everything a plan needs to know of the org, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from random import SystemRandom
from typing import NamedTuple

from fleetsync.api.parallel import run_beside
from fleetsync.api.registry import Registry
from fleetsync.diff import locations_to_read
from fleetsync.diff.location import ignored_paths, wanted_location
from fleetsync.errors import FleetsyncError
from fleetsync.model import (
    DesiredFleet,
    DeviceKey,
    LiveDevice,
    LiveFleet,
    Location,
    Sizes,
)
from fleetsync.model.reserved import is_reserved_type
from fleetsync.model.value import EMPTY
from fleetsync.shrinkage import find_shrinkage

_IN_FLIGHT = 8

LiveDevices = Mapping[str, Mapping[str, LiveDevice]]


class Reading(NamedTuple):
    """How to read: which org is expected (None: whichever answers), which locations to verify.

    ``refresh_locations`` reads every declared one, ``verify_locations`` that many by chance,
    ``locations`` names some to read in any case.
    ``progress`` is told how many are read so far, and how many there are in all. ``remembered``
    is how large the lists of each org were at the last apply. ``notify`` hears, in words, what is
    read again.
    """

    expected_org: str | None = None
    refresh_locations: bool = False
    verify_locations: int = 0
    locations: frozenset[DeviceKey] = frozenset()
    progress: Callable[[int, int | None], None] = lambda _done, _total: None
    remembered: Mapping[str, Sizes] = EMPTY
    notify: Callable[[str], None] = lambda _words: None


def read_fleet(registry: Registry, desired: DesiredFleet, reading: Reading) -> LiveFleet:
    """Read types, devices and the locations that no mark tells; sends GET requests only.

    Raises FleetsyncError if another org than the expected one answers, or none.
    """
    org = _check_org(registry, reading.expected_org)
    fleet = _hold_against_memory(
        reading.remembered.get(org),
        partial(_read_lists, registry, org, desired, reading),
        reading.notify,
    )
    keys = _locations_wanted(desired, fleet.devices, reading)
    return fleet._replace(
        locations=_read_locations(registry, keys, reading), reads=registry.requests
    )


def _check_org(registry: Registry, expected: str | None) -> str:
    found = registry.organization().org_id
    if expected is not None and expected != found:
        raise FleetsyncError(
            f"org {expected!r} is expected, but {found!r} answered: check org in fleet.yaml, and"
            " that the API key belongs to that org"
        )
    return found


def _hold_against_memory(
    before: Sizes | None, read: Callable[[], LiveFleet], notify: Callable[[str], None]
) -> LiveFleet:
    """Read the lists, and once again if they are whole in themselves and yet have shrunk."""
    fleet = read()
    if before is None or fleet.doubts:
        return fleet
    if lost := find_shrinkage(before, fleet):
        notify(f"{lost[0]}; reading it again")
        fleet = read()
        lost = find_shrinkage(before, fleet)
    return fleet._replace(doubts=(*fleet.doubts, *lost))


def _read_lists(registry: Registry, org: str, desired: DesiredFleet, reading: Reading) -> LiveFleet:
    """Read types and devices, without any location."""
    types = registry.device_types()
    managed = {*desired.types, *desired.removed_types}
    # A list of types that is not whole may lack one that has devices.
    listed = managed if types.doubts else managed & types.items.keys()
    listing = registry.devices(listed, progress=reading.progress)
    devices = {type_id: listing.by_type.get(type_id, {}) for type_id in managed}
    return LiveFleet(
        org=org,
        types={type_id: types.items[type_id] for type_id in managed if type_id in types.items},
        devices=devices,
        unmanaged_types=sum(not is_reserved_type(each) for each in types.items.keys() - managed),
        unmanaged_devices=max(0, listing.total - sum(map(len, devices.values()))),
        doubts=(*types.doubts, *listing.doubts, *listing.notes),
    )


def _locations_wanted(
    desired: DesiredFleet, live: LiveDevices, reading: Reading
) -> list[DeviceKey]:
    needed = list(locations_to_read(desired, live))
    if not (reading.refresh_locations or reading.verify_locations or reading.locations):
        return needed
    known = set(needed)
    others = [key for key in _located(desired, live) if key not in known]
    if reading.refresh_locations:
        return needed + others
    named = [key for key in others if key in reading.locations]
    rest = [key for key in others if key not in reading.locations] if named else others
    return needed + named + SystemRandom().sample(rest, min(reading.verify_locations, len(rest)))


def _located(desired: DesiredFleet, live: LiveDevices) -> Iterable[DeviceKey]:
    """Name the devices whose location is declared and not left to them."""
    for type_id, devices in desired.devices.items():
        listed = live.get(type_id, {})
        ignores = desired.types[type_id].lifecycle.ignore_changes
        for device_id, device in devices.items():
            if device_id in listed and wanted_location(
                device, ignored_paths(device, ignores), None
            ):
                yield DeviceKey(type_id, device_id)


def _read_locations(
    registry: Registry, keys: list[DeviceKey], reading: Reading
) -> dict[DeviceKey, Location | None]:
    found: dict[DeviceKey, Location | None] = {}

    def read(key: DeviceKey) -> None:
        found[key] = registry.location(key)
        reading.progress(len(found), len(keys))

    run_beside([partial(read, key) for key in keys], threads=_IN_FLIGHT)
    return found
