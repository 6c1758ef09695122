"""Ask for lists in pages of a size that the org accepts, and once more where one is in doubt."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from fleetsync.api.page import Page, parse_page
from fleetsync.api.route import Pace
from fleetsync.api.walk import Census, Progress, Rows, read_to_end
from fleetsync.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleetsync.api.transport import Reader

PAGE_SIZES = (200, 100, 50, 25, None)
"""What is asked for, best first; the maximum is not documented (page 3.3). None: the default."""

_GARBLED = 200  # a good status, but an answer that makes no sense


def ignore_progress(rows: int, total: int | None) -> None:
    """Say nothing."""


R = TypeVar("R", bound=Rows)
T = TypeVar("T")


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
        self, paged: PagedList, make_rows: Callable[[], R], on_page: Progress
    ) -> tuple[R, Census]:
        """Read a list to its end, and once again if it is in doubt."""

        def read_once() -> tuple[tuple[R, Census], tuple[str, ...]]:
            rows = make_rows()
            census = read_to_end(paged, rows, first=paged.first_page(), on_page=on_page)
            return (rows, census), census.doubts

        return self.settle(read_once)

    def settle(self, read: Callable[[], tuple[T, tuple[str, ...]]]) -> T:
        """Read, and once again if there are doubts or the answer makes no sense (page 3.3.6).

        ``read`` gives what it found, and the doubts that another reading may clear. Before that the
        org gets a moment, for a list may lag behind (page 12, Q16). What is in doubt a second time
        is given as it is; a second senseless answer is raised.
        """
        try:
            found, doubts = read()
        except ApiError as error:
            if error.status != _GARBLED:
                raise
            doubts = (str(error),)
        else:
            if not doubts:
                return found
        self._reader.notify(f"{doubts[0]}; reading it again")
        patience = self._reader.connection.retry
        time.sleep(min(patience.first_delay, patience.budget))
        return read()[0]
