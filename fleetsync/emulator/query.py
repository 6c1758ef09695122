"""Read the query of a listing: page size, order, filters, facets, bookmark (platform page 3.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.refusal import ABOVE_MAXIMUM, RefusalError, Violation, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.collection import Collection
    from fleetsync.emulator.switches import Switches

_INT_BOUND = 2**63

BookmarkKey = str | int | float
"""The value of one sort column in the last row of a page."""


class SortKey(NamedTuple):
    """One sort column: an SQL expression that is never NULL, and its direction."""

    sql: str
    descending: bool


class ListQuery(NamedTuple):
    """A listing as it was asked for; ``after`` is where the page before ended.

    ``digest`` stands for everything but the bookmark, which fits no other query (page 3.3).
    """

    limit: int
    order: tuple[SortKey, ...]
    filters: tuple[tuple[str, str], ...]
    facets: tuple[str, ...]
    after: tuple[BookmarkKey, ...] | None
    digest: str


def read_query(
    collection: Collection, parameters: Mapping[str, str], switches: Switches
) -> ListQuery:
    """Return the query, or refuse it with 400."""
    named = {"_limit", "_sort", "_facets", "_bookmark"}
    for name in parameters:
        if name not in named and name not in collection.filters:
            raise _bad(f"Unknown query parameter {name}.", name)
    order = _read_order(collection, parameters.get("_sort"))
    digest = _digest(collection.name, parameters)
    return ListQuery(
        limit=_read_limit(parameters.get("_limit"), switches),
        order=order,
        filters=tuple(
            (collection.fields[name], text)
            for name, text in parameters.items()
            if name in collection.filters
        ),
        facets=_read_facets(collection, parameters.get("_facets"), switches),
        after=_read_bookmark(parameters.get("_bookmark"), digest, len(order)),
        digest=digest,
    )


def make_bookmark(query: ListQuery, last: tuple[BookmarkKey, ...]) -> str:
    """Return the opaque text that asks for the page after the row with these sort values."""
    text = json.dumps([query.digest, *last], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii").rstrip("=")


def _read_limit(text: str | None, switches: Switches) -> int:
    if text is None:
        return min(switches.page_default, switches.page_cap)
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if limit < 1:
        raise _bad("_limit must be a whole number above 0.", "_limit")
    if limit > switches.page_cap and switches.limit_too_large == "400":
        cap = str(switches.page_cap)
        raise invalid([Violation(ABOVE_MAXIMUM, f"_limit is above {cap}.", ("_limit", cap))])
    return min(limit, switches.page_cap)


def _read_order(collection: Collection, text: str | None) -> tuple[SortKey, ...]:
    """Return the sort columns; the key of the collection comes last, so that order is total."""
    order: dict[str, SortKey] = {}
    for part in _names(text):
        name = part.removeprefix("-")
        if name not in collection.sorts:
            raise _bad(f"Cannot sort by {name}.", "_sort")
        order.setdefault(name, SortKey(collection.sort_sql(name), part.startswith("-")))
    for name in collection.key:
        order.setdefault(name, SortKey(collection.sort_sql(name), descending=False))
    return tuple(order.values())


def _read_facets(collection: Collection, text: str | None, switches: Switches) -> tuple[str, ...]:
    if switches.facets == "ignored":
        return ()
    for name in _names(text):
        if name not in collection.facets:
            raise _bad(f"There is no facet {name}.", "_facets")
    return tuple(dict.fromkeys(_names(text)))


def _names(text: str | None) -> list[str]:
    """Split a list of names; the swagger text wants brackets, every client leaves them out."""
    if not text:
        return []
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return [name.strip() for name in text.split(",")]


def _read_bookmark(text: str | None, digest: str, length: int) -> tuple[BookmarkKey, ...] | None:
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair ends here
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _stale_bookmark() from error
    if not isinstance(found, list) or len(found) != length + 1 or found[0] != digest:
        raise _stale_bookmark()
    if not all(_is_bookmark_key(part) for part in found):
        raise _stale_bookmark()
    return tuple(found[1:])


def _is_bookmark_key(part: object) -> bool:
    """Tell whether SQLite takes a value as it is."""
    return isinstance(part, str | float) or (isinstance(part, int) and abs(part) < _INT_BOUND)


def _digest(name: str, parameters: Mapping[str, str]) -> str:
    same = sorted((key, text) for key, text in parameters.items() if key != "_bookmark")
    return hashlib.blake2b(json.dumps([name, same]).encode("utf-8"), digest_size=9).hexdigest()


def _stale_bookmark() -> RefusalError:
    return _bad("_bookmark does not belong to this query.", "_bookmark")


def _bad(text: str, name: str) -> RefusalError:
    return invalid([Violation("EMU1008E", text, (name,))])
