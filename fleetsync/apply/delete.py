"""Delete devices in bulk and then types, and look before believing that they are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleetsync.api.writer import TypeDeletion
from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status, done, failed, not_tried
from fleetsync.apply.stop import raise_if_stopped
from fleetsync.batch import encode_item, split_batches
from fleetsync.diff.change import Change
from fleetsync.errors import ApiError, OutcomeUnknownError
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id
from fleetsync.plan.body import remove_body

_LOOK_SINGLY = 20
"""Up to this many deleted devices are looked up one by one; more are looked up in listings."""


def delete_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Remove devices in as few requests as their bytes allow (platform page 4.3)."""
    rest = iter(changes)
    for batch in split_batches(encode_item(remove_body(change)) for change in changes):
        raise_if_stopped(hands)
        yield from _remove([next(rest) for _ in batch], hands)


def _remove(batch: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    said: dict[DeviceKey, str] = {}
    try:
        results = hands.writer.remove_devices([change.key for change in batch])
        said = {result.key: result.detail for result in results if not result.success}
    except OutcomeUnknownError as error:
        said = {change.key: str(error) for change in batch}
    except ApiError as error:
        yield from (_not_removed(change, str(error), hands) for change in batch)
        return
    there = _still_there([change.key for change in batch], hands)
    for change in batch:
        if change.key in there:
            words = said.get(change.key) or "the org said it removed it, but still shows it"
            yield _not_removed(change, words, hands)
        else:
            hands.tokens.drop(_client_ids(change, hands))
            yield done(change)


def _not_removed(change: Change, reason: str, hands: Hands) -> Outcome:
    hands.failed_types.add(change.type_id)
    return failed(change, reason)


def _still_there(keys: Sequence[DeviceKey], hands: Hands) -> set[DeviceKey]:
    """Look: ``success`` proves nothing (platform page 11.11), and a token hangs on it."""
    suspects = list(keys)
    if len(suspects) > _LOOK_SINGLY:
        listed = hands.registry.devices({key.type_id for key in keys}).by_type
        suspects = [key for key in keys if key.device_id in listed.get(key.type_id, {})]
    return {key for key in suspects if hands.registry.device(key) is not None}


def _client_ids(change: Change, hands: Hands) -> list[str]:
    """Name the device's lines in the secrets file, whichever class its type had."""
    return [client_id(hands.org, change.key, gateway=gateway) for gateway in (False, True)]


def delete_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Delete types one by one, after their devices (platform page 3.7)."""
    for change in changes:
        raise_if_stopped(hands)
        if change.type_id in hands.failed_types:
            yield not_tried(change, "some of its devices could not be deleted")
        else:
            yield _delete_type(change, hands)


def _delete_type(change: Change, hands: Hands) -> Outcome:
    try:
        ended = hands.writer.delete_device_type(change.type_id)
    except OutcomeUnknownError as error:
        there = hands.registry.device_type(change.type_id) is not None
        return failed(change, str(error)) if there else done(change)
    except ApiError as error:
        return failed(change, str(error))
    if ended is TypeDeletion.IN_USE:
        return failed(change, "it still has devices; run again to delete them")
    return done(change) if ended is TypeDeletion.DELETED else Outcome(change, Status.ALREADY)
