"""Count the fleet at a glance: declared, registered, ever seen, connected, in alert, in error."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from fleetsync.model import DesiredFleet, DeviceKey, LiveDevice
from fleetsync.model.key import client_id


class Connections(NamedTuple):
    """Whom the org has seen: client id -> whether it is connected; or why nobody knows."""

    states: Mapping[str, bool] | None
    unknown: str = ""


class TypeStatus(NamedTuple):
    """The devices of one type, those that the manifests declare alone.

    ``registered`` are in the org; the others count among these. None: nobody knows.
    ``missing``, ``unseen``, ``offline`` and ``alerts`` name them; offline ones were seen before.
    ``errors`` gives the code that each device reported last, if it reports an error; None: nobody
    asked. ``unread`` counts those that did not answer to that.
    """

    type_id: str
    declared: int
    missing: tuple[str, ...]
    alerts: tuple[str, ...]
    unseen: tuple[str, ...] | None
    offline: tuple[str, ...] | None
    errors: Mapping[str, int] | None = None
    unread: int = 0

    @property
    def registered(self) -> int:
        """How many are in the org."""
        return self.declared - len(self.missing)

    @property
    def seen(self) -> int | None:
        """How many have ever connected."""
        return None if self.unseen is None else self.registered - len(self.unseen)

    @property
    def connected(self) -> int | None:
        """How many are connected now."""
        if self.seen is None or self.offline is None:
            return None
        return self.seen - len(self.offline)


class FleetStatus(NamedTuple):
    """The whole fleet; ``doubts`` say why the lists of the org may not be whole."""

    fleet: str
    org: str
    read_at: str
    types: tuple[TypeStatus, ...]
    unknown: str = ""
    doubts: tuple[str, ...] = ()
    reads: int = 0


def count_fleet(
    desired: DesiredFleet,
    live: Mapping[str, Mapping[str, LiveDevice]],
    org: str,
    connections: Connections,
) -> tuple[TypeStatus, ...]:
    """Hold what is declared against what the org has and whom it has seen, type by type."""
    return tuple(
        _count_type(type_id, devices, live.get(type_id, {}), org, connections.states)
        for type_id, devices in sorted(desired.devices.items())
    )


def _count_type(
    type_id: str,
    declared: Mapping[str, object],
    live: Mapping[str, LiveDevice],
    org: str,
    states: Mapping[str, bool] | None,
) -> TypeStatus:
    there = [device_id for device_id in declared if device_id in live]
    missing = tuple(device_id for device_id in declared if device_id not in live)
    alerts = tuple(device_id for device_id in there if live[device_id].alert_enabled)
    if states is None:
        return TypeStatus(type_id, len(declared), missing, alerts, None, None)
    on = {each: _is_on(DeviceKey(type_id, each), org, states) for each in there}
    unseen = tuple(each for each in there if on[each] is None)
    offline = tuple(each for each in there if on[each] is False)
    return TypeStatus(type_id, len(declared), missing, alerts, unseen, offline)


def _is_on(key: DeviceKey, org: str, states: Mapping[str, bool]) -> bool | None:
    """Tell whether a device is connected; None if it was never seen.

    Both forms of client id are looked for: which one the org writes of a gateway is not known
    (platform page Q13).
    """
    found = [
        states[name]
        for gateway in (False, True)
        if (name := client_id(org, key, gateway=gateway)) in states
    ]
    return any(found) if found else None


def maybe_seen(status: TypeStatus, declared: Collection[str]) -> Iterator[DeviceKey]:
    """Name the registered devices that were seen, or may have been."""
    left_out = {*status.missing, *(status.unseen or ())}
    return (DeviceKey(status.type_id, each) for each in declared if each not in left_out)
