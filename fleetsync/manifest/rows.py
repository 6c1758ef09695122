"""Fill a device set from the rows of a CSV file, and tell what is wrong at their cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from fleetsync.batch import MAX_REQUEST_BYTES
from fleetsync.manifest.complaint import Complaints
from fleetsync.manifest.content import NO_API_KEY
from fleetsync.manifest.credential import is_api_key, is_credential_name
from fleetsync.manifest.expand import DEVICE_ID
from fleetsync.manifest.table import Table
from fleetsync.manifest.words import dotted
from fleetsync.model import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from fleetsync.errors import Problem
    from fleetsync.manifest.expand import Expansion
    from fleetsync.manifest.finding import DeviceFinding
    from fleetsync.manifest.table import Row
    from fleetsync.manifest.verdict import Verdict

_KEY_LIKE = re.compile(rb"a-[A-Za-z0-9]{1,64}-[A-Za-z0-9]{10}")
"""Cheap: most files have nothing like an API key, and then no cell is looked at for one."""

_TOO_LARGE = (
    f"this row's texts are larger than a request may be ({MAX_REQUEST_BYTES:,}): shorten them"
)

_STEP = 1_000
"""Rows between two looks at the memory that they take."""


class Door(Protocol):
    """Lets devices into the fleet, or says why not."""

    def admit(self, item: dict[str, Any], source: Source) -> bool:
        """Take in the device that an item says; tell whether that could be."""

    def verdicts(self, item: dict[str, Any]) -> list[Verdict]:
        """Say why the item was not let in last."""


class RowReader:
    """One CSV file on its way into one set."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        self._complaints = Complaints(name)
        self._table = Table(data, name, self._complaints)
        self._has_keys = _KEY_LIKE.search(data) is not None

    @property
    def columns(self) -> dict[str, int]:
        """The place of each column by its name; nothing if the header will not do."""
        return self._table.columns if self._table.whole else {}

    def problems(self) -> Iterator[Problem]:
        """Give what is wrong with the file."""
        return self._complaints.problems()

    def fill(self, expansion: Expansion, door: Door, has_room: Callable[[int], bool]) -> bool:
        """Make a device of each row; false if ``has_room`` refused the bytes that they take."""
        needed = 0
        for number, row in enumerate(self._table.rows(), start=1):
            if number % _STEP == 0:
                if not has_room(needed):
                    return False
                needed = 0
            if expansion.is_too_large(row.cells, row.size):
                self._complaints.add(row.line, 1, _TOO_LARGE)
                continue
            needed += expansion.weigh(row.size)
            self._add(row, expansion, door)
        return has_room(needed)

    def _add(self, row: Row, expansion: Expansion, door: Door) -> None:
        if self._has_keys and self._shows_a_key(row, expansion):
            return
        item = expansion.item(row.cells)
        if door.admit(item, Source(self._name, row.line)):
            return
        if self._complaints.full:
            self._complaints.add(row.line, 1, "")
            return
        for verdict in door.verdicts(item):
            self._tell(row, expansion, verdict)

    def _shows_a_key(self, row: Row, expansion: Expansion) -> bool:
        ids = expansion.uses.get((DEVICE_ID,), ())
        found = [
            index
            for index, cell in enumerate(row.cells)
            if index not in ids and is_api_key(cell)  # an id may well look like an API key
        ]
        for index in found:
            self._complaints.add(*row.place(index), NO_API_KEY)
        return bool(found)

    def _tell(self, row: Row, expansion: Expansion, verdict: Verdict) -> None:
        cells = expansion.cells_below(verdict.path)
        words = verdict.words
        names = list(self._table.columns)
        if any(is_credential_name(names[index]) for index in cells):
            words = f"{dotted(verdict.path)} cannot be what this row says: correct the cell"
        empty = (index for index in cells if not row.cells[index])
        index = next(empty, cells[0] if cells else 0)
        self._complaints.add(*row.place(index), words)


def pinpoint_rows(
    file: str, data: bytes, findings: Collection[DeviceFinding], id_cells: Mapping[str, int]
) -> list[Problem]:
    """Put findings about devices of a CSV file at the cells that hold their ids.

    ``id_cells`` tells the column of the ids by type. The first of them are told, all are counted.
    """
    lines = {finding.line for finding in findings}
    unheard = Complaints(file)  # what is wrong with the file itself was told when it was read
    places = {row.line: row for row in Table(data, file, unheard).rows() if row.line in lines}
    complaints = Complaints(file)
    for finding in findings:
        row = places[finding.line]
        complaints.add(*row.place(id_cells[finding.device.type_id]), finding.message)
    return list(complaints.problems())
