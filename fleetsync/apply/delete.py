"""Delete devices in bulk and then types, and look before believing that they are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleetsync.api.writer import TypeDeletion
from fleetsync.apply.attempt import attempt, is_over, note_error
from fleetsync.apply.hands import Hands
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Outcome, Status, done, failed, not_tried
from fleetsync.batch import encode_item, split_batches
from fleetsync.diff.change import Change
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id
from fleetsync.plan.body import remove_body

_REFUSED = "the org did not remove it, and gave no reason"
_UNSEEN = "nobody could look whether it is gone, so its token is kept; run again"
_LIES = "the org said it removed it, but still shows it; run again"


def delete_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Remove devices in as few requests as their bytes allow (platform page 4.3).

    What was asked for is looked at once, at the end: a listing for each request would take longer.
    """
    said: dict[DeviceKey, str] = {}
    rest = iter(changes)
    for batch in split_batches(encode_item(remove_body(change)) for change in changes):
        if not is_over(hands):
            said |= _remove([next(rest).key for _ in batch], hands)
    yield from _look_and_judge([change for change in changes if change.key in said], said, hands)


def _remove(keys: Sequence[DeviceKey], hands: Hands) -> dict[DeviceKey, str]:
    """Give what the org says against each removal, nothing where it says that it is done."""
    try:
        results = hands.writer.remove_devices(keys)
    except ApiError as error:
        if error.status in (400, 413) and len(keys) > 1:
            middle = len(keys) // 2
            return _remove(keys[:middle], hands) | _remove(keys[middle:], hands)
        return dict.fromkeys(keys, str(error))
    except FleetsyncError as error:
        note_error(error, hands)
        return dict.fromkeys(keys, str(error))
    return {each.key: "" if each.success else each.detail or _REFUSED for each in results}


def _look_and_judge(
    changes: Sequence[Change], said: dict[DeviceKey, str], hands: Hands
) -> Iterator[Outcome]:
    there = look(said.keys(), hands)
    for change in changes:
        if there is None:
            yield _not_removed(change, said[change.key] or _UNSEEN, hands)
        elif change.key in there:
            yield _not_removed(change, said[change.key] or _LIES, hands)
        else:
            hands.tokens.drop(_client_ids(change, hands))
            yield done(change)


def _not_removed(change: Change, reason: str, hands: Hands) -> Outcome:
    hands.failed_types.add(change.type_id)
    return failed(change, reason)


def _client_ids(change: Change, hands: Hands) -> list[str]:
    """Name the device's lines in the secrets file, whichever class its type had."""
    return [client_id(hands.org, change.key, gateway=gateway) for gateway in (False, True)]


def delete_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Delete types one by one, after their devices (platform page 3.7)."""
    for change in changes:
        if change.type_id in hands.failed_types:
            yield not_tried(change, "some of its devices could not be deleted")
        else:
            yield attempt(_delete_type, change, hands)


def _delete_type(change: Change, hands: Hands) -> Outcome:
    try:
        ended = hands.writer.delete_device_type(change.type_id)
    except OutcomeUnknownError:
        if hands.registry.device_type(change.type_id) is None:
            return done(change)
        raise
    if ended is TypeDeletion.IN_USE:
        return failed(change, "it still has devices; run again to delete them")
    if ended is TypeDeletion.DELETED:
        return done(change)
    if hands.registry.device_type(change.type_id) is not None:
        return failed(change, "the org said that it does not know it, but still shows it")
    return Outcome(change, Status.ALREADY)
