"""Look once more right before devices are deleted: those that are connected by now are left alone.

Between the plan and the delete may lie a question, and hours of other changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleetsync.api.presence import Client
from fleetsync.apply.attempt import note_error
from fleetsync.apply.hands import Hands
from fleetsync.diff.change import Change
from fleetsync.errors import FleetsyncError
from fleetsync.model import DeviceKey
from fleetsync.model.presence import Presence, PresenceState

_CONNECTED = "left alone, for it is connected by now"
_UNSURE = "left alone, for nobody could look whether it is connected"
_UNTOLD = "the org does not tell"
_MEANT = "; if that is meant, name it with --allow-delete-connected"


def held_back(changes: Sequence[Change], hands: Hands) -> dict[DeviceKey, str]:
    """Say of each device that must stay why, in words.

    An org that told nothing when the plan was made holds nothing back, for the plan has warned of
    that; what it told then, it must tell now.
    """
    if hands.named is None:
        return {}
    asked = [change for change in changes if change.key not in hands.named]
    if not asked:
        return {}
    clients = [Client(change.key, change.gateway) for change in asked]
    try:
        found = hands.registry.presences(hands.org, clients)
    except FleetsyncError as error:
        note_error(error, hands)
        if not any(map(_was_told, asked)):
            return {}
        return {change.key: f"{_UNSURE} ({error}); run again" for change in asked}
    return {key: words for key, presence in found.items() if (words := _why(presence, key))}


def _why(presence: Presence, key: DeviceKey) -> str:
    if presence.state is PresenceState.CONNECTED:
        return f"{_CONNECTED}{_MEANT} {key}"
    if presence.state is PresenceState.UNKNOWN:
        return f"{_UNSURE} ({_UNTOLD}){_MEANT} {key}"
    return ""


def _was_told(change: Change) -> bool:
    return change.presence is not None and change.presence.state is not PresenceState.UNKNOWN
