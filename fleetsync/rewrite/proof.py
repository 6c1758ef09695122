"""Hold the fleet that edited files declare against the fleet that they were to declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleetsync.model import DesiredFleet, Device, DeviceType, Source
from fleetsync.model.value import EMPTY, same_mapping

_ANYWHERE = Source("", 0)


def wrong_files(expected: DesiredFleet, found: DesiredFleet) -> frozenset[str]:
    """Name the files whose types or devices are not as they were meant to be; none: it is right."""
    types = _wrong(expected.types, found.types)
    devices = (
        file
        for type_id in expected.devices.keys() | found.devices.keys()
        for file in _wrong(expected.devices.get(type_id, EMPTY), found.devices.get(type_id, EMPTY))
    )
    removed = expected.removed_types.keys() ^ found.removed_types.keys()
    others = {(expected.removed_types.get(n) or found.removed_types[n]).file for n in removed}
    return frozenset({*types, *devices, *others})


def _wrong(
    expected: Mapping[str, Device] | Mapping[str, DeviceType],
    found: Mapping[str, Device] | Mapping[str, DeviceType],
) -> Iterator[str]:
    for name, one in expected.items():
        other = found.get(name)
        if other is None or not _same(one, other):
            yield one.source.file
            if other is not None:
                yield other.source.file
    yield from (found[name].source.file for name in found.keys() - expected.keys())


def _same(one: Device | DeviceType, other: Device | DeviceType) -> bool:
    if (one.metadata is None) is not (other.metadata is None):
        return False
    if not same_mapping(one.metadata or EMPTY, other.metadata or EMPTY):
        return False
    if dict(one.device_info) != dict(other.device_info):
        return False
    return bool(_bare(one) == _bare(other))


def _bare(each: Device | DeviceType) -> Device | DeviceType:
    return each._replace(metadata=None, device_info=EMPTY, source=_ANYWHERE)
