"""Twenty ways for the lists of an org to be wrong, as data; each may last or pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from fleetsync.emulator.faults import Faults
from tests.api.hostile import Asked, reply
from tests.apply.front import ANSWERS, Forward, Front

DEVICES = "/bulk/devices"
TYPES = "/device/types"
PUMPS = "/device/types/pump/devices"

Page = dict[str, Any]
Spoil = Callable[[list[Page]], None]
"""Changes the true pages of a list into those that are answered."""


class ListingFault(NamedTuple):
    """What is wrong with which list, and the words that tell it.

    ``spoil`` changes its pages, or ``faults`` are the emulator's own. ``sees_first`` says that the
    first pump is listed all the same, so that its update is planned. ``crowded`` fills the org with
    devices of another type, so that the pumps are listed alone.
    """

    words: str
    path: str = DEVICES
    spoil: Spoil | None = None
    faults: dict[str, Any] | None = None
    sees_first: bool = True
    crowded: bool = False


class Liar:
    """Answers a list as spoiled, in the first ``readings`` of it; a reading begins at page one."""

    def __init__(self, fault: ListingFault, readings: int) -> None:
        self._fault = fault
        self._left = readings
        self._pages: list[Page] = []

    def __call__(self, asked: Asked, forward: Forward) -> ANSWERS | None:
        if asked.method != "GET" or asked.path != self._fault.path or self._fault.spoil is None:
            return None
        bookmark = asked.params.get("_bookmark")
        if bookmark is None:
            self._left -= 1
            self._pages = [_body(forward())]
            return self._answer(0) if self._left >= 0 else None
        return self._answer(int(bookmark)) if self._left >= 0 else None

    def begin(self, front: Front) -> Liar:
        """Read the true pages, for a spoiled one may hold rows of another."""
        params: dict[str, str] = {"_limit": "200", "_sort": _SORTS[self._fault.path]}
        if self._fault.path == DEVICES:
            params["_facets"] = "typeId"
        pages: list[Page] = []
        while not pages or "bookmark" in pages[-1]:
            more = {"_bookmark": pages[-1]["bookmark"]} if pages else {}
            asked = Asked("GET", self._fault.path, {**params, **more}, _HEADERS, b"")
            pages.append(_body(front._forward(asked)))
        for number, page in enumerate(pages[:-1], 1):
            page["bookmark"] = str(number)
        assert self._fault.spoil is not None
        self._fault.spoil(pages)
        self._spoiled = pages
        return self

    def _answer(self, number: int) -> bytes:
        return reply(200, self._spoiled[number])


_SORTS = {DEVICES: "typeId,deviceId", TYPES: "id", PUMPS: "deviceId"}
_HEADERS = {"authorization": "Basic YS1lbWJlZGRlZC0wMTIzNDU2Nzg5OnQ="}


def _body(answer: bytes) -> Page:
    page: Page = json.loads(answer.partition(b"\r\n\r\n")[2])
    return page


def _set_total(*totals: Any) -> Spoil:
    """Tell these totals, page by page; the last one stays."""

    def spoil(pages: list[Page]) -> None:
        for number, page in enumerate(pages):
            page["meta"] = {"total_rows": totals[min(number, len(totals) - 1)]}

    return spoil


def _set_bookmark(page: int, bookmark: Any) -> Spoil:
    def spoil(pages: list[Page]) -> None:
        pages[page]["bookmark"] = bookmark

    return spoil


def _empty(page: int) -> Spoil:
    """Put an empty page in front of a page."""

    def spoil(pages: list[Page]) -> None:
        pages.insert(page, {"results": [], "meta": pages[0]["meta"]})
        for number, each in enumerate(pages[:-1], 1):
            each["bookmark"] = str(number)

    return spoil


def _repeat_row_of_last_page(pages: list[Page]) -> None:
    """A row has moved while the list was read: one comes twice, and one does not come at all."""
    pages[1]["results"][0] = pages[0]["results"][-1]


def _swap_pages(pages: list[Page]) -> None:
    pages[1]["results"], pages[2]["results"] = pages[2]["results"], pages[1]["results"]


def _reverse(pages: list[Page]) -> None:
    rows = [row for page in pages for row in page["results"]][::-1]
    for page in pages:
        count = len(page["results"])
        page["results"], rows = rows[:count], rows[count:]


def _cut(pages: list[Page]) -> None:
    """End after the first page, with counts that agree."""
    rows = pages[0]["results"]
    pages[0] = {"results": rows, "meta": {"total_rows": len(rows)}}


def _vanish(pages: list[Page]) -> None:
    pages[0] = {"results": [], "meta": {"total_rows": 0}}


def _add_stranger(pages: list[Page]) -> None:
    pages[0]["results"][3] = {**pages[0]["results"][3], "typeId": "aaa"}


def _lose_row(pages: list[Page]) -> None:
    del pages[1]["results"][2]


def _repeat_row(pages: list[Page]) -> None:
    pages[0]["results"].append(pages[0]["results"][-1])


def _swap_rows(pages: list[Page]) -> None:
    rows = pages[0]["results"]
    rows[1], rows[4] = rows[4], rows[1]


FAULTS: dict[str, ListingFault] = {
    # By the emulator itself, as its users can rehearse it.
    "the emulator puts an empty page before each": ListingFault(
        "it leads in a circle", faults={"list_empty_page": 1.0}, sees_first=False
    ),
    "the emulator repeats bookmarks": ListingFault(
        "it leads in a circle: a bookmark came twice", faults={"list_repeats_bookmark": 1.0}
    ),
    "the emulator repeats rows": ListingFault(
        "came twice while it was read", faults={"list_repeats_rows": 1.0}
    ),
    "the emulator swaps rows": ListingFault(
        "its rows are out of order", faults={"list_out_of_order": 1.0}
    ),
    "the emulator counts wrongly": ListingFault(
        "while it was read", faults={"list_wrong_total": 1.0}
    ),
    "the emulator loses rows": ListingFault(
        "it counts 42 but lists", faults={"list_loses_rows": 1.0}, sees_first=False
    ),
    # The list of all devices.
    "an empty page in the middle": ListingFault(
        "bulk/devices: an empty page came before its end", spoil=_empty(2)
    ),
    "pages that lead to each other": ListingFault(
        "bulk/devices: it leads in a circle: a bookmark came twice", spoil=_set_bookmark(2, "1")
    ),
    "a row that moved while the list was read": ListingFault(
        "bulk/devices: it counts 42 but lists 41", spoil=_repeat_row_of_last_page
    ),
    "pages in another order": ListingFault(
        "bulk/devices: its rows are out of order", spoil=_swap_pages
    ),
    "a list upside down": ListingFault("bulk/devices: its rows are out of order", spoil=_reverse),
    "a total that changes": ListingFault(
        "bulk/devices: its count went from 42 to 43 while it was read", spoil=_set_total(42, 43)
    ),
    "a total that is no count": ListingFault(
        "bulk/devices: its meta.total_rows is no count", spoil=_set_total("42")
    ),
    "a bookmark that cannot be sent": ListingFault(
        "bulk/devices: its bookmark cannot be sent back", spoil=_set_bookmark(1, 17)
    ),
    "a list that ends too early": ListingFault(
        "bulk/devices: it counts 42 but lists 20", spoil=_set_bookmark(1, None)
    ),
    "a list much smaller than remembered": ListingFault(
        "the org lists 9 devices of type pump, but there were 40 at the last apply (", spoil=_cut
    ),
    # The list of one type.
    "a list of pumps with a stranger in it": ListingFault(
        "device/types/pump/devices: 1 of another type", PUMPS, _add_stranger, crowded=True
    ),
    "a list of pumps that vanished": ListingFault(
        "the org lists 0 devices of type pump, but there were 40 at the last apply (",
        PUMPS,
        _vanish,
        sees_first=False,
        crowded=True,
    ),
    "a list of pumps that lacks one": ListingFault(
        "device/types/pump/devices: it counts 40 but lists 39", PUMPS, _lose_row, crowded=True
    ),
    # The list of types.
    "a type that comes twice": ListingFault(
        "device/types: 1 came twice while it was read", TYPES, _repeat_row
    ),
    "types out of order": ListingFault(
        "device/types: its rows are out of order", TYPES, _swap_rows
    ),
    "types miscounted": ListingFault(
        "device/types: it counts 15 but lists 14", TYPES, _set_total(15)
    ),
    "types that lead in a circle": ListingFault(
        "device/types: it leads in a circle", TYPES, _set_bookmark(1, "1")
    ),
    "an empty page of types": ListingFault(
        "device/types: an empty page came before its end", TYPES, _empty(1)
    ),
    "a list of types much smaller than remembered": ListingFault(
        "the org lists 2 device types, but there were 14 at the last apply (", TYPES, None
    ),
}


def _only_two(pages: list[Page]) -> None:
    rows = [row for page in pages for row in page["results"] if row["id"] in {"old", "pump"}]
    pages[0] = {"results": rows, "meta": {"total_rows": 2}}


FAULTS["a list of types much smaller than remembered"] = FAULTS[
    "a list of types much smaller than remembered"
]._replace(spoil=_only_two)


def begin_fault(front: Front, fault: ListingFault, *, lasting: bool) -> None:
    """Let the org's lists be wrong from now on, or for one reading only."""
    if fault.faults is not None:
        on = f"GET {fault.path}"
        first = 0 if lasting else 1
        front.org.state.faults = Faults(**fault.faults, faults_on=on, faults_first=first)
    else:
        front.twists.append(Liar(fault, 1_000 if lasting else 1).begin(front))
