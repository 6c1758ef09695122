"""Update devices, one PUT each and one more where the location changes, several side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, failed
from fleetsync.apply.stop import raise_if_stopped
from fleetsync.apply.verdict import remember, still_differing, verdict
from fleetsync.diff.change import Change, Field
from fleetsync.diff.device import compare_device
from fleetsync.diff.location import location_differences
from fleetsync.errors import ApiError, OutcomeUnknownError
from fleetsync.model import Device, LiveDevice, Location
from fleetsync.plan.body import Body, remembering_body, update_device_body, update_location

_IN_FLIGHT = 8
"""Requests at the same time: enough to use ten calls a second at 0.8 s each."""


def update_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Update every device; outcomes come as the answers do."""
    with ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="update") as pool:
        waiting = [pool.submit(_guarded, change, hands) for change in changes]
        try:
            for future in as_completed(waiting):
                yield future.result()
        except BaseException:
            _cancel(waiting)
            raise


def _cancel(waiting: Sequence[Future[Outcome]]) -> None:
    for future in waiting:
        future.cancel()


def _guarded(change: Change, hands: Hands) -> Outcome:
    raise_if_stopped(hands)
    return update_device(change, hands)


def update_device(change: Change, hands: Hands) -> Outcome:
    """Carry out one update and hold the answers against what was asked."""
    try:
        return _update(change, hands)
    except ApiError as error:
        if error.status == 409:
            return _once_more(change, hands, error)
        if error.status == 404:
            return failed(change, "the org does not know it any more; run again to register it")
        return failed(change, str(error))


def _update(change: Change, hands: Hands) -> Outcome:
    """Put the location first: the mark must never tell of one that the org does not have."""
    left: tuple[Field, ...] = ()
    place = update_location(change)
    if place is not None:
        left = _put_location(change, place, hands)
    body = update_device_body(change, located=not left)
    answer = _put_device(change, body, hands) if body else None
    if answer is not None:
        left += still_differing(change, _compare(change, answer))
    if left:
        left = _remember(change, left, hands)
    return verdict(change, left)


def _put_location(change: Change, place: Location, hands: Hands) -> tuple[Field, ...]:
    try:
        answer: Location | None = hands.writer.put_location(change.key, place)
    except OutcomeUnknownError:
        answer = hands.registry.location(change.key)
    left = location_differences(place, answer)
    if left:
        left = location_differences(place, hands.registry.location(change.key))
    return tuple(left)


def _put_device(change: Change, body: Body, hands: Hands) -> LiveDevice | None:
    try:
        answer = hands.writer.update_device(change.key, body)
    except OutcomeUnknownError:
        return hands.registry.device(change.key)
    if still_differing(change, _compare(change, answer)):
        return hands.registry.device(change.key)
    return answer


def _remember(change: Change, left: tuple[Field, ...], hands: Hands) -> tuple[Field, ...]:
    answer = hands.registry.device(change.key)
    if answer is not None:
        mark = remember(change, answer.mark, left)
        hands.writer.update_device(change.key, remembering_body(change, answer, mark))
    return left


def _once_more(change: Change, hands: Hands, error: ApiError) -> Outcome:
    """Try again after somebody else's write (platform page 5.4: 409), against the new state."""
    found = hands.registry.device(change.key)
    device = change.after
    if found is None or not isinstance(device, Device) or change.template is None:
        return failed(change, str(error))
    comparison = compare_device(device, change.template, found, change.location)
    fields = still_differing(change, comparison.fields)
    moved = tuple(field for field in change.fields if field.path.startswith("location."))
    again = change._replace(before=found, fields=fields + moved, kept=comparison.kept)
    try:
        return _update(again, hands)
    except ApiError as second:
        return failed(change, str(second))


def _compare(change: Change, answer: LiveDevice) -> tuple[Field, ...]:
    """Ask what the next plan would say of the device, its location aside."""
    device = change.after
    if not isinstance(device, Device) or change.template is None:
        raise TypeError(change.name)
    fields = compare_device(device, change.template, answer, change.location).fields
    return tuple(field for field in fields if not field.path.startswith("location."))
