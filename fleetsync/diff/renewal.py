"""Register a device again as it was: the other half of a rotation, from what was noted of it."""

from __future__ import annotations

from fleetsync.diff.change import Action, Change, Inheritance
from fleetsync.diff.recreate import recorded_device
from fleetsync.diff.revert import bare_type
from fleetsync.journal.entry import Before
from fleetsync.model import LiveDevice, Source

REASON = "a new token"


def registered_again(
    before: Before, inherited: Inheritance, source: Source | None = None
) -> Change:
    """Give the create that brings a deleted device back; ``inherited`` is what its type passes on.

    All that was live comes along, whatever the manifests say of it.
    """
    live = before.live
    if not isinstance(live, LiveDevice):
        raise TypeError(before.name)
    return Change(
        Action.CREATE,
        live.type_id,
        live.device_id,
        REASON,
        source,
        before=live,
        after=recorded_device(before, live, inherited),
        template=bare_type(live.type_id),
        inherited=inherited,
        gateway=before.gateway,
    )
