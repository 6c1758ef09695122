"""Create and update device types, one request each, and hold the answers against what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from fleetsync.apply.attempt import attempt, is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.apply.keep import kept_before
from fleetsync.apply.outcome import Outcome, Status, done, failed
from fleetsync.apply.second_look import look_again
from fleetsync.apply.verdict import verdict
from fleetsync.apply.write import Door, Live, again_on_conflict, put_and_judge
from fleetsync.diff.change import Change, Inheritance
from fleetsync.diff.device import Comparison
from fleetsync.diff.device_type import compare_device_type, has_other_class
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError
from fleetsync.model import DeviceType, LiveDeviceType
from fleetsync.plan.body import create_type_body, update_type_body


def create_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Send one POST for each type (platform page 3.4: there is no bulk form)."""
    for change in changes:
        yield attempt(_create, change, hands)


def update_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Send one PUT for each type (platform page 3.6)."""
    for change in kept_before(changes, hands):
        outcome = attempt(_update, change, hands)
        if outcome.status is not Status.DONE and not is_over(hands):
            _note_passed_on(change, hands)
        yield outcome


def _note_passed_on(change: Change, hands: Hands) -> None:
    """Note what a type passes on by now (page 3.8): it is not what the plan took it for."""
    try:
        found = hands.registry.device_type(change.type_id)
    except FleetsyncError as error:
        note_error(error, hands)
        return
    if found is not None:
        hands.passed_on[change.type_id] = Inheritance(found.device_info, found.metadata)


def _create(change: Change, hands: Hands, *, last: bool = False) -> Outcome:
    """Create a type; once more if the answer was lost and it is not there: of two, one is made."""
    declared = _declared(change)
    hands.failed_types.add(change.type_id)  # until it is seen to be there
    try:
        found: LiveDeviceType | None = hands.writer.add_device_type(create_type_body(declared))
    except OutcomeUnknownError as error:
        if last or is_over(hands) or hands.registry.device_type(change.type_id) is not None:
            return _look(change, hands, error)
        return _create(change, hands, last=True)
    except ApiError as error:
        if error.status != 409:
            raise
        return _look(change, hands, error)
    if found is None or _compare(change, found).fields or has_other_class(declared, found):
        found = hands.registry.device_type(change.type_id)
    return _judge(change, found, hands)


def _look(change: Change, hands: Hands, error: ApiError | OutcomeUnknownError) -> Outcome:
    """Find out what the org has when the answer to a create did not tell."""
    found = hands.registry.device_type(change.type_id)
    if found is None:
        raise error
    outcome = _judge(change, found, hands)
    if outcome.status is Status.FAILED:
        words = "the type exists by now with other values; run again to see what is left to do"
        return failed(change, words)
    if isinstance(error, OutcomeUnknownError):
        return done(change)
    return Outcome(change, Status.ALREADY)


def _judge(change: Change, found: LiveDeviceType | None, hands: Hands) -> Outcome:
    """Hold a new type against its manifest; one of another class is not fit for its devices."""
    if found is None:
        return failed(change, "the org said it is created, but does not show it; run again")
    if has_other_class(_declared(change), found):
        return failed(change, f"its class in the org is {found.class_id}; run again to see why")
    hands.failed_types.discard(change.type_id)
    return verdict(change, _compare(change, found).fields)


def _update(change: Change, hands: Hands) -> Outcome:
    door = Door(
        put=partial(hands.writer.update_device_type, change.type_id),
        get=partial(hands.registry.device_type, change.type_id),
        compare=partial(_compare, change),
    )
    seen = look_again(change, door, hands)
    if isinstance(seen, Outcome):
        return seen
    return again_on_conflict(
        seen, door, lambda newest: put_and_judge(newest, update_type_body(newest), door, hands)
    )


def _compare(change: Change, found: Live) -> Comparison:
    if not isinstance(found, LiveDeviceType):
        raise TypeError(change.name)
    return compare_device_type(_declared(change), found)


def _declared(change: Change) -> DeviceType:
    if not isinstance(change.after, DeviceType):
        raise TypeError(change.name)
    return change.after
