"""Write and read what a lock in the org says: who holds it, for which run, until when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from fleetsync.escape import shown
from fleetsync.model import JSON, JSONObject
from fleetsync.model.reserved import LOCK_TYPE

_NONCE = re.compile(r"[0-9a-f]{16}")
_CLAIM = re.compile(LOCK_TYPE + r"-[0-9a-f]{16}")
_MOST_CLAIMS = 8
_LONGEST = 80
"""Characters of a text from the org that a message shows."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 250_000_000_000.0
"""A time that can still be written, in the year 9892."""
_DESCRIPTION = (
    "fleetsync holds this while an apply changes the org. It goes away by itself; delete it by hand"
    " only if no apply is at work."
)


class Record(NamedTuple):
    """What a lock says, as far as it can be read; times are seconds since 1970.

    ``nonce`` is the holder's alone. ``expires`` is by the holder's clock, ``created`` and
    ``updated`` are by the org's (platform page 3.1). ``claims`` are types that the holder created
    to take the lock over, and has yet to delete.
    """

    fleet: str = ""
    owner: str = ""
    run: str = ""
    nonce: str = ""
    expires: float | None = None
    claims: tuple[str, ...] = ()
    created: float | None = None
    updated: float | None = None

    @property
    def claim(self) -> str:
        """The id of the type that whoever replaces this very lock has to create first.

        No two locks have the same, so a claim on one is never taken for a claim on another.
        """
        name = self.nonce if _NONCE.fullmatch(self.nonce) else _digest(self)
        return f"{LOCK_TYPE}-{name}"

    def __str__(self) -> str:
        """Say who holds it and until when, on one line fit to be shown."""
        fleet = f"fleet {_short(self.fleet)}" if self.fleet else "it does not say for which fleet"
        run = f"run {_short(self.run)}" if self.run else ""
        until = "no expiry" if self.expires is None else f"expires {_stamp(self.expires)[:19]}Z"
        return ", ".join(filter(None, [fleet, _short(self.owner), run, until]))


def create_lock_body(type_id: str, record: Record) -> JSONObject:
    """Give the body that creates a lock (platform page 3.4)."""
    return {"id": type_id, "classId": "Device", **update_lock_body(record)}


def update_lock_body(record: Record) -> JSONObject:
    """Give the body that changes a lock (page 3.6); each key is set, for metadata may be merged."""
    metadata: JSONObject = {
        "fleet": record.fleet,
        "owner": record.owner,
        "run": record.run,
        "expires": _stamp(record.expires or 0.0),
        "nonce": record.nonce,
        "claims": " ".join(record.claims) or "none",
    }
    return {"description": _DESCRIPTION, "metadata": dict(metadata)}


def parse_lock(body: JSON) -> Record:
    """Read a lock out of a device type; whatever makes no sense in it is left out."""
    whole = body if isinstance(body, dict) else {}
    found = whole.get("metadata")
    metadata = found if isinstance(found, dict) else {}
    texts = {name: value for name, value in metadata.items() if isinstance(value, str)}
    claims = [each for each in texts.get("claims", "").split() if _CLAIM.fullmatch(each)]
    return Record(
        fleet=texts.get("fleet", ""),
        owner=texts.get("owner", ""),
        run=texts.get("run", ""),
        nonce=texts.get("nonce", ""),
        expires=_parse_stamp(texts.get("expires")),
        claims=tuple(claims[:_MOST_CLAIMS]),
        created=_parse_stamp(whole.get("createdDateTime")),
        updated=_parse_stamp(whole.get("updatedDateTime")),
    )


def to_milliseconds(seconds: float) -> float:
    """Round a time to what a record can hold, so that it reads back as the same."""
    return round(seconds * 1000) / 1000


def _stamp(seconds: float) -> str:
    moment = _EPOCH + timedelta(milliseconds=round(seconds * 1000))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parse_stamp(text: JSON) -> float | None:
    """Read a time in either form that types carry (platform page 3.1)."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = to_milliseconds((moment - _EPOCH).total_seconds())
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < _LATEST else None


def _digest(record: Record) -> str:
    return blake2b(repr(tuple(record)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _short(text: str) -> str:
    return shown(text[:_LONGEST])
