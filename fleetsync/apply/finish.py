"""Bring a new device to what registration alone cannot give, or may have got wrong."""

from __future__ import annotations

from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status, done, failed
from fleetsync.apply.update import update_device
from fleetsync.diff.change import Action, Change
from fleetsync.diff.device import compare_device
from fleetsync.errors import FleetsyncError
from fleetsync.model import Device
from fleetsync.plan.body import create_device_body


def needs_finish(change: Change) -> bool:
    """Tell whether a new device may differ from its manifest although it was registered.

    An alert cannot be given at registration (platform page 4.2), and what a type passes on may
    have been added to what the manifest declares (page 12, Q11).
    """
    device = _device(change)
    return bool(device.alert_enabled) or may_inherit(change)


def may_inherit(change: Change) -> bool:
    """Tell whether the type has values that the device declares to be absent."""
    return bool(_cleared(change) or _left_out(change))


def _cleared(change: Change) -> tuple[str, ...]:
    template = change.template.device_info if change.template else {}
    info = _device(change).device_info
    return tuple(sorted(name for name, text in info.items() if not text and template.get(name)))


def _left_out(change: Change) -> tuple[str, ...]:
    declared = _device(change).metadata
    if declared is None:
        return ()
    return tuple(
        sorted(
            name
            for name, value in change.inherited.items()
            if name not in declared or isinstance(value, dict)
        )
    )


def _risk(change: Change) -> tuple[object, ...]:
    """Name what a device may have inherited: devices of the same risk end up alike."""
    sent = create_device_body(change).get("metadata")
    return change.type_id, _cleared(change), _left_out(change), bool(sent)


def finish_device(change: Change, hands: Hands, trusted: set[object]) -> Outcome:
    """Read a new device and update what differs.

    ``trusted`` holds the risks of which one device was found as declared: no other is read.
    """
    device = _device(change)
    if not device.alert_enabled and _risk(change) in trusted:
        return done(change)
    try:
        return _finish(change, device, hands, trusted)
    except FleetsyncError as error:
        return failed(change, f"registered, its token is kept, but then: {error}")


def _finish(change: Change, device: Device, hands: Hands, trusted: set[object]) -> Outcome:
    found = hands.registry.device(change.key)
    if found is None or change.template is None:
        return failed(change, "the org said it is registered, but does not show it; run again")
    comparison = compare_device(device, change.template, found, device.location)
    if not comparison.fields:
        trusted.add(_risk(change))
        return done(change)
    rest = change._replace(
        action=Action.UPDATE, before=found, fields=comparison.fields, location=comparison.location
    )
    outcome = update_device(rest, hands)
    if outcome.status is Status.FAILED:
        return failed(change, f"registered, its token is kept, but then: {outcome.reason}")
    return done(change)


def _device(change: Change) -> Device:
    if not isinstance(change.after, Device):
        raise TypeError(change.name)
    return change.after
