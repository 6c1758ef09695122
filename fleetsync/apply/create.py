"""Register devices in bulk: each token is on disk before the request that registers its device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from fleetsync.api.items import ItemResult
from fleetsync.apply.attempt import is_over, note_error
from fleetsync.apply.finish import finish_device
from fleetsync.apply.hands import Hands
from fleetsync.apply.item import Item, make_item
from fleetsync.apply.outcome import Outcome, failed, not_tried
from fleetsync.apply.refused import drop_unused_tokens, explain, refuse
from fleetsync.batch import split_batches
from fleetsync.diff.change import Change
from fleetsync.errors import ApiError, FleetsyncError, SecretsError
from fleetsync.model import DeviceKey
from fleetsync.plan.cost import MAX_ITEM_BYTES

_TOO_LARGE = (
    "with the metadata of its type it is larger than a request may be: declare its own metadata"
)
_TORN = "the org's answer does not tell what became of it"
_UNTOLD = (
    "registered, but the org sent no token, so nobody knows it: delete the device and run again"
)


def create_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Register devices in as few requests as their bytes allow (platform page 4.2)."""
    too_large: list[Change] = []
    possible = (change for change in changes if change.type_id not in hands.failed_types)
    for batch in _batches(possible, too_large, hands):
        if is_over(hands):
            break
        yield from _register(batch, hands)
    yield from (failed(change, _TOO_LARGE) for change in too_large)
    for change in changes:
        if change.type_id in hands.failed_types:
            yield not_tried(change, "its device type could not be created")
    drop_unused_tokens(hands)


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


def _register(batch: list[Item], hands: Hands) -> Iterator[Outcome]:
    hands.tokens.promise([item.entry for item in batch if item.entry is not None])
    try:
        results = hands.writer.add_devices([item.body for item in batch])
    except ApiError as error:
        yield from _refused(batch, error, hands)
    except FleetsyncError as error:
        note_error(error, hands)
        yield from (failed(item.change, f"{error}; {item.advice}") for item in batch)
    else:
        answers = {result.key: result for result in results}
        unwritten = _keep_tokens(batch, answers, hands)
        for item in batch:
            yield _judge(item, answers.get(item.key), unwritten, hands)


def _refused(batch: list[Item], error: ApiError, hands: Hands) -> Iterator[Outcome]:
    """Halve a request that was refused as a whole, until the guilty item stands alone."""
    if error.status not in (400, 413) or len(batch) == 1:
        yield from (refuse(item, str(error), hands) for item in batch)
        return
    middle = len(batch) // 2
    for half in (batch[:middle], batch[middle:]):
        if is_over(hands):
            yield from (refuse(item, str(error), hands) for item in half)
        else:
            yield from _register(half, hands)


def _keep_tokens(
    batch: list[Item], answers: dict[DeviceKey, ItemResult], hands: Hands
) -> SecretsError | None:
    """Write down the tokens that the platform made; give the error if that failed."""
    entries = [
        item.with_token(answer.token, hands)
        for item in batch
        if (answer := answers.get(item.key)) and answer.token and _is_its_own(item, answer)
    ]
    try:
        hands.tokens.promise(entries)
    except SecretsError as error:
        note_error(error, hands)
        return error
    return None


def _is_its_own(item: Item, answer: ItemResult) -> bool:
    """Tell whether the answer holds a token that is not known yet, rather than ours or stars."""
    if item.entry is None:
        return answer.success is not False
    token = answer.token
    return (
        answer.success is True
        and token is not None
        and token != item.entry.token
        and len(set(token.reveal())) > 1
    )


def _judge(
    item: Item, answer: ItemResult | None, unwritten: SecretsError | None, hands: Hands
) -> Outcome:
    """Decide on one item: a 202 says nothing about any of them (platform page 11.11)."""
    if answer is None or answer.success is None:
        return failed(item.change, f"{_TORN}; {item.advice}")
    if not answer.success:
        return explain(item, answer, hands)
    if item.entry is None and answer.token is None:
        return failed(item.change, _UNTOLD)
    if unwritten is not None and _is_its_own(item, answer):
        words = "registered, but its token could not be written down and is lost: delete the device"
        return failed(item.change, f"{words} and run again ({unwritten})")
    return finish_device(item.change, hands)
