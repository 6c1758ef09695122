"""Read a type or device once more before an update that was planned a while ago."""

from __future__ import annotations

from fleetsync.apply.hands import Hands
from fleetsync.apply.outcome import Outcome, Status, not_tried
from fleetsync.apply.write import Door, Live
from fleetsync.diff.change import Change
from fleetsync.diff.location import is_recorded
from fleetsync.model import Device, LiveDevice
from fleetsync.model.mark import parse_mark
from fleetsync.plan.meanwhile import differing_fields
from fleetsync.plan.precondition import carries_live_values, ignored_by

STALE_SECONDS = 60
"""What was read of the org so long ago is not written back unseen."""

_GONE = "left alone, for the org does not know it any more; run again to register it anew"


def look_again(change: Change, door: Door, hands: Hands) -> Change | Outcome:
    """Give an update as it is to be sent now, or its end, if it is not to be sent any more.

    One GET, and only where the PUT would write back live values that were read longer ago than
    ``STALE_SECONDS``: those that nobody plans to change go along as they are by now. Raises
    FleetsyncError if the org does not tell.
    """
    if hands.age() <= STALE_SECONDS or not carries_live_values(change):
        return change
    found = door.get()
    if found is None or change.before is None:
        return not_tried(change, _GONE)
    return _judge(change, change.before, found, door)


def _judge(change: Change, before: Live, found: Live, door: Door) -> Change | Outcome:
    """Decide by what the same comparison says of what was live then, and of what is now."""
    planned, newest = door.compare(before), door.compare(found)
    if _was_moved(change, before, found):
        if not change.fields and _is_noted(change, found):
            return Outcome(change, Status.ALREADY, "its location is noted by now")
        return _changed(change, "location")
    unlike = differing_fields(planned.fields, newest.fields)
    if not unlike:
        kept = tuple(field for field in change.kept if field.path.startswith("location."))
        return change._replace(before=found, kept=newest.kept + kept)
    if not newest.fields and not _moves(change):
        return Outcome(change, Status.ALREADY, "the org has it as declared by now")
    return _changed(change, unlike)


def _changed(change: Change, what: str) -> Outcome:
    words = f"left alone, for it changed since the org was read: {what}; run again"
    return not_tried(change, words)


def _was_moved(change: Change, before: Live, found: Live) -> bool:
    """Tell whether another location is noted: only that costs no further request."""
    if change.location is None:
        return False
    marks = [parse_mark(change.name, each.mark) for each in (before, found)]
    return marks[0].location != marks[1].location


def _is_noted(change: Change, found: Live) -> bool:
    device = change.after
    if not isinstance(device, Device) or not isinstance(found, LiveDevice):
        return False
    noted = parse_mark(change.name, found.mark).location
    return noted is not None and is_recorded(device, ignored_by(change), noted)


def _moves(change: Change) -> bool:
    return any(field.path.startswith("location.") for field in change.fields)
