"""Say in words why a device goes, and whether anybody would miss it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fleetsync.model.presence import Presence, PresenceState
from fleetsync.plan.view import ShownChange

_WORDS = {
    PresenceState.CONNECTED: "connected now",
    PresenceState.DISCONNECTED: "not connected",
    PresenceState.NEVER: "never seen",
    PresenceState.UNKNOWN: "connection unknown",
}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def told_reason(change: ShownChange, made_at: str) -> str:
    """Give the reason of a change, and of a delete what was found of the device's connection.

    ``made_at`` is when the plan was made: ages are counted to then. They are coarse, so that many
    devices can be shown together.
    """
    if change.presence is None:
        return change.reason
    return f"{change.reason}; {presence_words(change.presence, made_at)}"


def presence_words(presence: Presence, made_at: str) -> str:
    """Say whether a device is connected, else how long ago it was seen."""
    known = _WORDS[presence.state]
    if presence.state is PresenceState.CONNECTED:
        return known
    seen, now = _moment(presence.seen_at), _moment(made_at)
    if seen is None or now is None:
        return known
    seen_words = f"seen {_age(now - seen)}"
    return f"{known}, {seen_words}" if presence.state is PresenceState.UNKNOWN else seen_words


def _moment(text: str | None) -> datetime | None:
    """Read a UTC time stamp; a document that somebody wrote may hold anything."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _age(age: timedelta) -> str:
    if age < _HOUR:
        return "within the last hour"
    if age < 2 * _DAY:
        hours = age // _HOUR
        return f"{hours} {'hour' if hours == 1 else 'hours'} ago"
    days = age // _DAY
    if days <= 30:
        return f"{days} days ago"
    return "over a month ago" if days <= 365 else "over a year ago"
