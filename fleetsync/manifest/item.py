"""Judge one item of a manifest by itself, and turn it into a noun of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from fleetsync.batch import MAX_REQUEST_BYTES
from fleetsync.manifest.content import Inspector, find_troubles
from fleetsync.manifest.convert import RESERVE_BYTES, body_bytes, with_whole_numbers
from fleetsync.manifest.rule import filling_fault, is_reserved_path, is_unreal_time
from fleetsync.manifest.schema import checker
from fleetsync.manifest.words import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.manifest.finding import Finding, Spot
    from fleetsync.model import JSON

    Item: TypeAlias = dict[str, Any]
    """An item that fits its schema. Any: the schema holds the form."""


_PARTS = ("device", "deviceType", "deviceSet", "id")


class Judge:
    """Lets through the items that are right by themselves; what is wrong becomes findings."""

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._inspector = Inspector()
        self._checks = {part: checker("manifest", part) for part in _PARTS}

    def admit(self, item: JSON, spot: Spot, part: str) -> Item | None:
        """Give the item, its numbers made plain, or ``None`` if anything is wrong with it."""
        fits = self._checks[part](item)
        if not fits:
            self._findings.append(spot.misfit(part))
        if not isinstance(item, dict):
            return None
        glance = self._inspector.glance(item)
        found = list(_troubles(item, spot)) if glance.suspect else []
        found += _rule_findings(item, spot)
        if part == "deviceSet":
            found += _filling_findings(item, spot)
        if glance.max_bytes > MAX_REQUEST_BYTES - RESERVE_BYTES:
            found += _size_findings(item, spot)
        self._findings += found
        if found or not fits:
            return None
        if glance.whole_floats and "metadata" in item:
            return {**item, "metadata": with_whole_numbers(item["metadata"])}
        return item

    def is_right_at_the_top(self, top: dict[str, JSON], spot: Spot) -> bool:
        """Look at the keys of a document, its lists left empty, as at an item."""
        fits = checker("manifest")(top)
        if not fits:
            self._findings.append(spot.misfit(""))
            self._findings += _troubles(top, spot)
        return fits


def _troubles(item: dict[str, JSON], spot: Spot) -> Iterator[Finding]:
    for trouble in find_troubles(item):
        yield spot.finding(trouble.message, *trouble.path, at_key=trouble.at_key)


def _rule_findings(item: Item, spot: Spot) -> Iterator[Finding]:
    measured = _below(item, "location", "measuredDateTime")
    if isinstance(measured, str) and is_unreal_time(measured):
        yield spot.finding(
            f"location.measuredDateTime {quote(measured)} is no real day and time: correct it",
            *("location", "measuredDateTime"),
        )
    paths = _below(item, "lifecycle", "ignoreChanges")
    for index, path in enumerate(paths if isinstance(paths, list) else ()):
        if isinstance(path, str) and is_reserved_path(path):
            yield spot.finding(
                f"{path} is the tool's own and never compared: remove this path",
                *("lifecycle", "ignoreChanges", index),
            )


def _filling_findings(item: Item, spot: Spot) -> Iterator[Finding]:
    words = filling_fault(item.keys())
    if words:
        yield spot.finding(words)


def _below(item: Item, key: str, inner: str) -> JSON:
    outer = item.get(key)
    return outer.get(inner) if isinstance(outer, dict) else None


def _size_findings(item: Item, spot: Spot) -> Iterator[Finding]:
    size = body_bytes(item)
    if size > MAX_REQUEST_BYTES:
        yield spot.finding(
            f"this takes {size:,} bytes in a request, and the platform takes {MAX_REQUEST_BYTES:,}"
            f" at most ({RESERVE_BYTES:,} of them are fleetsync's): make its texts or metadata"
            " smaller"
        )
