"""Judge the remains of a broken line: whether they could hold a token that stands nowhere else.

Only what looks in every byte like the beginning of a line of ours is ever judged to be of no use.
Where bytes are missing in the middle, one line may have the head of one device and the token of
another.
"""

from __future__ import annotations

import re

from fleetsync.tokens.line import FIELDS
from fleetsync.tokens.mark import begins_a_mark

_VALUE = re.compile(rb'(?:(?<=": ")|(?<=":"))[^"\\\x00-\x1f\x7f-\xff]*')
"""A text of plain characters, up to its end or the end of what is left."""

_WRAPPING = re.compile(rb'\{"retired": \{"run": "[^"\\]*", "retiredAt": "[^"\\]*", ')
_TOKEN_KEY = b'"authToken'


def _shape_of(*names: str) -> bytes:
    """Give a line of such keys without its values."""
    return b"{" + b", ".join(b'"%s": ""' % name.encode() for name in names) + b"}"


_ENTRY = _shape_of(*FIELDS)
_ENTRIES = (_ENTRY, _ENTRY.replace(b" ", b""))
_RETIRED = b'{"retired": ' + _shape_of("run", "retiredAt", *FIELDS) + b"}"


def holds_no_token(raw: bytes) -> bool:
    """Tell whether an unreadable line is the beginning of one that broke off before its token."""
    if begins_a_mark(raw):
        return True
    return _TOKEN_KEY not in raw and _begins(raw, *_ENTRIES, _RETIRED)


def torn_client_id(raw: bytes) -> str | None:
    """Name the device of a line that broke off in its token or later, None if it is no such line.

    A retired token is none: that its device has another one by now does not replace it.
    """
    if _TOKEN_KEY not in raw or not _begins(raw, *_ENTRIES):
        return None
    client_id, type_id, device_id = _VALUE.findall(raw)[:3]
    agree = client_id.endswith(b":%s:%s" % (type_id, device_id))
    return str(client_id, "ascii") if agree else None


def essence(raw: bytes) -> bytes:
    """Give the line that a retired one was made from, as far as it is there; others as they are."""
    wrapping = _WRAPPING.match(raw)
    return b"{" + raw[wrapping.end() :] if wrapping else raw


def _begins(raw: bytes, *shapes: bytes) -> bool:
    shape = _VALUE.sub(b"", raw.rstrip(b"\r\n"))
    return any(whole.startswith(shape) for whole in shapes)
