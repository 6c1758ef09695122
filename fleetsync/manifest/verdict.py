"""Say what is wrong with one device of a set, each thing with its path inside the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fleetsync.manifest.credential import is_api_key
from fleetsync.manifest.places import Mark, Place, Places, Subject
from fleetsync.manifest.schema import explain_value
from fleetsync.manifest.words import dotted, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleetsync.manifest.finding import Finding
    from fleetsync.model import JSON

    Steps: TypeAlias = tuple[str | int, ...]


class Verdict(NamedTuple):
    """One thing wrong with a device, at ``path``."""

    path: Steps
    words: str


def verdicts(item: dict[str, Any], findings: Iterable[Finding]) -> list[Verdict]:
    """Put findings about a device's item into words. Any: it may not fit the schema."""
    told = [Verdict(tuple(each.path), each.message) for each in findings if each.message]
    if any(not each.message for each in findings):
        told += _unreadable(item)
        # A location that lacks a part is known by that part.
        known = {verdict.path[:size] for verdict in told for size in (1, 2, 3)}
        told += [each for each in _misfits(item) if each.path not in known]
    return told


def _unreadable(item: dict[str, Any]) -> Iterator[Verdict]:
    """Find what empty cells left out, and texts that should be a number or a truth value."""
    if not item["deviceId"]:
        yield Verdict(("deviceId",), "deviceId is made of a cell that is empty: fill it")
    location, status = item.get("location", {}), item.get("status", {})
    for key, value in location.items():
        if isinstance(value, str) and key != "measuredDateTime":
            comma = ", with a point, not a comma" if "," in value else ""
            yield _no(("location", key), value, f"must be a number such as 51.5{comma}")
    for key in ("latitude", "longitude"):
        if "location" in item and key not in location:
            words = "fill the cell, or empty all cells of the location"
            yield Verdict(("location", key), f"location.{key} is empty: {words}")
    enabled = status.get("alert", {}).get("enabled")
    if isinstance(enabled, str):
        yield _no(("status", "alert", "enabled"), enabled, "must be true or false")


def _no(path: Steps, text: str, words: str) -> Verdict:
    value = "" if is_api_key(text) else f" {quote(text)}"
    return Verdict(path, f"{dotted(path)}{value} {words}")


def _misfits(item: dict[str, Any]) -> Iterator[Verdict]:
    """Ask the schema; its positions are made up so that they lead back to paths."""
    paths: list[Steps] = [()]
    marks: dict[int, dict[str | int, Mark]] = {}
    _mark(item, (), paths, marks)
    places = Places(item, Place(1, 1), marks)
    for problem in explain_value(item, Subject("", places), schema="manifest", part="device"):
        yield Verdict(paths[problem.line - 1], problem.message)


def _mark(
    value: JSON, path: Steps, paths: list[Steps], marks: dict[int, dict[str | int, Mark]]
) -> None:
    if not isinstance(value, (dict, list)) or path[:1] == ("metadata",):  # any metadata fits
        return
    own = marks.setdefault(id(value), {})
    for step, below in value.items() if isinstance(value, dict) else enumerate(value):
        paths.append((*path, step))
        place = Place(len(paths), 1, str(below))
        own[step] = Mark(place, place)
        _mark(below, (*path, step), paths, marks)
