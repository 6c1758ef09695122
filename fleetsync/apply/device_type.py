"""Create and update device types, one request each, and hold the answers against what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status, failed
from fleetsync.apply.stop import raise_if_stopped
from fleetsync.apply.verdict import remember, still_differing, verdict
from fleetsync.diff.change import Change, Field
from fleetsync.diff.device_type import compare_device_type
from fleetsync.errors import ApiError, OutcomeUnknownError
from fleetsync.model import DeviceType, LiveDeviceType
from fleetsync.plan.body import create_type_body, remembering_body, update_type_body


def create_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Send one POST for each type (platform page 3.4: there is no bulk form)."""
    for change in changes:
        raise_if_stopped(hands)
        yield _create(change, hands)


def update_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Send one PUT for each type (platform page 3.6)."""
    for change in changes:
        raise_if_stopped(hands)
        yield _update(change, hands)


def _create(change: Change, hands: Hands) -> Outcome:
    declared = _declared(change)
    try:
        answer: LiveDeviceType | None = hands.writer.add_device_type(create_type_body(declared))
    except OutcomeUnknownError as error:
        return _look(change, hands, str(error))
    except ApiError as error:
        return (
            _look(change, hands, str(error)) if error.status == 409 else failed(change, str(error))
        )
    left = _left(change, answer)
    if left:
        answer = hands.registry.device_type(change.type_id)
        left = _left(change, answer)
    return verdict(change, left)


def _update(change: Change, hands: Hands) -> Outcome:
    try:
        answer: LiveDeviceType | None = hands.writer.update_device_type(
            change.type_id, update_type_body(change)
        )
    except OutcomeUnknownError:
        answer = hands.registry.device_type(change.type_id)
    except ApiError as error:
        return failed(change, str(error))
    left = still_differing(change, _left(change, answer))
    if left:
        answer = hands.registry.device_type(change.type_id)
        left = still_differing(change, _left(change, answer))
    if left and answer is not None:
        mark = remember(change, answer.mark, left)
        hands.writer.update_device_type(change.type_id, remembering_body(change, answer, mark))
    return verdict(change, left)


def _look(change: Change, hands: Hands, words: str) -> Outcome:
    """Find out what the org has when the answer to a create did not tell."""
    found = hands.registry.device_type(change.type_id)
    if found is None:
        hands.failed_types.add(change.type_id)
        return failed(change, words)
    if not _left(change, found):
        return Outcome(change, Status.ALREADY)
    return failed(change, "the type exists by now with other values; run again to update it")


def _left(change: Change, answer: LiveDeviceType | None) -> tuple[Field, ...]:
    if answer is None:
        return (Field("id", None, change.type_id),)
    return compare_device_type(_declared(change), answer).fields


def _declared(change: Change) -> DeviceType:
    if not isinstance(change.after, DeviceType):
        raise TypeError(change.name)
    return change.after
