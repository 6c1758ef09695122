"""Find, add and take out the devices and types that one manifest declares."""

from __future__ import annotations

from collections.abc import Container, Iterator
from collections.abc import Mapping as Values
from collections.abc import Sequence as Many
from pathlib import PurePosixPath
from typing import NamedTuple

from fleetsync.model import JSON
from fleetsync.rewrite.entry import add_items, remove_item, replace_value
from fleetsync.rewrite.reconcile import reconcile, refuse_shared_inside
from fleetsync.rewrite.scalar import flow, key_text
from fleetsync.rewrite.splice import (
    CannotEditError,
    Splice,
    line_end,
    spliced,
    whole_lines,
)
from fleetsync.rewrite.tree import Mapping, Node, Sequence, parse_tree

DEVICES = "devices"
TYPES = "deviceTypes"
SETS = "deviceSets"
_STRANGE = "it does not stand in a list of its own: an alias or a merge brings it"


class Spot(NamedTuple):
    """Where an item stands: the list that holds it, and the item."""

    holder: Sequence
    item: Node


class ManifestText:
    """One manifest, and the edits that are collected for it.

    Of its devices, only those that begin on the lines of ``focus`` can be found.
    """

    def __init__(self, text: str, focus: Container[int]) -> None:
        self._text = text
        self._roots = parse_tree(text, focus)
        self._splices: list[Splice] = []
        self._removed: dict[int, tuple[Sequence, list[Node]]] = {}
        self._added: dict[int, tuple[Sequence, list[dict[str, JSON]]]] = {}
        self._fresh: list[tuple[Mapping, list[dict[str, JSON]]]] = []
        self._spots = {key: dict(self._by_line(key)) for key in (DEVICES, TYPES, SETS)}

    def find(self, key: str, line: int, ids: Values[str, str]) -> Spot | None:
        """Find the item of a list that begins on a line and has these ids."""
        for spot in self._spots[key].get(line, ()):
            value = spot.item.value
            if isinstance(value, dict) and all(value.get(k) == text for k, text in ids.items()):
                return spot
        return None

    def set_of(self, table: str) -> dict[str, JSON]:
        """Give the one device set that a CSV file fills; CannotEditError if there is no such."""
        items = [spot.item.value for spots in self._spots[SETS].values() for spot in spots]
        found = [i for i in items if isinstance(i, dict) and _is_named(i.get("csv"), table)]
        if len(found) != 1:
            raise CannotEditError("its CSV file fills several device sets")
        return found[0]

    def change(self, spot: Spot, new: dict[str, JSON]) -> None:
        """Make an item another one; CannotEditError."""
        self._check(spot.holder)
        splices = list(reconcile(self._text, spot.item, new))
        spliced(self._text, splices)
        self._splices += splices

    def remove(self, spot: Spot) -> None:
        """Take an item out, with the comment right above it; CannotEditError."""
        self._check(spot.holder)
        refuse_shared_inside(spot.item)
        self._removed.setdefault(id(spot.holder), (spot.holder, []))[1].append(spot.item)

    def add_device(self, item: dict[str, JSON], *, beside: Spot | None) -> None:
        """Put a device at the end of the list of another one, or of the first list there is."""
        holder = beside.holder if beside else next(self._lists(DEVICES), None)
        flow(item)  # what cannot be written is told before anything is
        if holder is not None:
            self._check(holder)
            self._added.setdefault(id(holder), (holder, []))[1].append(item)
            return
        root = next((each for each in self._roots if isinstance(each, Mapping)), None)
        if root is None or root.flow or root.own(DEVICES) or not root.entries:
            raise CannotEditError("there is no list of devices to put it into")
        self._fresh = self._fresh or [(root, [])]
        self._fresh[0][1].append(item)

    def text(self) -> str:
        """Give the text with all edits; CannotEditError if they get into each other's way."""
        splices = [*self._splices]
        for holder, items in self._removed.values():
            splices += self._removals(holder, items)
        for holder, added in self._added.values():
            if not self._is_replaced(holder):
                splices += self._additions(holder, added)
        for root, added in self._fresh:
            lines = [f"{DEVICES}:", *(f"  {line}" for line in _block_lines(added))]
            end = max(value.end for _, value in root.entries)
            splices.append(whole_lines(self._text, line_end(self._text, end), lines))
        return spliced(self._text, splices)

    def _removals(self, holder: Sequence, items: list[Node]) -> Iterator[Splice]:
        if self._is_replaced(holder):
            added = self._added.get(id(holder), (holder, []))[1]
            yield replace_value(self._text, holder, flow(list(added)))
            return
        for item in items:
            yield from remove_item(self._text, holder, item, items, commented=True)

    def _is_replaced(self, holder: Sequence) -> bool:
        """Tell whether a list loses all that it had, and so is written anew."""
        gone = self._removed.get(id(holder), (holder, []))[1]
        stays = not holder.flow and id(holder) in self._added
        return bool(gone) and len(gone) == len(holder.items) and not stays

    def _additions(self, holder: Sequence, added: list[dict[str, JSON]]) -> Iterator[Splice]:
        last = holder.items[-1] if holder.items else None
        in_flow = last is None or not isinstance(last, Mapping) or last.flow
        lines = None if in_flow else _block_lines(added)
        if last is None:
            yield replace_value(self._text, holder, flow(list(added)))
        else:
            yield from add_items(self._text, holder, list(added), lines)

    def _by_line(self, key: str) -> Iterator[tuple[int, list[Spot]]]:
        lines: dict[int, list[Spot]] = {}
        for holder in self._lists(key):
            for item in holder.items:
                lines.setdefault(item.line, []).append(Spot(holder, item))
        yield from lines.items()

    def _lists(self, key: str) -> Iterator[Sequence]:
        for root in self._roots:
            entry = root.own(key) if isinstance(root, Mapping) else None
            if entry is not None and isinstance(entry[1], Sequence):
                yield entry[1]

    def _check(self, holder: Sequence) -> None:
        if holder.shared:
            raise CannotEditError(_STRANGE)


def _is_named(text: JSON, name: str) -> bool:
    return isinstance(text, str) and PurePosixPath(text).as_posix() == name


def _block_lines(items: Many[Values[str, JSON]]) -> list[str]:
    """Write devices as the lines of a block, their parts in flow style."""
    lines = []
    for item in items:
        lead = "- "
        for key, value in item.items():
            lines.append(f"{lead}{key_text(key)}: {flow(value)}")
            lead = "  "
    return lines
