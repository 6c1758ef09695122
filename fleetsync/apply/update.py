"""Update devices, one PUT each and one more where the location changes, several side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice

from fleetsync.apply.attempt import attempt
from fleetsync.apply.hands import Hands
from fleetsync.apply.keep import kept_before
from fleetsync.apply.outcome import Outcome
from fleetsync.apply.second_look import look_again
from fleetsync.apply.write import Door, Live, again_on_conflict, put_and_judge
from fleetsync.diff.change import Change, Field
from fleetsync.diff.device import Comparison, compare_device
from fleetsync.diff.location import location_differences
from fleetsync.errors import OutcomeUnknownError
from fleetsync.model import Device, LiveDevice, Location
from fleetsync.plan.body import location_to_note, update_device_body, update_location

_IN_FLIGHT = 8
"""Requests at the same time: enough to use ten calls a second at 0.8 s each."""

_STAMP = re.compile(r"[0-9A-Za-z:.+-]{1,40}")
"""A time stamp that a mark can hold."""


def update_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Update every device; outcomes come as the answers do."""
    left = kept_before(changes, hands)
    with ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="update") as pool:
        running: set[Future[Outcome]] = set()
        while True:
            for change in islice(left, _IN_FLIGHT - len(running)):
                running.add(pool.submit(attempt, _update_listed, change, hands))
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield future.result()


def _update_listed(change: Change, hands: Hands) -> Outcome:
    """Carry out an update that was planned from a listing, which may be old by now."""
    newest = look_again(change, _door(change, hands), hands)
    return newest if isinstance(newest, Outcome) else update_device(newest, hands)


def update_device(change: Change, hands: Hands) -> Outcome:
    """Carry out one update and hold the answers against what was asked."""
    door = _door(change, hands)
    return again_on_conflict(change, door, lambda newest: _update(newest, door, hands))


def _update(change: Change, door: Door, hands: Hands) -> Outcome:
    """Put the location first: the mark must never tell of one that the org does not have."""
    place = update_location(change)
    left: tuple[Field, ...] = ()
    noted = location_to_note(change)
    if place is not None:
        noted = _put_location(change, place, hands)
        missed = location_differences(place, noted)
        left = tuple(field for field in missed if field not in change.kept)
    return put_and_judge(change, update_device_body(change, noted), door, hands, left)


def _put_location(change: Change, place: Location, hands: Hands) -> Location | None:
    """Give the location that the org has then, in the form in which a mark tells of it."""
    try:
        there: Location | None = hands.writer.put_location(change.key, place)
    except OutcomeUnknownError:
        there = hands.registry.location(change.key)
        if location_differences(place, there):
            raise
    if location_differences(place, there):
        there = hands.registry.location(change.key)
    if there is None or not location_differences(place, there):
        return place if there else None
    named = place.measured is not None and _STAMP.fullmatch(there.measured or "")
    return there if named else there._replace(measured=None)


def _door(change: Change, hands: Hands) -> Door:
    return Door(
        put=partial(hands.writer.update_device, change.key),
        get=partial(hands.registry.device, change.key),
        compare=partial(_compare, change),
    )


def _compare(change: Change, found: Live) -> Comparison:
    """Compare all but the location, which has a request of its own."""
    device, template = change.after, change.template
    if not (isinstance(device, Device) and template and isinstance(found, LiveDevice)):
        raise TypeError(change.name)
    return compare_device(device, template, found, change.location)
