"""See which devices are connected, and wait until enough of a wave are so again."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from fleetsync.api.registry import Registry
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.hands import Hands, client_ids
from fleetsync.cli.progress import Progress
from fleetsync.errors import ApiError, FleetsyncError
from fleetsync.model import DeviceKey

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_SINGLY = 50
"""Up to this many devices are asked for one by one; of more, a list is read."""

_PARTS = 4


def connected_devices(registry: Registry) -> frozenset[DeviceKey] | str:
    """Name the devices that are connected, or say why nobody knows."""
    try:
        clients = registry.connected_clients()
    except ApiError as error:
        return f"the org does not tell which devices are connected ({error})"
    parts = (client.split(":") for client in clients)
    return frozenset(
        DeviceKey(*each[2:]) for each in parts if len(each) == _PARTS and each[0] in ("d", "g")
    )


def await_devices(
    keys: Sequence[DeviceKey], hands: Hands, *, enough: int, seconds: float
) -> frozenset[DeviceKey]:
    """Wait until so many of the devices are connected again; give those that are.

    A signal ends the waiting, and so does an org that does not answer.
    """
    ends_at = time.monotonic() + seconds
    back: set[DeviceKey] = set()
    pause = _FIRST_PAUSE
    with Progress("connected again") as progress:
        while not is_over(hands):
            back |= _connected([key for key in keys if key not in back], hands)
            progress.update(len(back), len(keys))
            left = ends_at - time.monotonic()
            if len(back) >= enough or left <= 0 or hands.stop.wait(min(pause, left)):
                break
            pause = min(pause * 2, _LONGEST_PAUSE)
    return frozenset(back)


def _connected(keys: Collection[DeviceKey], hands: Hands) -> set[DeviceKey]:
    """Give those that are connected, and have been since they were registered again.

    Whether deleting a device ends its old session is not documented (platform page 12, Q21). Its
    connection log goes with it, so what stands in the log then is of the new registration.
    """
    try:
        if len(keys) <= _SINGLY:
            on = {key for key in keys if _is_on(key, hands)}
        else:
            clients = hands.registry.connected_clients()
            on = {key for key in keys if not clients.isdisjoint(client_ids(key, hands))}
        return {key for key in on if hands.registry.has_connected(key)}
    except FleetsyncError as error:
        note_error(error, hands)
        return set()


def _is_on(key: DeviceKey, hands: Hands) -> bool:
    names = client_ids(key, hands)
    known = [name for name in names if hands.tokens.known(name)]  # whichever class its type has
    return any(hands.registry.is_connected(name) for name in known or names)
