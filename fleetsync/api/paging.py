"""Read a paged list to its end, and say what speaks against its being whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from fleetsync.api.parallel import Started
from fleetsync.api.route import Pace
from fleetsync.api.wire import as_list, as_object
from fleetsync.errors import ApiError, ListingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.api.transport import Reader
    from fleetsync.model.value import JSON

PAGE_SIZES = (200, 100, 50, 25, None)
"""What is asked for, best first; the maximum is not documented (page 3.3). None: the default."""

_MOST_BARREN = 3  # pages in a row that bring nothing new
_LONGEST_BOOKMARK = 8_000  # characters; more would not fit into a request line


Progress = Callable[[int, int | None], None]
"""Hears, page by page, how many rows there are and how many there will be (None: unknown)."""


def ignore_progress(rows: int, total: int | None) -> None:
    """Say nothing."""


class Page(NamedTuple):
    """One page: ``bookmark`` leads to the next, ``total`` is ``meta.total_rows`` if it was told."""

    rows: list[JSON]
    bookmark: str | None
    total: int | None
    facets: JSON = None


class Rows(Protocol):
    """What takes the rows of a list as they come."""

    def add(self, row: JSON) -> bool:
        """Take one row; False when one of the same identity was there before."""

    def __len__(self) -> int:
        """Tell how many different rows there are."""


class Census(NamedTuple):
    """How many different rows a list had, and how far it can be trusted.

    ``doubts`` speak against its being whole; ``notes`` tell what was odd but proves
    nothing.
    """

    rows: int
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


R = TypeVar("R", bound=Rows)


class PageSize:
    """The page size that the org accepts, found out once for all lists."""

    def __init__(self) -> None:
        self.refused = 0

    def first_page(self, ask: Callable[[str | None], Page]) -> Page:
        """Ask with smaller and smaller sizes while the org answers 400."""
        for place, size in enumerate(PAGE_SIZES[self.refused :], self.refused):
            try:
                page = ask(None if size is None else str(size))
            except ApiError as error:
                if error.status != 400 or size is None:
                    raise
            else:
                self.refused = max(self.refused, place)
                return page
        raise AssertionError("the last size returns or raises")


class PagedList:
    """One list of the org: where it is, in which order, and with which page size it is read."""

    def __init__(
        self,
        reader: Reader,
        segments: tuple[str, ...],
        params: Mapping[str, str],
        page_size: PageSize,
    ) -> None:
        self.what = "/".join(segments)
        self._reader = reader
        self._segments = segments
        self._filter = dict(params)
        self._params = self._filter
        self._page_size = page_size

    def first_page(self) -> Page:
        """Ask for the first page; the page size that it settles on stays (page 3.3.1)."""
        return self._page_size.first_page(self._ask_sized)

    def only_page(self) -> Page:
        """Ask for the list as its own parameters say, without looking for a page size."""
        return self._ask(self._filter)

    def page_at(self, bookmark: str) -> Page:
        """Ask for the page at a bookmark, with all other parameters as before."""
        return self._ask({**self._params, "_bookmark": bookmark})

    def _ask_sized(self, size: str | None) -> Page:
        params = self._filter if size is None else {**self._filter, "_limit": size}
        page = self._ask(params)
        self._params = params
        return page

    def _ask(self, params: Mapping[str, str]) -> Page:
        return parse_page(self._reader.get(self._segments, params).body, self.what)


def parse_page(body: JSON, what: str) -> Page:
    """Read the envelope of a page (platform page 3.2)."""
    where = f"the list {what}"
    whole = as_object(body, where)
    meta = as_object(whole.get("meta") or {}, where)
    total = meta.get("total_rows")  # not totalRows, which is the documents' name for it
    if total is not None and (isinstance(total, bool) or not isinstance(total, int) or total < 0):
        raise ListingError(f"{where}: its meta.total_rows is no count; nothing can be proven by it")
    return Page(
        as_list(whole.get("results"), where),
        _check_bookmark(whole.get("bookmark"), where),
        total,
        meta.get("facets"),
    )


class ListReader:
    """Reads the lists of one org; what it learns of page sizes in one serves all."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._page_size = PageSize()

    @property
    def pace(self) -> Pace:
        """What bounds the speed of lists, as far as is known by now."""
        return Pace(self._reader.quickest, self._reader.connection.calls_per_second)

    def open(self, segments: tuple[str, ...], params: Mapping[str, str]) -> PagedList:
        """Name a list; nothing is asked yet."""
        return PagedList(self._reader, segments, params, self._page_size)

    def read(
        self,
        paged: PagedList,
        make_rows: Callable[[], R],
        on_page: Progress,
        *,
        first: Page | None = None,
    ) -> tuple[R, Census]:
        """Read a list to its end, and once again if it changed meanwhile (page 3.3.6)."""
        rows = make_rows()
        census = read_to_end(paged, rows, first=first or paged.first_page(), on_page=on_page)
        if census.doubts:
            self._reader.notify(f"{census.doubts[0]}; reading it again")
            rows = make_rows()
            census = read_to_end(paged, rows, first=paged.first_page(), on_page=on_page)
        return rows, census


def read_to_end(paged: PagedList, rows: Rows, *, first: Page, on_page: Progress) -> Census:
    """Hand all rows over, from the page ``first`` on, and tell how far the list can be trusted.

    While a page's rows are taken in, the next page is already asked for. A bookmark that comes
    twice raises ListingError.
    """
    walk = _Walk(paged, rows)
    page: Page | None = first
    while page is not None:
        page = walk.step(page)
        on_page(len(rows), walk.last_total)
    return walk.census()


class _Walk:
    """Remembers what is needed to know where a list ends."""

    def __init__(self, paged: PagedList, rows: Rows) -> None:
        self._paged = paged
        self._rows = rows
        self._bookmarks: set[str] = set()
        self._totals: list[int] = []  # as they changed
        self._taken = 0  # rows, the repeated ones counted
        self._barren = 0
        self._circles = False  # an empty page leads back to itself: the end, said in an odd way

    @property
    def last_total(self) -> int | None:
        return self._totals[-1] if self._totals else None

    def step(self, page: Page) -> Page | None:
        """Take in one page and give the next one, None at the end."""
        self._note(page)
        ahead = self._start_next(page)
        before = len(self._rows)
        for row in page.rows:
            self._rows.add(row)
        self._barren = 0 if len(self._rows) > before else self._barren + 1
        if page.bookmark is None or self._is_over(page):
            return None
        return ahead.result() if ahead else self._paged.page_at(page.bookmark)

    def census(self) -> Census:
        """Sum up."""
        note = f"{self._paged.what}: the org told no total, so no count proves it whole"
        notes = () if self._totals else (note,)
        return Census(len(self._rows), tuple(self._find_doubts()), notes)

    def _note(self, page: Page) -> None:
        self._taken += len(page.rows)
        if page.total is not None and page.total != self.last_total:
            self._totals.append(page.total)
        if page.bookmark in self._bookmarks and page.rows:
            raise ListingError(
                f"the list {self._paged.what} leads in a circle: a bookmark came twice; run again, "
                "and if it stays so, tell those who run the org"
            )
        self._circles = page.bookmark in self._bookmarks
        if page.bookmark is not None:
            self._bookmarks.add(page.bookmark)

    def _start_next(self, page: Page) -> Started[Page] | None:
        """Ask for the next page already now, if there surely is one."""
        bookmark, total = page.bookmark, self.last_total
        if bookmark is None or not page.rows or (total is not None and self._taken >= total):
            return None
        return Started(lambda: self._paged.page_at(bookmark))

    def _is_over(self, page: Page) -> bool:
        """Tell whether a list is over although it offers one more bookmark (page 3.3.4)."""
        if self.last_total is None or self._circles:
            return not page.rows
        return len(self._rows) >= self.last_total or self._barren >= _MOST_BARREN

    def _find_doubts(self) -> list[str]:
        what, count = self._paged.what, len(self._rows)
        doubts = []
        if len(self._totals) > 1:
            way = " to ".join(map(str, self._totals[:5]))
            doubts.append(f"{what}: its count went from {way} while it was read")
        elif self._totals and count != self._totals[0]:
            doubts.append(f"{what}: it counts {self._totals[0]} but lists {count}")
        if self._taken > count:
            doubts.append(f"{what}: {self._taken - count} came twice while it was read")
        return doubts


def _check_bookmark(value: JSON, where: str) -> str | None:
    """Give a bookmark that can be sent back; null and '' are none (page 3.3.2)."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST_BOOKMARK or not _is_sendable(value):
        raise ListingError(f"{where}: its bookmark cannot be sent back, so its end is out of reach")
    return value


def _is_sendable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
