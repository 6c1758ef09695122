"""Register a device again as it was: the other half of a rotation, from what was noted of it."""

from __future__ import annotations

from fleetsync.diff.change import Action, Change, Field, Inheritance
from fleetsync.diff.device import compare_device
from fleetsync.diff.recreate import recorded_device
from fleetsync.diff.revert import bare_type
from fleetsync.journal.entry import Before
from fleetsync.model import JSON, Device, LiveDevice, Source
from fleetsync.model.path import parse_path, value_at
from fleetsync.model.value import same_value

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


def unfinished(create: Change, found: LiveDevice) -> Change | None:
    """Give the update that a device still needs which was registered again, or None.

    It is about what registration cannot say: the alert, and what the type passed on unasked. What
    differs in any other way was changed since, and stays.
    """
    device, template = create.after, create.template
    if not isinstance(device, Device) or template is None:
        raise TypeError(create.name)
    comparison = compare_device(device, template, found, device.location)
    fields = tuple(field for field in comparison.fields if _is_left(field, create.inherited))
    if not fields:
        return None
    return create._replace(
        action=Action.UPDATE, before=found, fields=fields, location=comparison.location
    )


def _is_left(field: Field, inherited: Inheritance) -> bool:
    path = parse_path(field.path)
    if path[0] == "status":
        return field.after is True
    passed_on: dict[str, JSON] = {
        "deviceInfo": dict(inherited.device_info),
        "metadata": dict(inherited.metadata),
    }
    value = value_at(passed_on, path)
    return value is not None and same_value(value, field.before)
