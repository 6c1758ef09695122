"""Update a type or a device with one PUT, believe nothing, and note what was not honoured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fleetsync.apply.attempt import note_error
from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, failed
from fleetsync.apply.verdict import still_differing, verdict
from fleetsync.diff.change import Change, Field
from fleetsync.diff.device import Comparison
from fleetsync.errors import ApiError, FleetsyncError, OutcomeUnknownError
from fleetsync.model import LiveDevice, LiveDeviceType
from fleetsync.model.live import RESERVED_KEY
from fleetsync.plan.body import Body, remembering_body

Live = LiveDevice | LiveDeviceType

_GONE = "the org does not know it any more; run again to register it anew"
_NO_MARK = (
    "the platform did not keep what fleetsync notes under metadata.fleetsync, so the next plan will"
    " find it as before"
)


class Door(NamedTuple):
    """The way to one type or device; ``compare`` tells what the next plan would say of it."""

    put: Callable[[Body], Live]
    get: Callable[[], Live | None]
    compare: Callable[[Live], Comparison]


def put_and_judge(
    change: Change, body: Body, door: Door, hands: Hands, left: tuple[Field, ...] = ()
) -> Outcome:
    """Send the body, if it says anything, and report what came of it.

    ``left`` are fields that other requests of this change could not set. Raises ApiError where the
    org refuses, OutcomeUnknownError where nobody knows: then nothing is noted.
    """
    if not body and not left:
        return verdict(change, left)
    found = _put(change, body, door) if body else door.get()
    if found is None:
        return failed(change, _GONE)
    left += _missed(change, found, door)
    if left:
        return _with_note(verdict(change, left), found, left, door, hands)
    return verdict(change, left) if _keeps_mark(body, found) else failed(change, _NO_MARK)


def again_on_conflict(change: Change, door: Door, act: Callable[[Change], Outcome]) -> Outcome:
    """Act; once more against the new state if somebody else wrote meanwhile (page 5.4: 409).

    The same where the answer was lost and the org was seen not to have done it.
    """
    unknown: OutcomeUnknownError | None = None
    try:
        return act(change)
    except OutcomeUnknownError as error:
        unknown = error
    except ApiError as error:
        if error.status == 404:
            return failed(change, _GONE)
        if error.status != 409:
            raise
    found = door.get()
    if found is not None:
        return act(_renewed(change, found, door))
    if unknown is not None:
        raise unknown
    return failed(change, _GONE)


def _renewed(change: Change, found: Live, door: Door) -> Change:
    """Aim the same change at what is live by now; where it goes on earth stays as it was."""
    comparison = door.compare(found)
    fields = still_differing(change, comparison.fields) + _of_location(change.fields)
    kept = comparison.kept + _of_location(change.kept)
    return change._replace(before=found, fields=fields, kept=kept)


def _of_location(fields: Sequence[Field]) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.path.startswith("location."))


def _put(change: Change, body: Body, door: Door) -> Live | None:
    """Give what the org has after the PUT; its answer alone counts only where it is as asked."""
    try:
        answer = door.put(body)
    except OutcomeUnknownError:
        found = door.get()
        if found is None or not _is_as_asked(change, body, found, door):
            raise
        return found
    return answer if _is_as_asked(change, body, answer, door) else door.get()


def _is_as_asked(change: Change, body: Body, found: Live, door: Door) -> bool:
    return _keeps_mark(body, found) and not _missed(change, found, door)


def _missed(change: Change, found: Live, door: Door) -> tuple[Field, ...]:
    return still_differing(change, door.compare(found).fields)


def _keeps_mark(body: Body, found: Live) -> bool:
    metadata = body.get("metadata")
    sent = metadata.get(RESERVED_KEY) if isinstance(metadata, dict) else None
    return sent is None or found.mark == sent


def _with_note(
    outcome: Outcome, found: Live, left: tuple[Field, ...], door: Door, hands: Hands
) -> Outcome:
    """Note in the mark what the platform did not honour, so that no later plan repeats it."""
    body = remembering_body(outcome.change, found, left)
    try:
        noted = _keeps_mark(body, door.put(body))
    except FleetsyncError as error:
        note_error(error, hands)
        words = f"this could not be noted, so the next plan may try it again: {error}"
        return failed(outcome.change, f"{outcome.reason}; {words}")
    return outcome if noted else failed(outcome.change, f"{outcome.reason}; {_NO_MARK}")
