"""Count the API calls that a plan takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fleetsync.batch import MAX_REQUEST_BYTES, count_batches, encode_item
from fleetsync.diff.change import Action, Change
from fleetsync.model import Kind
from fleetsync.plan.body import (
    completion_body,
    create_device_body,
    location_to_note,
    remove_body,
    update_device_body,
    update_location,
)

TOKEN_BYTES = len(',"authToken":""') + 24
"""What a token of ours adds to a bulk item."""

_ANY_RUN = "0" * 10
"""As long as what names a run in the marks of the devices it registers."""

MAX_ITEM_BYTES = MAX_REQUEST_BYTES - len(b"[]")
"""A larger device cannot be registered; its own metadata is checked, what it inherits is not."""


class Cost(NamedTuple):
    """API calls: those that reading took, and those that writing will take.

    ``look`` are reads of apply right before it writes: locations, which no list carries and which
    are noted for undo before they are lost.
    """

    read: int
    write: int
    look: int = 0

    def seconds(self, calls_per_second: int) -> float:
        """Give the time that the calls take at the rate that fleet.yaml allows."""
        return round(sum(self) / calls_per_second, 1)


def apply_cost(read: int, changes: Sequence[Change], records: Sequence[Change]) -> Cost:
    """Give what a plan costs that took ``read`` calls to make."""
    looks = sum(map(loses_location, changes)) + sum(map(loses_location, records))
    return Cost(read, count_writes(changes, records), looks)


def loses_location(change: Change) -> bool:
    """Tell whether the change ends what a location was; no list carries it (platform page 4.1)."""
    if change.kind is not Kind.DEVICE:
        return False
    return change.action is Action.DELETE or update_location(change) is not None


def count_writes(changes: Sequence[Change], records: Sequence[Change]) -> int:
    """Count the requests of an apply in which nothing fails."""
    calls = sum(map(_single_calls, changes)) + sum(map(_single_calls, records))
    devices = [change for change in changes if change.kind is Kind.DEVICE]
    creates = (change for change in devices if change.action is Action.CREATE)
    deletes = (change for change in devices if change.action is Action.DELETE)
    sizes = [
        len(encode_item(create_device_body(change, _ANY_RUN))) + TOKEN_BYTES for change in creates
    ]
    calls += count_batches([size for size in sizes if size <= MAX_ITEM_BYTES])
    return calls + count_batches([len(encode_item(remove_body(change))) for change in deletes])


def _single_calls(change: Change) -> int:
    """Count the calls that this change needs for itself."""
    if change.kind is Kind.DEVICE_TYPE:
        return 1
    if change.action is Action.CREATE:
        return 1 if completion_body(change) else 0
    if change.action is Action.DELETE:
        return 0
    body = update_device_body(change, location_to_note(change))
    return bool(body) + (update_location(change) is not None)
