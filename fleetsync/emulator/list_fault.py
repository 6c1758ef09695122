"""Spoil the pages of lists: rows lost, doubled or out of order, senseless bookmarks and counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from fleetsync.emulator.mishap import Incident
    from fleetsync.emulator.wire import Sent

_ALIAS = "again."  # no bookmark of a list has a dot
_MARK = f"_bookmark={_ALIAS}"
_MOST_OFF = 3

_Page = dict[str, Any]


def follow_alias(environ: WSGIEnvironment) -> None:
    """Read a bookmark of this module, which stands for the page that its rest leads to."""
    query = environ.get("QUERY_STRING", "")
    if _MARK not in query:
        return
    parts = [part.replace(_MARK, "_bookmark=", 1) for part in query.split("&")]
    environ["QUERY_STRING"] = "&".join(part for part in parts if part != "_bookmark=")


def spoil_list(sent: Sent, query: str, incident: Incident) -> Sent:
    """Return a page of a list with the faults that strike it; others than 200 are left alone."""
    if sent.status != 200:
        return sent
    page: _Page = json.loads(sent.body)
    struck = [fault for fault in _SPOILERS if incident.strikes(fault)]
    done = [fault for fault in struck if _SPOILERS[fault](page, query, incident)]
    for fault in done:
        incident.note(fault)
    if not done:
        return sent
    return sent.with_body(json.dumps(page, ensure_ascii=False).encode("utf-8"))


def _lose_rows(page: _Page, query: str, incident: Incident) -> bool:
    del query
    rows = page["results"]
    chance = incident.dice.throw("lost")
    lost = chance.sample(range(len(rows)), chance.randint(1, len(rows))) if rows else []
    page["results"] = [row for number, row in enumerate(rows) if number not in lost]
    return bool(lost)


def _repeat_row(page: _Page, query: str, incident: Incident) -> bool:
    del query
    rows = page["results"]
    if rows:
        chance = incident.dice.throw("repeated")
        rows.insert(chance.randrange(len(rows) + 1), chance.choice(rows))
    return bool(rows)


def _swap_rows(page: _Page, query: str, incident: Incident) -> bool:
    del query
    rows = page["results"]
    if len(rows) < 2:
        return False
    one, other = incident.dice.throw("swapped").sample(range(len(rows)), 2)
    rows[one], rows[other] = rows[other], rows[one]
    return bool(rows[one] != rows[other])


def _miscount(page: _Page, query: str, incident: Incident) -> bool:
    """Tell a wrong number of rows; where none is told, there is none to be wrong."""
    del query
    total = page["meta"].get("total_rows")
    if total is None:
        return False
    others = range(max(0, total - _MOST_OFF), total + _MOST_OFF + 1)
    page["meta"]["total_rows"] = incident.dice.throw("total").choice(
        [number for number in others if number != total]
    )
    return True


def _empty_page(page: _Page, query: str, incident: Incident) -> bool:
    """Put an empty page before this one: who goes on gets everything, who stops has lost it."""
    del incident
    if not page["results"]:
        return False
    page["results"] = []
    page["bookmark"] = _alias_of(query)
    return True


def _repeat_bookmark(page: _Page, query: str, incident: Incident) -> bool:
    """Lead from this page to this page."""
    del incident
    page["bookmark"] = _alias_of(query)
    return True


def _alias_of(query: str) -> str:
    """Return a bookmark for the page that this query asks for."""
    return _ALIAS + parse_qs(query).get("_bookmark", [""])[0]


# In this order they do not undo each other: a page is emptied last.
_SPOILERS: dict[str, Callable[[_Page, str, Incident], bool]] = {
    "list_loses_rows": _lose_rows,
    "list_repeats_rows": _repeat_row,
    "list_out_of_order": _swap_rows,
    "list_wrong_total": _miscount,
    "list_repeats_bookmark": _repeat_bookmark,
    "list_empty_page": _empty_page,
}
