"""Answer one page of a listing (platform pages 3.2, 3.3 and 4.1).

A page begins where the one before ended: the bookmark holds the sort values of its last row, so
that a page deep in a large org costs no more than the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleetsync.emulator.access_group import visible_source
from fleetsync.emulator.device_type import count_devices
from fleetsync.emulator.lag import begin_list, end_list
from fleetsync.emulator.query import BookmarkKey, ListQuery, SortKey, make_bookmark, read_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.collection import Collection
    from fleetsync.emulator.turn import Turn

Row = tuple[object, ...]


class Page(NamedTuple):
    """One page: rows in the columns of the collection, and what goes around them.

    ``total`` and ``facets`` are None where the answer has none.
    """

    rows: list[Row]
    bookmark: str | None
    total: int | None
    facets: dict[str, dict[str, int]] | None


class Statement(NamedTuple):
    """An SQL text and the values of its marks."""

    sql: str
    values: list[str | int | float]


def read_page(turn: Turn, collection: Collection, parameters: Mapping[str, str]) -> Page:
    """Return the page that the parameters ask for, or refuse them with 400."""
    query = read_query(collection, parameters, turn.switches)
    source = visible_source(turn, begin_list(turn, collection.table), collection.table)
    statement = page_statement(collection, query, source)
    found = turn.connection.execute(statement.sql, statement.values).fetchall()
    has_more = len(found) > query.limit
    del found[query.limit :]
    width = len(query.order)
    page = Page(
        rows=[row[:-width] for row in found],
        bookmark=_bookmark(turn, collection, query, found, has_more=has_more),
        total=_total(turn, collection, query, source),
        facets=_facets(turn, collection, query, source),
    )
    end_list(turn, collection.table)
    return page


def page_statement(collection: Collection, query: ListQuery, source: str) -> Statement:
    """Return the statement for a page; it asks for one row more, to see whether there is one."""
    where = _where(collection, query)
    conditions, values = [where.sql], where.values
    if query.after is not None:
        after = _after(query.order, query.after)
        conditions.append(after.sql)
        values += after.values
    keys = ", ".join(key.sql for key in query.order)
    order = ", ".join(f"{key.sql} DESC" if key.descending else key.sql for key in query.order)
    sql = (
        f"SELECT {collection.columns}, {keys} FROM {source}"  # noqa: S608 - our own names; values are marks
        f" WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?"
    )
    return Statement(sql, [*values, query.limit + 1])


def _where(collection: Collection, query: ListQuery) -> Statement:
    filters = (*collection.fixed, *query.filters)
    return Statement(
        " AND ".join(f"{sql} = ?" for sql, _ in filters) or "1",
        [value for _, value in filters],
    )


def _after(order: tuple[SortKey, ...], last: tuple[BookmarkKey, ...]) -> Statement:
    """Return the condition for rows that come after the one with these sort values."""
    names = [key.sql for key in order]
    if len({key.descending for key in order}) == 1:
        comparison = "<" if order[0].descending else ">"
        marks = ", ".join("?" * len(names))
        return Statement(f"({', '.join(names)}) {comparison} ({marks})", list(last))
    either: list[str] = []
    values: list[BookmarkKey] = []
    for position, key in enumerate(order):
        same = [f"{name} = ?" for name in names[:position]]
        either.append(" AND ".join([*same, f"{key.sql} {'<' if key.descending else '>'} ?"]))
        values += last[: position + 1]
    return Statement(f"({' OR '.join(f'({part})' for part in either)})", values)


def _bookmark(
    turn: Turn, collection: Collection, query: ListQuery, found: list[Row], *, has_more: bool
) -> str | None:
    """Return the bookmark of a page; what the last page has is a switch (platform page 3.3.4)."""
    switches = turn.switches
    last_page = switches.types_last_page
    if collection.table == "device":
        last_page = switches.devices_last_page
    if found and (has_more or last_page != "plain"):
        return make_bookmark(query, found[-1][-len(query.order) :])  # type: ignore[arg-type] # sort columns are never NULL
    if not found and query.after is not None and last_page == "endless":
        return make_bookmark(query, query.after)
    return None


def _total(turn: Turn, collection: Collection, query: ListQuery, source: str) -> int | None:
    if turn.switches.total_rows == "absent":
        return None
    if source == "device" and not query.filters:
        if not collection.fixed:
            return count_devices(turn)
        if [sql for sql, _ in collection.fixed] == ["type_id"]:
            return count_devices(turn, collection.fixed[0][1])
    where = _where(collection, query)
    sql = f"SELECT count(*) FROM {source} WHERE {where.sql}"  # noqa: S608 - our own names; values are marks
    return int(turn.connection.execute(sql, where.values).fetchone()[0])


def _facets(
    turn: Turn, collection: Collection, query: ListQuery, source: str
) -> dict[str, dict[str, int]] | None:
    """Return how many rows of the whole listing have each value, only when asked for."""
    if not query.facets:
        return None
    return {name: _facet(turn, collection, query, source, name) for name in query.facets}


def _facet(
    turn: Turn, collection: Collection, query: ListQuery, source: str, name: str
) -> dict[str, int]:
    is_whole = source == "device" and not query.filters and not collection.fixed
    if name == "typeId" and is_whole:
        sql = "SELECT type_id, n FROM device_count WHERE n > 0"
        return dict(turn.connection.execute(sql).fetchall())
    where, field = _where(collection, query), collection.fields[name]
    sql = (
        f"SELECT {field}, count(*) FROM {source}"  # noqa: S608 - our own names; values are marks
        f" WHERE {where.sql} AND {field} IS NOT NULL GROUP BY 1"
    )
    return dict(turn.connection.execute(sql, where.values).fetchall())
