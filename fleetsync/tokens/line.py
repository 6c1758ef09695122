"""Write and read one line of the secrets file; nothing here ever shows what a line holds.

A whole line is a JSON object with the five texts of an entry whose client id agrees with its type
and device id; other keys may stand beside them. The token of a device that a run deleted stands a
level deeper, under ``retired``, so that nobody who looks for ``authToken`` takes it for a valid
one.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from fleetsync.model.token import Token

FIELDS = ("clientId", "typeId", "deviceId", "authToken", "registeredAt")
"""The keys of an entry, in the order in which they are written."""

BLANK = b" \t\r\n\0"
"""What may stand around a line: a power cut may leave NUL bytes where nothing was written."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_COLLIDING = re.compile(rb'"run"|"retiredAt"|\\')
"""What a line may have whose own keys would be taken for those that retiring adds."""


class Entry(NamedTuple):
    """One device's token; ``client_id`` is ``d:org:type:id`` or ``g:...`` (platform page 7)."""

    client_id: str
    type_id: str
    device_id: str
    token: Token
    registered_at: str

    def belongs_to(self, org: str) -> bool:
        """Tell whether the device is one of ``org``."""
        return self.client_id[2:] == f"{org}:{self.type_id}:{self.device_id}"


class Stamp(NamedTuple):
    """Which run retired a token, and when."""

    run: str
    at: str


class Retired(NamedTuple):
    """The token of a device that a run deleted: not valid, kept for undoing the run."""

    entry: Entry
    stamp: Stamp


def render_line(entry: Entry) -> bytes:
    """Write an entry as one line, in ASCII, with its line end.

    Raises ValueError if it could not be read back, without saying what is in it.
    """
    if not _agree(entry.client_id, entry.type_id, entry.device_id) or not entry.token.reveal():
        raise ValueError("the client id does not agree with the type and device id, or no token")
    values = (entry.client_id, entry.type_id, entry.device_id, entry.token.reveal())
    fields = dict(zip(FIELDS, (*values, entry.registered_at), strict=True))
    return json.dumps(fields).encode("ascii") + b"\n"


def render_retired(raw: bytes, entry: Entry, stamp: Stamp) -> bytes:
    """Turn the whole line of an entry into one that says that a run retired it.

    What it holds stays as it was written, so that the beginning of a retired line is recognized as
    a repeat of the line that it comes from.
    """
    wrapped = _wrap(_bare(raw), stamp)
    if not _COLLIDING.search(raw) or parse(wrapped) == Retired(entry, stamp):
        return wrapped
    return _wrap(render_line(entry).strip(), stamp)


def _wrap(line: bytes, stamp: Stamp) -> bytes:
    # The stamp stands first: what follows is the line itself, whole or torn.
    said = json.dumps({"run": stamp.run, "retiredAt": stamp.at})[:-1].encode("ascii")
    return b'{"retired": %s, %s}\n' % (said, line[1:])


def parse(raw: bytes) -> Entry | Retired | None:
    """Read a whole line of either kind; None if it is anything else."""
    fields = _read_object(raw)
    entry = _entry_of(fields)
    if entry is not None:
        return entry
    inner = fields.get("retired")
    return _retired_of(inner) if isinstance(inner, dict) else None


def parse_line(raw: bytes) -> Entry | None:
    """Read the whole line of a valid token; None if it is anything else."""
    found = parse(raw)
    return found if isinstance(found, Entry) else None


def _retired_of(fields: dict[str, object]) -> Retired | None:
    entry, run, at = _entry_of(fields), fields.get("run"), fields.get("retiredAt")
    if entry is None or not isinstance(run, str) or not isinstance(at, str):
        return None
    return Retired(entry, Stamp(run, at))


def _entry_of(fields: dict[str, object]) -> Entry | None:
    texts = [fields.get(name) for name in FIELDS]
    if not all(isinstance(text, str) for text in texts):
        return None
    client_id, type_id, device_id, token, registered_at = map(str, texts)
    if not token or not _agree(client_id, type_id, device_id):
        return None
    return Entry(client_id, type_id, device_id, Token(token), registered_at)


def _agree(client_id: str, type_id: str, device_id: str) -> bool:
    head = client_id.removesuffix(f":{type_id}:{device_id}")
    return head != client_id and len(head) > 2 and head[:2] in {"d:", "g:"}


def _read_object(raw: bytes) -> dict[str, object]:
    try:
        value = json.loads(_bare(raw).decode("utf-8"), object_pairs_hook=_object_of)
    # A line may be any bytes: not JSON, not UTF-8 (both ValueError), or absurdly deep.
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands there twice: two lines may have been fused")
    return fields


def _bare(raw: bytes) -> bytes:
    """Take away what editors and power cuts put around a line."""
    return raw.strip(BLANK).removeprefix(_BYTE_ORDER_MARK).strip(BLANK)


def is_blank(raw: bytes) -> bool:
    """Tell whether a line is empty, or NUL bytes alone."""
    return not raw.strip(BLANK)
