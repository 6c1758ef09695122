"""Say what every file has to become so that the manifests take drift over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from fleetsync.drift.accept import (
    accepted_device,
    accepted_type,
    changed_item,
    new_device,
    new_item,
    taken_over,
)
from fleetsync.drift.field import Standing
from fleetsync.drift.finding import Drift, Finding, What
from fleetsync.model import JSON, DesiredFleet, Device, DeviceType, Kind, LiveDevice, Source
from fleetsync.model.key import ID_PATTERN
from fleetsync.rewrite.items import DEVICES, SETS, TYPES, ManifestText, Spot
from fleetsync.rewrite.splice import CannotEditError
from fleetsync.rewrite.table import TableText, Template

_LEFT = {
    Standing.CONFLICT: "both sides moved: decide by hand",
    Standing.UNKNOWN: "no base tells which side moved: name one with --since REV",
}

_STRANGE = "it does not stand in a list of its own: an alias or a merge brings it"
_OF_SET = "it is one of a device set, whose devices are all alike: change the set by hand"


class Files(Protocol):
    """The fleet's files; both raise CannotEditError for one that must not be touched."""

    def manifest(self, name: str) -> str | None:
        """Give the text of a manifest, None if the file is a CSV file."""

    def table(self, name: str) -> tuple[str, str]:
        """Give the text of a CSV file, and the name of the one manifest that has a set of it."""


class Rewritten(NamedTuple):
    """What became of drift: new texts by file, what they take over, and what they do not, and why.

    ``expected`` is the fleet that the files must declare then; ``broken`` are files whose edits get
    into each other's way.
    """

    texts: dict[str, str]
    done: list[tuple[Finding, str]]
    left: list[tuple[Finding, str]]
    expected: DesiredFleet
    broken: frozenset[str] = frozenset()


def rewritten(
    drift: Drift, desired: DesiredFleet, files: Files, untouched: frozenset[str] = frozenset()
) -> Rewritten:
    """Edit all files that have to change, but for the ``untouched``."""
    work = _Work(desired, files, untouched, _focus(drift.findings, desired))
    for finding in _in_order(drift.findings):
        work.take(finding)
    return work.result()


def _focus(findings: Iterable[Finding], desired: DesiredFleet) -> dict[str, set[int]]:
    """Name the lines of what has to change, and of the last device that new ones may go behind."""
    lines: dict[str, set[int]] = {}
    grown: set[str] = set()
    for finding in findings:
        if finding.source is not None:
            lines.setdefault(finding.source.file, set()).add(finding.source.line)
        if finding.what is What.ADDED:
            grown.add(finding.type_id)
    for type_id in grown:
        last = {each.source.file: each for each in desired.devices.get(type_id, {}).values()}
        for file, device in last.items():
            lines.setdefault(file, set()).add(device.source.line)
    return lines


def _in_order(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Devices go before their types, and what is added comes last, behind what stays."""
    moved = [each for each in findings if each.standing is not Standing.PENDING]
    yield from sorted(moved, key=lambda each: (each.what is What.ADDED, each.device_id is None))


class _Work:
    """All files that are being edited."""

    def __init__(
        self,
        desired: DesiredFleet,
        files: Files,
        untouched: frozenset[str],
        focus: dict[str, set[int]],
    ) -> None:
        self._desired = desired
        self._files = files
        self._untouched = untouched
        self._focus = focus
        self._manifests: dict[str, ManifestText] = {}
        self._tables: dict[str, TableText] = {}
        self._types = dict(desired.types)
        self._devices = {type_id: dict(each) for type_id, each in desired.devices.items()}
        self._done: list[tuple[Finding, str]] = []
        self._left: list[tuple[Finding, str]] = []
        self._homes: dict[str, Source] = {}

    def take(self, finding: Finding) -> None:
        """Take one finding over, or say why not."""
        if finding.standing in _LEFT:
            self._left.append((finding, _LEFT[finding.standing]))
            return
        try:
            self._done.append((finding, self._edit(finding)))
        except CannotEditError as error:
            self._left.append((finding, str(error)))

    def result(self) -> Rewritten:
        """Give the texts, and name the files whose edits cannot be joined."""
        texts: dict[str, str] = {}
        broken: set[str] = set()
        edited: dict[str, ManifestText | TableText] = {**self._manifests, **self._tables}
        for name, each in edited.items():
            try:
                texts[name] = each.text()
            except CannotEditError:
                broken.add(name)
        expected = self._desired._replace(types=self._types, devices=self._devices)
        return Rewritten(texts, self._done, self._left, expected, frozenset(broken))

    def _edit(self, finding: Finding) -> str:
        """Edit the file of a finding, and give its name."""
        if finding.what is What.ADDED:
            return self._add(finding)
        if finding.kind is Kind.DEVICE_TYPE:
            return self._edit_type(finding)
        return self._edit_device(finding)

    def _edit_type(self, finding: Finding) -> str:
        declared = self._desired.types[finding.type_id]
        manifest = self._manifest(declared.source)
        spot = _found(manifest.find(TYPES, declared.source.line, {"id": finding.type_id}))
        if finding.what is What.DELETED:
            if self._devices.get(finding.type_id):
                raise CannotEditError("devices of it are still declared")
            manifest.remove(spot)
            del self._types[finding.type_id]
            self._devices.pop(finding.type_id, None)
            return declared.source.file
        accepted = accepted_type(declared, finding)
        manifest.change(spot, changed_item(_item(spot), finding, accepted))
        self._types[finding.type_id] = accepted
        return declared.source.file

    def _edit_device(self, finding: Finding) -> str:
        device = self._device(finding)
        if finding.what is What.CHANGED and not taken_over(finding):
            raise CannotEditError("the rest of its location is moved by git: decide by hand")
        accepted = None if finding.what is What.DELETED else accepted_device(device, finding)
        if self._is_table(device.source):
            self._edit_row(device, finding)
        else:
            self._edit_item(device, finding, accepted)
        devices = self._devices[device.type_id]
        if accepted is None:
            del devices[device.device_id]
        else:
            devices[device.device_id] = accepted
        return device.source.file

    def _edit_item(self, device: Device, finding: Finding, accepted: Device | None) -> None:
        manifest = self._manifest(device.source)
        ids = {"typeId": device.type_id, "deviceId": device.device_id}
        spot = manifest.find(DEVICES, device.source.line, ids)
        if spot is None:
            of_set = manifest.find(SETS, device.source.line, {"typeId": device.type_id})
            raise CannotEditError(_STRANGE if of_set is None else _OF_SET)
        if accepted is None:
            manifest.remove(spot)
        else:
            manifest.change(spot, changed_item(_item(spot), finding, accepted))

    def _edit_row(self, device: Device, finding: Finding) -> None:
        table, template = self._table(device.source)
        if finding.what is What.DELETED:
            table.remove_row(device.source.line)
            return
        values = {template.column(each.path): each.live for each in taken_over(finding)}
        table.set_cells(device.source.line, values)

    def _add(self, finding: Finding) -> str:
        live = finding.live
        if not isinstance(live, LiveDevice) or finding.type_id not in self._types:
            raise CannotEditError("its type is to be removed: decide by hand")
        if not ID_PATTERN.fullmatch(live.device_id):
            raise CannotEditError("its id is none that a manifest may hold")
        template = self._types[finding.type_id]
        if finding.type_id not in self._homes:
            self._homes[finding.type_id] = self._home(template)
        source = self._homes[finding.type_id]
        device = new_device(live, template, source)
        manifest = self._manifest(source)
        beside = next(self._neighbours(manifest, template, source), None)
        manifest.add_device(new_item(device), beside=beside)
        self._devices.setdefault(finding.type_id, {})[device.device_id] = device
        return source.file

    def _home(self, template: DeviceType) -> Source:
        """Find the manifest that has most devices of a type; else the one that declares it."""
        devices = self._desired.devices.get(template.type_id, {}).values()
        counts = Counter(device.source.file for device in devices)
        for file, _ in counts.most_common():
            if file not in self._untouched and self._files.manifest(file) is not None:
                return Source(file, 0)
        return template.source

    def _neighbours(
        self, manifest: ManifestText, template: DeviceType, source: Source
    ) -> Iterator[Spot]:
        """Give the devices of a type that stand in a list of this manifest, the last one first."""
        devices = self._desired.devices.get(template.type_id, {}).values()
        for device in reversed(list(devices)):
            if device.source.file == source.file:
                ids = {"typeId": device.type_id, "deviceId": device.device_id}
                spot = manifest.find(DEVICES, device.source.line, ids)
                if spot is not None:
                    yield spot

    def _device(self, finding: Finding) -> Device:
        if finding.device_id is None:
            raise ValueError(finding.name)
        return self._desired.devices[finding.type_id][finding.device_id]

    def _is_table(self, source: Source) -> bool:
        return source.file not in self._manifests and self._text_of(source.file) is None

    def _manifest(self, source: Source) -> ManifestText:
        found = self._manifests.get(source.file)
        if found is None:
            text = self._text_of(source.file)
            if text is None:
                raise CannotEditError("it is declared in a CSV file")
            found = self._manifests[source.file] = ManifestText(
                text, self._focus.get(source.file, ())
            )
        return found

    def _table(self, source: Source) -> tuple[TableText, Template]:
        text, manifest = self._files.table(source.file)
        table = self._tables.setdefault(source.file, TableText(text))
        item = self._manifest(Source(manifest, 0)).set_of(source.file)
        return table, Template(item)

    def _text_of(self, name: str) -> str | None:
        if name in self._untouched:
            raise CannotEditError(f"an edit of {name} could not be proven right, so it stays")
        return self._files.manifest(name)


def _found(spot: Spot | None) -> Spot:
    if spot is None:
        raise CannotEditError(_STRANGE)
    return spot


def _item(spot: Spot) -> dict[str, JSON]:
    return dict(spot.item.value) if isinstance(spot.item.value, dict) else {}
