"""Register devices in bulk: each token is on disk before the request that registers its device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from fleetsync.apply.attempt import is_over
from fleetsync.apply.hands import Hands
from fleetsync.apply.item import Item, make_item
from fleetsync.apply.outcome import Outcome, failed, not_tried
from fleetsync.apply.refused import drop_unused_tokens
from fleetsync.apply.register import register
from fleetsync.apply.register_anew import register_anew
from fleetsync.batch import split_batches
from fleetsync.diff.change import Change
from fleetsync.plan.cost import MAX_ITEM_BYTES

_TOO_LARGE = (
    "with the metadata of its type it is larger than a request may be: declare its own metadata"
)


def create_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Register devices in as few requests as their bytes allow (platform page 4.2)."""
    yield from register_devices(changes, hands)
    drop_unused_tokens(hands)


def register_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Register devices; the tokens of those that are refused stay in the secrets file so far."""
    changes = [_as_passed_on(change, hands) for change in changes]
    too_large: list[Change] = []
    possible = (change for change in changes if change.type_id not in hands.failed_types)
    for batch in _batches(possible, too_large, hands):
        if is_over(hands):
            break
        yield from register(batch, hands)
    yield from register_anew(hands)
    yield from (failed(change, _TOO_LARGE) for change in too_large)
    for change in changes:
        if change.type_id in hands.failed_types:
            yield not_tried(change, "its device type could not be created")


def _as_passed_on(change: Change, hands: Hands) -> Change:
    """Give a create with what its type really passes on, where that is not as planned."""
    passed_on = hands.passed_on.get(change.type_id)
    return change if passed_on is None else change._replace(inherited=passed_on)


def _batches(
    changes: Iterable[Change], too_large: list[Change], hands: Hands
) -> Iterator[list[Item]]:
    waiting: deque[Item] = deque()

    def bodies() -> Iterator[bytes]:
        for change in changes:
            item = make_item(change, hands)
            if len(item.body) > MAX_ITEM_BYTES:
                too_large.append(change)
                continue
            waiting.append(item)
            yield item.body

    for batch in split_batches(bodies()):
        yield [waiting.popleft() for _ in batch]
