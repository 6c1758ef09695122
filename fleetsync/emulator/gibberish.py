"""Make bodies that are not what they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from fleetsync.emulator.wire import Sent

_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>\n"
_OTHER_VALUES: tuple[Any, ...] = (None, True, 17, "ok", [], {}, [None], {"results": 1})


def garble(sent: Sent, kind: str, chance: Random) -> Sent:
    """Return an answer with a body of a garbled kind, its length told right."""
    body = sent.body or b"{}"
    if kind == "html":
        return sent.with_body(_PAGE, status=200, kind=_HTML)
    # An answer without a body (204) must become one that may have one.
    whole = sent if sent.body else sent._replace(status=200)
    if kind == "truncated":
        return whole.with_body(body[: chance.randrange(len(body))], kind=_JSON)
    if kind == "invalid":
        return whole.with_body(_break(body, chance), kind=_JSON)
    return whole.with_body(_other_value(body, chance), kind=_JSON)


def _break(body: bytes, chance: Random) -> bytes:
    """Put a byte into the JSON that cannot stand anywhere in it."""
    position = chance.randrange(len(body) + 1)
    return body[:position] + b"\x00" + body[position:]


def _other_value(body: bytes, chance: Random) -> bytes:
    """Return JSON of another type than the body has."""
    kind = type(json.loads(body))
    others = [value for value in _OTHER_VALUES if type(value) is not kind]
    return json.dumps(chance.choice(others)).encode("ascii")
