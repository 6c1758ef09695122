"""Delete devices in bulk and then types, and look before believing that they are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from fleetsync.api.writer import TypeDeletion
from fleetsync.apply.attempt import attempt, is_over, note_error
from fleetsync.apply.connected import held_back
from fleetsync.apply.hands import Hands, client_ids
from fleetsync.apply.keep import kept_before
from fleetsync.apply.look import look
from fleetsync.apply.outcome import Outcome, Status, done, failed, not_tried
from fleetsync.batch import encode_item, split_batches
from fleetsync.diff.change import Change
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError
from fleetsync.journal.entry import Sight
from fleetsync.model import DeviceKey, LiveDevice
from fleetsync.plan.body import remove_body

_REFUSED = "the org did not remove it, and gave no reason"
_UNSEEN = "nobody could look whether it is gone, so its token is kept; run again"
_LIES = "the org said it removed it, but still shows it; run again"


def delete_devices(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Remove devices in as few requests as their bytes allow (platform page 4.3).

    What was asked for is looked at once, at the end: a listing for each request would take longer.
    """
    yield from delete_kept(changes, kept_before(changes, hands), hands)


def delete_kept(
    changes: Sequence[Change], kept: Iterator[Change], hands: Hands
) -> Iterator[Outcome]:
    """Remove devices that ``kept`` gives as soon as it is noted what they were."""
    said: dict[DeviceKey, str] = {}
    for batch in split_batches(encode_item(remove_body(change)) for change in changes):
        due = list(islice(kept, len(batch)))
        held = {} if is_over(hands) else held_back(due, hands)
        yield from (
            _left_alone(change, held[change.key], hands) for change in due if change.key in held
        )
        if not is_over(hands):
            said |= _remove([change.key for change in due if change.key not in held], hands)
    yield from _look_and_judge([change for change in changes if change.key in said], said, hands)


def _left_alone(change: Change, reason: str, hands: Hands) -> Outcome:
    hands.failed_types.add(change.type_id)
    return not_tried(change, reason)


def _remove(keys: Sequence[DeviceKey], hands: Hands) -> dict[DeviceKey, str]:
    """Give what the org says against each removal, nothing where it says that it is done."""
    if not keys:
        return {}
    try:
        results = hands.writer.remove_devices(keys)
    except ApiError as error:
        if error.status in (400, 413) and len(keys) > 1 and not is_over(hands):
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
    there = _look_and_insist(changes, said, hands)
    if there is not None:
        hands.journal.see(Sight.GONE, [key for key in said if key not in there])
        hands.journal.see(Sight.THERE, list(there))
    for change in changes:
        if there is None:
            yield _not_removed(change, said[change.key] or _UNSEEN, hands)
        elif change.key in there:
            yield _not_removed(change, said[change.key] or _LIES, hands)
        else:
            hands.tokens.retire(client_ids(change.key, hands), run=hands.run, at=hands.now())
            yield done(change)


def _look_and_insist(
    changes: Sequence[Change], said: dict[DeviceKey, str], hands: Hands
) -> dict[DeviceKey, LiveDevice] | None:
    """Look what is there, and ask once more for what was asked for in vain.

    Its request was lost or refused, or the answer was not true. Removing what is gone does no harm
    (platform page 4.3); what somebody has registered anew since stays.
    """
    there = look(said.keys(), hands)
    if not there or is_over(hands):
        return there
    left = [change for change in changes if _is_still_it(change, there.get(change.key))]
    held = held_back(left, hands)  # it may have come back meanwhile
    said |= held
    left = [change for change in left if change.key not in held]
    rest = iter(left)
    for batch in split_batches(encode_item(remove_body(change)) for change in left):
        said |= _remove([change.key for change in islice(rest, len(batch))], hands)
    asked_again = {change.key for change in left}
    seen = look(asked_again, hands)
    others = {key: device for key, device in there.items() if key not in asked_again}
    return None if seen is None else others | seen


def _is_still_it(change: Change, found: LiveDevice | None) -> bool:
    before = change.before
    return isinstance(before, LiveDevice) and (
        found is not None and found.registration == before.registration
    )


def _not_removed(change: Change, reason: str, hands: Hands) -> Outcome:
    hands.failed_types.add(change.type_id)
    return failed(change, reason)


def delete_types(changes: Sequence[Change], hands: Hands) -> Iterator[Outcome]:
    """Delete types one by one, after their devices (platform page 3.7)."""
    for change in kept_before(changes, hands):
        if change.type_id in hands.failed_types:
            yield not_tried(change, "some of its devices could not be deleted")
        else:
            yield attempt(_delete_type, change, hands)


def _delete_type(change: Change, hands: Hands, *, last: bool = False) -> Outcome:
    """Delete a type; once more if the answer was lost and it is still there."""
    try:
        ended = hands.writer.delete_device_type(change.type_id)
    except OutcomeUnknownError:
        if hands.registry.device_type(change.type_id) is None:
            return done(change)
        if last or is_over(hands):
            raise
        return _delete_type(change, hands, last=True)
    if ended is TypeDeletion.IN_USE:
        return failed(change, "it still has devices; run again to delete them")
    if ended is TypeDeletion.DELETED:
        return done(change)
    if hands.registry.device_type(change.type_id) is not None:
        return failed(change, "the org said that it does not know it, but still shows it")
    return Outcome(change, Status.ALREADY)
