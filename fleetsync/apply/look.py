"""Look which devices are there, for what a write answers proves little."""

from __future__ import annotations

from collections.abc import Collection

from fleetsync.apply.attempt import note_error
from fleetsync.apply.hands import Hands
from fleetsync.errors import FleetsyncError, InterruptedRunError
from fleetsync.model import DeviceKey, LiveDevice

_LOOK_SINGLY = 50
"""Up to this many devices are looked up one by one; more are looked for in a listing first."""


def look(keys: Collection[DeviceKey], hands: Hands) -> dict[DeviceKey, LiveDevice] | None:
    """Give those of the devices that exist, None if the org cannot be asked.

    After an interrupt it is asked all the same: what was begun is finished.
    """
    if hands.fatal is not None and not isinstance(hands.fatal, InterruptedRunError):
        return None
    try:
        suspects = list(keys) if len(keys) <= _LOOK_SINGLY else _listed(keys, hands)
        found = {key: hands.registry.device(key) for key in suspects}
        return {key: device for key, device in found.items() if device is not None}
    except FleetsyncError as error:
        note_error(error, hands)
        return None


def see(keys: Collection[DeviceKey], hands: Hands) -> dict[DeviceKey, LiveDevice] | None:
    """Give those of the devices that are seen, None if the org cannot be asked.

    Of many a listing is asked alone, which may lag: what is not seen may be there all the same.
    """
    if len(keys) <= _LOOK_SINGLY:
        return look(keys, hands)
    if hands.fatal is not None and not isinstance(hands.fatal, InterruptedRunError):
        return None
    try:
        by_type = hands.registry.devices({key.type_id for key in keys}).by_type
    except FleetsyncError as error:
        note_error(error, hands)
        return None
    found = {key: by_type.get(key.type_id, {}).get(key.device_id) for key in keys}
    return {key: device for key, device in found.items() if device is not None}


def _listed(keys: Collection[DeviceKey], hands: Hands) -> list[DeviceKey]:
    """Leave out what no listing has; a listing that may lack some decides nothing."""
    listing = hands.registry.devices({key.type_id for key in keys})
    if listing.doubts:
        return list(keys)
    return [key for key in keys if key.device_id in listing.by_type.get(key.type_id, ())]
