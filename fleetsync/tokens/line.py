"""Write and read one line of the secrets file, and judge the remains of a broken one.

A whole line is a JSON object with the five texts of an entry whose client id agrees with its type
and device id; other keys may stand beside them. Nothing here ever shows what a line holds.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from fleetsync.model.token import Token

_BEGINNING = b'{"clientId"'
_TOKEN_KEY = b'"authToken'
_MARK_BEGINNING = b'{"compactedBytes"'
_FIELDS = ("clientId", "typeId", "deviceId", "authToken", "registeredAt")

MARK_SIZE_MAX = 160
"""No mark is longer than this many bytes."""


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


class Mark(NamedTuple):
    """The last line of a compaction's copy: so many bytes before it are the whole new content."""

    size: int
    digest: str


def render_line(entry: Entry) -> bytes:
    """Write an entry as one line, in ASCII, with its line end.

    Raises ValueError if it could not be read back, without saying what is in it.
    """
    if not _agree(entry.client_id, entry.type_id, entry.device_id) or not entry.token.reveal():
        raise ValueError("the client id does not agree with the type and device id, or no token")
    values = (entry.client_id, entry.type_id, entry.device_id, entry.token.reveal())
    fields = dict(zip(_FIELDS, (*values, entry.registered_at), strict=True))
    return json.dumps(fields).encode("ascii") + b"\n"


def parse_line(raw: bytes) -> Entry | None:
    """Read a whole line; None if it is anything else."""
    fields = _read_object(raw)
    texts = [fields.get(name) for name in _FIELDS]
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
        value = json.loads(raw)
    # A line may be any bytes: not JSON, not UTF-8 (both ValueError), or absurdly deep.
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def render_mark(mark: Mark) -> bytes:
    """Write a mark as one line with its line end."""
    return json.dumps({"compactedBytes": mark.size, "sha256": mark.digest}).encode("ascii") + b"\n"


def parse_mark(raw: bytes) -> Mark | None:
    """Read a mark; None if the line is anything else."""
    fields = _read_object(raw)
    size, digest = fields.get("compactedBytes"), fields.get("sha256")
    if len(fields) != 2 or type(size) is not int or not isinstance(digest, str) or size < 0:
        return None
    return Mark(size, digest)


def is_blank(raw: bytes) -> bool:
    """Tell whether a line is empty; a power cut may leave NUL bytes where nothing was written."""
    return not raw.strip(b" \t\r\n\0")


def holds_no_token(raw: bytes) -> bool:
    """Tell whether an unreadable line is the beginning of one that broke off before its token."""
    if raw.startswith(_MARK_BEGINNING) or _MARK_BEGINNING.startswith(raw.rstrip(b"\r\n")):
        return True
    start = raw.rstrip(b"\r\n")[: len(_BEGINNING)]
    return _BEGINNING.startswith(start) and _TOKEN_KEY not in raw


def broken_client_id(raw: bytes) -> str | None:
    """Read the client id at the beginning of a line that broke off; None if it is not there."""
    if not raw.startswith(_BEGINNING):
        return None
    rest = raw[len(_BEGINNING) :].lstrip(b" :")
    text, quote, _ = rest[1:].partition(b'"')
    return text.decode("ascii", "replace") if rest[:1] == b'"' and quote else None
