"""Register devices in bulk: each token is on disk before the request that registers its device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fleetsync.api.items import ItemResult
from fleetsync.apply.finish import finish_device, needs_finish
from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status, done, failed, not_tried
from fleetsync.apply.stop import raise_if_stopped
from fleetsync.batch import encode_item, split_batches
from fleetsync.diff.change import Change
from fleetsync.diff.device import compare_device
from fleetsync.errors import ApiError, OutcomeUnknownError
from fleetsync.model import Device, DeviceKey, LiveDevice
from fleetsync.model.key import client_id
from fleetsync.model.token import Token
from fleetsync.plan.body import create_device_body
from fleetsync.tokens.line import Entry
from fleetsync.tokens.make import make_token


class Item(NamedTuple):
    """One device on its way: ``entry`` is None where the platform makes the token.

    ``promised`` tells that this run made the token, so that it may go if the device is refused.
    """

    change: Change
    body: bytes
    client_id: str
    entry: Entry | None
    promised: bool


def create_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Register devices in as few requests as their bytes allow (platform page 4.2)."""
    for batch in _batches(_possible(changes, hands), hands):
        raise_if_stopped(hands)
        yield from _register(batch, hands)
    for change in changes:
        if change.type_id in hands.failed_types:
            yield not_tried(change, "its device type could not be created")


def _possible(changes: Sequence[Change], hands: Hands) -> Iterator[Change]:
    return (change for change in changes if change.type_id not in hands.failed_types)


def _batches(changes: Iterator[Change], hands: Hands) -> Iterator[list[Item]]:
    waiting: deque[Item] = deque()

    def bodies() -> Iterator[bytes]:
        for change in changes:
            waiting.append(_item(change, hands))
            yield waiting[-1].body

    for batch in split_batches(bodies()):
        yield [waiting.popleft() for _ in batch]


def _item(change: Change, hands: Hands) -> Item:
    name = _client_id(change, hands)
    body = create_device_body(change)
    if hands.platform_tokens:
        return Item(change, encode_item(body), name, None, promised=False)
    known = hands.tokens.known(name)
    token = known if known is not None else make_token()
    entry = _entry(change, name, token, hands)
    body["authToken"] = token.reveal()
    return Item(change, encode_item(body), name, entry, promised=known is None)


def _client_id(change: Change, hands: Hands) -> str:
    gateway = change.template is not None and change.template.class_id == "Gateway"
    return client_id(hands.org, change.key, gateway=gateway)


def _entry(change: Change, name: str, token: Token, hands: Hands) -> Entry:
    type_id, device_id = change.key
    return Entry(name, type_id, device_id, token, hands.now())


def _register(batch: list[Item], hands: Hands) -> Iterator[Outcome]:
    hands.tokens.promise([item.entry for item in batch if item.entry is not None])
    try:
        results = hands.writer.add_devices([item.body for item in batch])
    except OutcomeUnknownError as error:
        words = f"{error}; its token is kept: run again, and fleetsync will see what the org has"
        yield from (failed(item.change, words) for item in batch)
        return
    except ApiError as error:
        yield from _refused(batch, error, hands)
        return
    answers = {result.key: result for result in results}
    if hands.platform_tokens:
        _keep_tokens(batch, answers, hands)
    yield from _judge(batch, answers, hands)


def _refused(batch: list[Item], error: ApiError, hands: Hands) -> Iterator[Outcome]:
    """Halve a request that was refused as a whole, until the guilty item stands alone."""
    if error.status in (400, 413) and len(batch) > 1:
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            raise_if_stopped(hands)
            yield from _register(half, hands)
        return
    for item in batch:
        yield _give_up(item, str(error), hands)


def _keep_tokens(batch: list[Item], answers: dict[DeviceKey, ItemResult], hands: Hands) -> None:
    entries = [
        _entry(item.change, item.client_id, answer.token, hands)
        for item in batch
        if (answer := answers.get(item.change.key)) and answer.success and answer.token
    ]
    hands.tokens.promise(entries)


def _judge(
    batch: list[Item], answers: dict[DeviceKey, ItemResult], hands: Hands
) -> Iterator[Outcome]:
    """Decide item by item: a 202 says nothing about any of them (platform page 11.11)."""
    for item in batch:
        answer = answers.get(item.change.key)
        if answer is None or answer.success is None:
            words = "the org's answer does not tell what became of it; its token is kept: run again"
            yield failed(item.change, words)
        elif not answer.success:
            yield _explain(item, answer, hands)
        elif hands.platform_tokens and answer.token is None:
            yield failed(item.change, "registered, but the org sent no token: it is unknown")
        elif needs_finish(item.change):
            yield finish_device(item.change, hands, hands.trusted)
        else:
            yield done(item.change)


def _explain(item: Item, answer: ItemResult, hands: Hands) -> Outcome:
    """Look why the org refused a device: the answer rarely tells (platform page 12, Q5)."""
    said = answer.detail or "the org gave no reason"
    if hands.looks <= 0:
        return _give_up(item, f"the org refused it: {said}", hands)
    hands.looks -= 1
    found = hands.registry.device(item.change.key)
    if found is None:
        words = f"the org refused it: {said}; if it exists, access groups hide it from this API key"
        return _give_up(item, words, hands)
    if _is_as_declared(item.change, found):
        _forget(item, hands)
        return Outcome(item.change, Status.ALREADY, "it exists, though no listing showed it")
    words = "it exists by now, though no listing showed it, with other values; run again"
    return _give_up(item, words, hands)


def _is_as_declared(change: Change, found: LiveDevice) -> bool:
    device = change.after
    if not isinstance(device, Device) or change.template is None:
        raise TypeError(change.name)
    return not compare_device(device, change.template, found, device.location).fields


def _give_up(item: Item, reason: str, hands: Hands) -> Outcome:
    _forget(item, hands)
    return failed(item.change, reason)


def _forget(item: Item, hands: Hands) -> None:
    """Drop a token of this run whose device was certainly not registered with it."""
    if item.promised:
        hands.tokens.drop([item.client_id])
