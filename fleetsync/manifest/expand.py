"""Turn device sets, which ids and ranges or the rows of a CSV file fill, into devices' items."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from fleetsync.batch import MAX_REQUEST_BYTES
from fleetsync.manifest.convert import with_whole_numbers
from fleetsync.manifest.template import LEFT_OUT, Compiler, Part, as_number, as_truth, converted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleetsync.manifest.template import Fault, Make

DEVICE_ID = "deviceId"
_NUMBERS = ("latitude", "longitude", "elevation", "accuracy")
_BASE_BYTES = 400
"""Memory that a device takes however little is said of it."""


class Filling(NamedTuple):
    """What fills a set: the columns that its placeholders may name, by their place.

    Ids and ranges give one column, ``deviceId``. ``device_id`` is the template of the id itself.
    """

    columns: Mapping[str, int]
    device_id: str


class Expansion:
    """A compiled device set; ``faults`` says what is wrong with its placeholders.

    ``uses`` tells the cells that a part of an item, by its path, is made of.
    """

    def __init__(self, device_set: Mapping[str, Any], filling: Filling) -> None:
        """Compile a set that fits its schema. Any: the schema holds the form."""
        type_id = str(device_set["typeId"])
        self._id_compiler = first = Compiler(filling.columns, {})
        self._make_id = _id_maker(first, filling.device_id)
        self._id_at = len(filling.columns)
        # A column wins over the name that is known anyway.
        columns = {DEVICE_ID: self._id_at, **filling.columns}
        self._compiler = Compiler(columns, {"typeId": type_id})
        parts = {"typeId": Part(type_id), DEVICE_ID: Part("", lambda cells: cells[-1])}
        for key in ("deviceInfo", "metadata", "location", "status", "lifecycle"):
            if key in device_set:
                parts[key] = self._part(key, device_set[key])
        self._make = self._compiler.mapping(parts).make or _nothing
        self.faults: list[Fault] = [*first.faults, *self._compiler.faults]
        self.uses = self._compiler.uses | first.uses
        self._id_cells = self.uses.get((DEVICE_ID,), ())
        self._weight = _BASE_BYTES + first.weight + self._compiler.weight
        self._cells = [own for index in self._compiler.cells for own in self._origins(index)]
        self._repeats = max(Counter(self._cells).values(), default=0)

    def _part(self, key: str, value: Any) -> Part:  # noqa: ANN401 - as the schema says
        if key == "location":
            return self._location(value)
        if key == "status":
            return self._status(value)
        if key == "lifecycle":
            return Part(value)
        return self._compiler.value(with_whole_numbers(value), (key,))

    def _location(self, value: Mapping[str, Any]) -> Part:
        parts = {}
        for key, below in value.items():
            part = self._compiler.value(below, ("location", key))
            parts[key] = converted(part, as_number) if key in _NUMBERS else part
        whole = self._compiler.mapping(parts)
        constant = {key for key, part in parts.items() if part.make is None}
        return Part(whole.value, whole.make and _place_maker(whole.make, constant))

    def _status(self, value: Mapping[str, Any]) -> Part:
        enabled = value["alert"]["enabled"]
        part = self._compiler.value(enabled, ("status", "alert", "enabled"))
        if part.make is None:
            return Part({"alert": {"enabled": part.value}})
        make = converted(part, as_truth).make or _nothing

        def make_status(cells: Sequence[str]) -> Any:  # noqa: ANN401 - a mapping, or LEFT_OUT
            truth = make(cells)
            return LEFT_OUT if truth is LEFT_OUT else {"alert": {"enabled": truth}}

        return Part(None, make_status)

    def item(self, cells: list[str]) -> dict[str, Any]:
        """Make a device's item. Any: what a cell says may not fit the schema."""
        self._id_compiler.forget()
        self._compiler.forget()
        item: dict[str, Any] = self._make([*cells, self.device_id(cells)])
        return item

    def device_id(self, cells: list[str]) -> str:
        """Make the id alone; empty if any cell that it is made of is empty."""
        if not all(cells[index] for index in self._id_cells):
            return ""
        text: str = self._make_id(cells)
        return text

    def _origins(self, index: int) -> tuple[int, ...]:
        """Give the cells that a cell stands for: the device's id is made of others."""
        return self._id_cells if index == self._id_at else (index,)

    def weigh(self, size: int) -> int:
        """Give a number of bytes that an item takes at most; ``size``: characters in its cells."""
        return self._weight + self._repeats * size

    def cells_below(self, path: tuple[str | int, ...]) -> tuple[int, ...]:
        """Give the cells that made what stands at ``path`` of an item, or what stands below it.

        Where an empty cell left it out, that is one of them.
        """
        below = [cells for known, cells in self.uses.items() if known[: len(path)] == path]
        return tuple(own for cells in below for index in cells for own in self._origins(index))

    def is_too_large(self, cells: list[str], size: int) -> bool:
        """Tell, before a row's item is made, that no request could hold it.

        ``size`` is the number of characters in all cells. So that a short file cannot stand for
        texts without end.
        """
        if size * self._repeats <= MAX_REQUEST_BYTES:
            return False
        return sum(len(cells[index]) for index in self._cells) > MAX_REQUEST_BYTES


def _nothing(_: Sequence[str]) -> Any:  # noqa: ANN401 - a Make
    return LEFT_OUT


def _id_maker(compiler: Compiler, text: str) -> Make:
    part = compiler.text(text, (DEVICE_ID,))
    return part.make or (lambda _: part.value)


def _place_maker(make: Make, constant: set[str]) -> Make:
    """Leave a location out whose cells are all empty; one with some of them is a problem."""

    def make_place(cells: Sequence[str]) -> Any:  # noqa: ANN401 - a mapping, or LEFT_OUT
        place = make(cells)
        if "latitude" not in place and "longitude" not in place and place.keys() <= constant:
            return LEFT_OUT
        return place

    return make_place
