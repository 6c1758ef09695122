"""Read a list of the org: to its end, with proof that it is whole, or page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

from fleetsync.api.walk import Walk
from fleetsync.client.answer import query
from fleetsync.errors import ApiError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleetsync.api.collation import Key
    from fleetsync.api.page import Page as WirePage
    from fleetsync.api.paging import ListReader
    from fleetsync.client.records import Parameters
    from fleetsync.model.value import JSON

T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """One page of a list; ``bookmark`` leads to the next one, None at the end (page 3.3).

    ``total`` is how many rows the list has, ``facets`` what was asked for with ``_facets``; None
    where the org tells nothing.
    """

    results: list[T]
    bookmark: str | None
    total: int | None
    facets: JSON = None


class Place(NamedTuple):
    """Where a list is: its path, the order that it is read in, and how its rows are told apart."""

    segments: tuple[str, ...]
    sort: str
    key_of: Callable[[JSON], Key]


class Listing(Generic[T]):
    """A list of the org; nothing is asked before it is iterated, or a page of it wanted.

    Iterating gives each row once. At its end, a list that is not provably whole (it contradicts its
    own count, or its order, or changed meanwhile) raises ApiError: then read it again, and do not
    take a missing row for deleted. Iterating twice asks twice.
    """

    def __init__(self, lists: ListReader, place: Place, parameters: Parameters | None) -> None:
        self._lists = lists
        self._place = place
        self._parameters = query(parameters)

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.results

    def pages(self) -> Iterator[Page[T]]:
        """Read the whole list, page by page, in the largest pages that the org gives.

        ``_limit`` is not heard, and ``_sort`` and ``_bookmark`` are refused (UsageError): the
        order is what proves the list whole.
        """
        for name in ("_bookmark", "_sort"):
            if name in self._parameters:
                raise UsageError(f"{name} is for single pages: take it out, or call page()")
        params = {**self._parameters, "_sort": self._place.sort}
        params.pop("_limit", None)
        paged = self._lists.open(self._place.segments, params)
        rows = _Rows(self._place.key_of)
        walk = Walk(paged, rows)
        page: WirePage | None = paged.first_page()
        while page is not None:
            following = walk.step(page)
            yield _shown(page, rows.take())
            page = following
        doubts = walk.census().doubts
        if doubts:
            raise ApiError(f"{doubts[0]}; read it again, and do not rely on this one", status=200)

    def page(self, bookmark: str | None = None, *, limit: int | None = None) -> Page[T]:
        """Ask for a single page: the first one, or that at the bookmark of the page before.

        All other parameters must stay as they were (page 3.3). ``limit`` is how many rows a page
        may have: 25 if nothing is said; the maximum is not documented, 100 is safe. Statuses: 200;
        400 bad parameter or bookmark; 401, 403, 404 no such type, 500 (page 3.2, 4.1, 5.1).
        """
        params = dict(self._parameters)
        if bookmark is not None:
            params["_bookmark"] = bookmark
        if limit is not None:
            params["_limit"] = str(limit)
        page = self._lists.open(self._place.segments, params).only_page()
        return _shown(page, page.rows)


class _Rows:
    """Takes rows, remembers which keys came already, and hands the new ones on."""

    def __init__(self, key_of: Callable[[JSON], Key]) -> None:
        self._key_of = key_of
        self._seen: set[int] = set()  # hashed: the keys of a million devices would fill the memory
        self._fresh: list[JSON] = []

    def add(self, row: JSON) -> Key:
        key = self._key_of(row)
        mark = hash(key)
        if mark not in self._seen:
            self._seen.add(mark)
            self._fresh.append(row)
        return key

    def take(self) -> list[JSON]:
        """Give the rows that are new since the last time."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def oddities(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return len(self._seen)


def _shown(page: WirePage, rows: list[JSON]) -> Page[T]:
    # The rows were read as objects with their keys; what else is in them is as the platform says.
    return Page(cast("list[T]", rows), page.bookmark, page.total, page.facets)
