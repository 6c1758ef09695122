"""Bring a new device to what registration alone cannot give, or may have got wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status, done, failed
from fleetsync.apply.update import update_device
from fleetsync.diff.change import Action, Change
from fleetsync.diff.device import compare_device
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError
from fleetsync.model import Device, DeviceType, JSONObject
from fleetsync.model.path import Path
from fleetsync.plan.body import completion_body, create_device_body

Declared = TypeVar("Declared", Device, DeviceType)

_REGISTERED = "registered, its token is kept, but"


def finish_device(change: Change, hands: Hands) -> Outcome:
    """Read a new device and update what differs, if it may differ from its manifest.

    An alert cannot be given at registration (platform page 4.2), and what a type passes on may
    have been added to what the manifest declares (page 12, Q11). Of devices that may have taken
    over the same, one is read: if it is as declared, so are the others.
    """
    device = _device(change)
    risk = _risk(change)
    if not device.alert_enabled and (risk is None or risk in hands.trusted):
        return done(change)
    if is_over(hands):
        return failed(change, f"{_REGISTERED} the run ended before it was looked at; run again")
    try:
        if (risk is None or risk in hands.trusted) and _raise_alert(change, hands):
            return done(change)
        return _finish(change, device, hands, risk)
    except FleetsyncError as error:
        note_error(error, hands)
        return failed(change, f"{_REGISTERED} then: {error}")


def _raise_alert(change: Change, hands: Hands) -> bool:
    """Send the one thing that is missing; tell whether the answer shows it (page 5.4)."""
    try:
        return hands.writer.update_device(change.key, completion_body(change)).alert_enabled
    except (ApiError, OutcomeUnknownError):
        return False  # whatever it was: the device is looked at next


def _finish(change: Change, device: Device, hands: Hands, risk: object) -> Outcome:
    found = hands.registry.device(change.key)
    if found is None or change.template is None:
        return failed(change, "the org said it is registered, but does not show it; run again")
    # What the manifest leaves to the device is set at creation all the same.
    device, template = _with_all(device), _with_all(change.template)
    comparison = compare_device(device, template, found, device.location)
    if not comparison.fields:
        hands.trusted.add(risk)
        return done(change)
    rest = change._replace(
        action=Action.UPDATE,
        before=found,
        after=device,
        template=template,
        fields=comparison.fields,
        location=comparison.location,
    )
    outcome = update_device(rest, hands)
    if outcome.status is Status.FAILED:
        return failed(change, f"{_REGISTERED} then: {outcome.reason}")
    return done(change)


def _with_all(declared: Declared) -> Declared:
    return declared._replace(lifecycle=declared.lifecycle._replace(ignore_changes=()))


def _risk(change: Change) -> object:
    """Name what a device may have taken over against its manifest, or None if there is nothing."""
    cleared, left_out = _cleared(change), _left_out(change)
    if not cleared and not left_out:
        return None
    sent = create_device_body(change).get("metadata")
    return change.type_id, cleared, left_out, bool(sent)


def _cleared(change: Change) -> tuple[str, ...]:
    passed_on = change.inherited.device_info
    info = _device(change).device_info
    return tuple(sorted(name for name, text in info.items() if not text and name in passed_on))


def _left_out(change: Change) -> tuple[Path, ...]:
    declared = _device(change).metadata
    if declared is None:
        return ()
    return tuple(sorted(_missing(declared, change.inherited.metadata)))


def _missing(declared: JSONObject, passed_on: JSONObject, at: Path = ()) -> Iterator[Path]:
    """Give the paths that the type has and the device shall not have."""
    for name, value in passed_on.items():
        own = declared.get(name)
        if own is None and value is not None:
            yield (*at, name)
        elif isinstance(own, dict) and isinstance(value, dict):
            yield from _missing(own, value, (*at, name))


def _device(change: Change) -> Device:
    if not isinstance(change.after, Device):
        raise TypeError(change.name)
    return change.after
