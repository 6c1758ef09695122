"""Turn the findings of one file into problems, by reading the file again with its places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetsync.errors import Problem
from fleetsync.manifest.build import without_items
from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.finding import DeviceFinding, Finding
from fleetsync.manifest.places import Subject
from fleetsync.manifest.schema import explain_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from fleetsync.manifest.document import Document
    from fleetsync.manifest.places import Path
    from fleetsync.model import JSON


def pinpoint(
    file: str, data: bytes, findings: Collection[Finding | DeviceFinding]
) -> list[Problem]:
    """Give the problems that the findings of ``file`` stand for, and the file's own.

    ``data`` are the bytes that the findings were made from.
    """
    focus = frozenset(finding.line for finding in findings)
    parsed = parse_yaml(data, file=file, places=True, focus=focus)
    paths = _set_paths(parsed.documents, focus) | _device_paths(parsed.documents, focus)
    problems = list(parsed.problems)
    spots = {problem[:3] for problem in problems}
    # A rule of our own says more than the schema about the same spot, so it comes first.
    for finding in sorted(findings, key=lambda finding: not finding.message):
        found = list(_problems(_located(finding, paths), parsed.documents, spots))
        problems += found
        spots.update(problem[:3] for problem in found)
    # Never nothing: an item was left out, and a fleet must not lack it without a word.
    return problems or [Problem(file, min(focus), 1, "something here does not fit its schema")]


def _device_paths(
    documents: Sequence[Document], lines: Collection[int]
) -> dict[tuple[int, str, str], tuple[int, Path]]:
    """Find the devices that start on these lines: line and ids -> document and path."""
    paths: dict[tuple[int, str, str], tuple[int, Path]] = {}
    for number, document in enumerate(documents):
        items = document.value.get("devices") if isinstance(document.value, dict) else None
        for index, item in enumerate(items if isinstance(items, list) else ()):
            line = document.line_of("devices", index)
            if line in lines and isinstance(item, dict):
                key = line, str(item.get("typeId")), str(item.get("deviceId"))
                paths.setdefault(key, (number, ("devices", index)))
    return paths


def _set_paths(
    documents: Sequence[Document], lines: Collection[int]
) -> dict[tuple[int, str, str], tuple[int, Path]]:
    """Find the device sets that start on these lines: line, type and no id -> as for devices."""
    paths: dict[tuple[int, str, str], tuple[int, Path]] = {}
    for number, document in enumerate(documents):
        items = document.value.get("deviceSets") if isinstance(document.value, dict) else None
        for index, item in enumerate(items if isinstance(items, list) else ()):
            line = document.line_of("deviceSets", index)
            if line in lines and isinstance(item, dict):
                key = line, str(item.get("typeId")), ""
                paths.setdefault(key, (number, ("deviceSets", index)))
    return paths


def _located(
    finding: Finding | DeviceFinding, paths: Mapping[tuple[int, str, str], tuple[int, Path]]
) -> Finding:
    if isinstance(finding, Finding):
        return finding
    below = finding.below
    found = paths.get((finding.line, *finding.device))
    if found is None:  # the device comes from a set
        found = paths[(finding.line, finding.device.type_id, "")]
        below = "deviceIds"
    document, path = found
    return Finding(finding.file, finding.line, document, (*path, below), finding.message)


def _problems(
    finding: Finding, documents: Sequence[Document], spots: AbstractSet[tuple[str, int, int]]
) -> Iterator[Problem]:
    document = documents[finding.document]
    places = document.places
    if places is None:
        raise AssertionError("the file was read without places")
    if finding.message:
        place = (places.key if finding.at_key else places.value)(finding.path)
        yield Problem(finding.file, place.line, place.column, finding.message)
        return
    value = _value_at(document.value, finding.path)
    if not finding.path and isinstance(value, dict):
        value = without_items(value)
    subject = Subject(finding.file, places, tuple(finding.path), spots)
    yield from explain_value(value, subject, schema="manifest", part=finding.part)


def _value_at(value: Any, path: Path) -> JSON:  # noqa: ANN401 - mappings and lists by turns
    for step in path:
        value = value[step]
    result: JSON = value
    return result
