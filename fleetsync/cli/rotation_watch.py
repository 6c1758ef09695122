"""See which devices are connected, and wait until enough of a wave are so again."""

from __future__ import annotations

from collections.abc import Sequence

from fleetsync.api.presence import Client
from fleetsync.api.registry import Registry
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.cli.vigil import Vigil
from fleetsync.errors import ApiError, FleetsyncError
from fleetsync.model import DeviceKey
from fleetsync.model.presence import Presence, PresenceState

_PARTS = 4


def connected_devices(registry: Registry) -> frozenset[DeviceKey] | str:
    """Name the devices that are connected, or say why nobody knows.

    A list that is not whole is read once more: somebody may have come or gone meanwhile.
    """
    try:
        states = registry.connected_clients()
        if states.doubt:
            states = registry.connected_clients()
    except ApiError as error:
        return f"the org does not tell which devices are connected ({error})"
    if states.doubt:
        return f"the org does not tell all that are connected ({states.doubt})"
    parts = (client.split(":") for client, is_on in states.by_client.items() if is_on)
    return frozenset(
        DeviceKey(*each[2:]) for each in parts if len(each) == _PARTS and each[0] in ("d", "g")
    )


def await_devices(
    clients: Sequence[Client], hands: Hands, *, enough: int, seconds: float
) -> frozenset[DeviceKey]:
    """Wait until so many of the devices are connected again; give those that are.

    A signal ends the waiting, and so does an org that does not answer.
    """

    def is_back(key: DeviceKey, presence: Presence) -> bool:
        """Tell whether it is connected, and has been since it was registered again.

        Whether deleting a device ends its old session is not documented (platform page 12, Q21).
        Its connection log goes with it, so what stands there then is of the new registration.
        """
        return presence.state is PresenceState.CONNECTED and hands.registry.has_connected(key)

    def goes_on(error: FleetsyncError) -> bool:
        note_error(error, hands)
        return not is_over(hands)

    vigil = Vigil(hands.org, clients, hands.registry, is_back)
    if not is_over(hands):
        vigil.keep(
            "connected again", enough=enough, seconds=seconds, stop=hands.stop, on_error=goes_on
        )
    is_over(hands)  # a signal that ended the waiting ends the run
    return frozenset(vigil.came)
