"""List the devices of some types, all in one chain or type by type, side by side."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.api.basket import DeviceBasket
from fleetsync.api.facets import parse_counts
from fleetsync.api.parallel import run_beside
from fleetsync.api.route import THREADS, Ahead, types_to_list
from fleetsync.api.walk import Census, read_to_end
from fleetsync.api.wire import Memo
from fleetsync.errors import ApiError
from fleetsync.model.value import EMPTY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fleetsync.api.page import Page
    from fleetsync.api.paging import ListReader, PagedList
    from fleetsync.api.walk import Progress
    from fleetsync.model.live import LiveDevice

_ALL = ("bulk", "devices")
_SORT = {"_sort": "typeId,deviceId"}


class DeviceListing(NamedTuple):
    """Devices by type and id, an entry for each type asked for; ``total`` counts the whole org.

    ``doubts`` say, in words, why the list is not provably whole. ``notes`` are for people: what was
    odd but speaks against nothing.
    """

    by_type: Mapping[str, Mapping[str, LiveDevice]]
    total: int
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class DeviceLister:
    """Lists the devices of some types.

    The first page of the whole list comes in any case: it counts the devices of each type, and
    often it is the only page.
    """

    def __init__(self, lists: ListReader, wanted: Collection[str], progress: Progress) -> None:
        self._lists = lists
        self._wanted = wanted
        self._progress = progress
        self._memo = Memo()

    def read(self) -> DeviceListing:
        """Read the list in the cheaper way; a first page in doubt may have led the wrong way."""
        return self._lists.settle(self._read)

    def _read(self) -> tuple[DeviceListing, tuple[str, ...]]:
        """Read once; the doubts are those that another reading may clear."""
        paged, first = self._open()
        counts = parse_counts(first.facets, total=first.total)
        left = None if first.total is None else first.total - len(first.rows)
        if first.bookmark is not None and left != 0:
            ahead = Ahead(len(first.rows), left, counts)
            types = types_to_list(self._wanted, ahead, self._lists.pace)
            if types is not None:
                tally = _Tally(self._progress, types, counts)
                return self._read_types(types, tally, first), ()  # each was read again already
        listing = self._read_all(paged, first)
        return listing, listing.doubts

    def _open(self) -> tuple[PagedList, Page]:
        """Ask for the first page of all devices; facets are an extra that the org may refuse."""
        paged = self._lists.open(_ALL, {**_SORT, "_facets": "typeId"})
        try:
            return paged, paged.first_page()
        except ApiError as error:
            if error.status != 400:
                raise
        paged = self._lists.open(_ALL, _SORT)
        return paged, paged.first_page()

    def _read_all(self, paged: PagedList, first: Page) -> DeviceListing:
        basket = DeviceBasket(self._wanted, self._memo)
        census = read_to_end(paged, basket, first=first, on_page=self._progress)
        return DeviceListing(basket.by_type, census.rows, census.doubts, census.notes)

    def _read_types(self, types: list[str], tally: _Tally, first: Page) -> DeviceListing:
        calls = [partial(self._read_type, type_id, tally) for type_id in types]
        listings = dict(zip(types, run_beside(calls, threads=THREADS), strict=True))
        by_type: dict[str, Mapping[str, LiveDevice]] = dict.fromkeys(self._wanted, EMPTY)
        by_type |= {each: basket.by_type[each] for each, (basket, _) in listings.items()}
        doubts = [doubt for _, census in listings.values() for doubt in census.doubts]
        notes = [note for _, census in listings.values() for note in census.notes]
        return DeviceListing(by_type, first.total or 0, tuple(doubts), tuple(notes))

    def _read_type(self, type_id: str, tally: _Tally) -> tuple[DeviceBasket, Census]:
        segments = ("device", "types", type_id, "devices")
        paged = self._lists.open(segments, {"_sort": "deviceId"})
        make_basket = partial(DeviceBasket, (type_id,), self._memo, alone=True)
        try:
            return self._lists.read(paged, make_basket, partial(tally.note, type_id))
        except ApiError as error:
            if error.status == 404:  # no such type, so no devices of it (page 5.1)
                return make_basket(), Census(0)
            raise


class _Tally:
    """Adds up the progress of lists that are read side by side."""

    def __init__(
        self, progress: Progress, types: list[str], counts: Mapping[str, int] | None
    ) -> None:
        self._progress = progress
        self._total = None if counts is None else sum(counts[each] for each in types)
        self._rows: dict[str, int] = {}
        self._lock = threading.Lock()

    def note(self, type_id: str, rows: int, _: int | None) -> None:
        """Hear how far the list of one type is; one thread at a time tells the caller."""
        with self._lock:
            self._rows[type_id] = rows
            self._progress(sum(self._rows.values()), self._total)
