"""See which devices are connected, and wait until enough of a wave are so again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from fleetsync.api.presence import Client
from fleetsync.api.registry import Registry
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.cli.awaiting import Until, await_connected
from fleetsync.errors import ApiError, FleetsyncError
from fleetsync.model import DeviceKey
from fleetsync.model.presence import Presence, PresenceState


def connected_devices(
    registry: Registry, org: str, clients: Sequence[Client]
) -> frozenset[DeviceKey] | str:
    """Name the devices that are connected, or say why nobody knows that of all of them."""
    try:
        found = registry.presences(org, clients)
    except ApiError as error:
        return f"the org does not tell which devices are connected ({error})"
    unknown = sum(presence.state is PresenceState.UNKNOWN for presence in found.values())
    if unknown:
        return f"the org does not tell of {unknown:,} of {len(found):,} devices"
    return frozenset(_on(found))


def await_devices(
    keys: Sequence[DeviceKey],
    gateways: Collection[DeviceKey],
    hands: Hands,
    *,
    enough: int,
    seconds: float,
) -> frozenset[DeviceKey]:
    """Wait until so many of the devices are connected again; give those that are.

    A signal ends the waiting, and so does an org that does not answer.
    """
    until = Until(enough, seconds, lambda: is_over(hands), hands.stop)

    def look(rest: Sequence[DeviceKey]) -> Collection[DeviceKey]:
        return _connected([Client(key, key in gateways) for key in rest], hands)

    return await_connected(keys, look, until, label="connected again")


def _connected(clients: Sequence[Client], hands: Hands) -> Collection[DeviceKey]:
    """Give those that are connected, and have been since they were registered again.

    Whether deleting a device ends its old session is not documented (platform page 12, Q21). Its
    connection log goes with it, so what stands in the log then is of the new registration.
    """
    try:
        found = hands.registry.presences(hands.org, clients)
        return [key for key in _on(found) if hands.registry.has_connected(key)]
    except FleetsyncError as error:
        note_error(error, hands)
        return ()


def _on(found: Mapping[DeviceKey, Presence]) -> Iterator[DeviceKey]:
    return (key for key, each in found.items() if each.state is PresenceState.CONNECTED)
