"""Walk through the pages of one list, and gather what speaks against its being whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fleetsync.api.collation import Order
from fleetsync.api.parallel import Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.api.collation import Key
    from fleetsync.api.page import Page
    from fleetsync.model.value import JSON

MOST_ROWS = 2_000_000
"""Where a list without end is left: twice the devices that an org may have (page 8)."""

_MOST_BARREN = 3  # pages in a row that bring nothing new
_GROWTH = 1_000  # rows that may be added while a small list is read

CIRCLE = "it leads in a circle: a bookmark came twice"
EMPTY_PAGE = "an empty page came before its end"
DISORDER = "its rows are out of order"

Progress = Callable[[int, int | None], None]
"""Hears, page by page, how many rows there are and how many there will be (None: unknown)."""


class Rows(Protocol):
    """What takes the rows of a list as they come."""

    def add(self, row: JSON) -> Key:
        """Take one row, unless one of the same key is there already, and give its key."""

    def __len__(self) -> int:
        """Tell how many different rows there are."""

    def oddities(self) -> Iterator[str]:
        """Say, in words, what of the rows speaks against the list."""


class Pages(Protocol):
    """A list that can be asked for its pages; ``what`` names it."""

    what: str

    def page_at(self, bookmark: str) -> Page:
        """Ask for the page at a bookmark."""


class Census(NamedTuple):
    """How many different rows a list had, and how far it can be trusted.

    ``doubts`` speak against its being whole; ``notes`` tell what was odd but proves
    nothing.
    """

    rows: int
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_to_end(pages: Pages, rows: Rows, *, first: Page, on_page: Progress) -> Census:
    """Hand all rows over, from the page ``first`` on, and tell how far the list can be trusted.

    While a page's rows are taken in, the next page is already asked for. The walk ends wherever
    going on would be senseless; the census then says so.
    """
    walk = Walk(pages, rows)
    page: Page | None = first
    while page is not None:
        page = walk.step(page)
        on_page(len(rows), walk.last_total)
    return walk.census()


class Walk:
    """Goes from page to page, and remembers what is needed to know where a list ends."""

    def __init__(self, pages: Pages, rows: Rows) -> None:
        self._pages = pages
        self._rows = rows
        self._order = Order()
        self._bookmarks: set[int] = set()  # hashed: a million long ones would fill the memory
        self._totals: list[int] = []  # as they changed
        self._taken = 0  # rows, the repeated ones counted
        self._barren = 0
        self._circles = False
        self._oddities: dict[str, None] = {}  # each once, in order

    @property
    def last_total(self) -> int | None:
        """What the org last told of how many rows there are."""
        return self._totals[-1] if self._totals else None

    def step(self, page: Page) -> Page | None:
        """Take in one page and give the next one, None at the end."""
        self._note(page)
        ahead = self._start_next(page)
        before = len(self._rows)
        self._order.take([self._rows.add(row) for row in page.rows])
        self._barren = 0 if len(self._rows) > before else self._barren + 1
        if page.bookmark is None or self._is_over(page):
            return None
        if not page.rows:
            self._oddities[EMPTY_PAGE] = None
        return ahead.result() if ahead else self._pages.page_at(page.bookmark)

    def census(self) -> Census:
        """Sum up."""
        what = self._pages.what
        doubts = tuple(f"{what}: {doubt}" for doubt in self._find_doubts())
        note = f"{what}: the org told no total, so no count proves it whole"
        return Census(len(self._rows), doubts, () if self._totals else (note,))

    def _note(self, page: Page) -> None:
        self._taken += len(page.rows)
        self._oddities |= dict.fromkeys(page.oddities)
        if page.total is not None and page.total != self.last_total:
            self._totals.append(page.total)
        if page.bookmark is not None:
            mark = hash(page.bookmark)
            self._circles = mark in self._bookmarks
            self._bookmarks.add(mark)
        # Without a total, an empty page that leads back to itself is an odd way to say: the end.
        if self._circles and (page.rows or self._totals):
            self._oddities[CIRCLE] = None

    def _start_next(self, page: Page) -> Started[Page] | None:
        """Ask for the next page already now, if there surely is one."""
        bookmark, total = page.bookmark, self.last_total
        if bookmark is None or not page.rows or self._circles:
            return None
        if total is not None and self._taken >= total:
            return None
        return Started(lambda: self._pages.page_at(bookmark))

    def _is_over(self, page: Page) -> bool:
        """Tell whether a list is over although it offers one more bookmark (page 3.3.4)."""
        total = self.last_total
        if self._circles or self._barren >= _MOST_BARREN:
            return True
        ended = not page.rows if total is None else len(self._rows) >= total
        if not ended and self._taken > self._most():
            self._oddities[f"it goes on after {self._taken} rows, and was left there"] = None
            return True
        return ended

    def _most(self) -> int:
        """Give how many rows are sense: an org may grow meanwhile, but not for ever."""
        first = self._totals[0] if self._totals else MOST_ROWS
        return min(2 * first + _GROWTH, MOST_ROWS)

    def _find_doubts(self) -> Iterator[str]:
        yield from self._oddities
        count = len(self._rows)
        if len(self._totals) > 1:
            yield f"its count went from {' to '.join(map(str, self._totals[:5]))} while it was read"
        elif self._totals and count != self._totals[0]:
            yield f"it counts {self._totals[0]} but lists {count}"
        if self._taken > count:
            yield f"{self._taken - count} came twice while it was read"
        if self._order.broken:
            yield DISORDER
        yield from self._rows.oddities()
