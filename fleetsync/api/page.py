"""Read one page of a list, and say what is odd about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.api.wire import as_list, as_object

if TYPE_CHECKING:
    from fleetsync.model.value import JSON

_LONGEST_BOOKMARK = 8_000  # characters; more would not fit into a request line
_LARGEST_TOTAL = 10**12

BAD_TOTAL = "its meta.total_rows is no count"
BAD_BOOKMARK = "its bookmark cannot be sent back, so its end is out of reach"


class Page(NamedTuple):
    """One page: ``bookmark`` leads to the next, ``total`` is ``meta.total_rows`` if it was told.

    ``oddities`` say, in words, what of the envelope makes no sense and was taken for absent.
    """

    rows: list[JSON]
    bookmark: str | None
    total: int | None
    facets: JSON = None
    oddities: tuple[str, ...] = ()


def parse_page(body: JSON, what: str) -> Page:
    """Read the envelope of a page (platform page 3.2); what is no page at all is an ApiError."""
    where = f"the list {what}"
    whole = as_object(body, where)
    meta = as_object(whole.get("meta") or {}, where)
    rows = as_list(whole.get("results"), where)
    told_total = meta.get("total_rows")  # not totalRows, which is the documents' name for it
    told_bookmark = whole.get("bookmark")
    total, bookmark = _read_total(told_total), _read_bookmark(told_bookmark)
    oddities = [BAD_TOTAL] if total is None and told_total is not None else []
    if bookmark is None and told_bookmark not in (None, ""):
        oddities.append(BAD_BOOKMARK)
    return Page(rows, bookmark, total, meta.get("facets"), tuple(oddities))


def _read_total(value: JSON) -> int | None:
    """Give a count, None if it is none; a whole number may come as 5.0 (page 11.7)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= _LARGEST_TOTAL or value != int(value):
        return None
    return int(value)


def _read_bookmark(value: JSON) -> str | None:
    """Give a bookmark that can be sent back; null and '' are none (page 3.3.2)."""
    if not isinstance(value, str) or len(value) > _LONGEST_BOOKMARK or not _is_sendable(value):
        return None
    return value or None


def _is_sendable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
