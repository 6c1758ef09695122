"""Gather the items of all manifests into one fleet, and find what no schema can hold.

Items come one by one and are let go when they are turned into devices, so that a big fleet is in
memory once. What is wrong becomes a finding; an item with one is left out, the checks go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.manifest.convert import Converter
from fleetsync.manifest.finding import Finding, Spot
from fleetsync.manifest.item import Judge
from fleetsync.manifest.register import Register
from fleetsync.manifest.sets import Admission, SetGathering, SetPlace
from fleetsync.manifest.words import quote
from fleetsync.model import DeviceKey, DeviceType
from fleetsync.model.key import ID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.manifest.document import Document
    from fleetsync.manifest.item import Item
    from fleetsync.manifest.sets import OpenTable
    from fleetsync.model import JSON

MAX_TYPES = 1_000
"""The most device types that fleetsync manages in one org."""


class Gathering:
    """What the manifests that were read so far declare, and what is wrong with them.

    ``declared`` and ``removed`` hold ids and places; ``sure`` is false when some declaration of a
    type could not be read, so that nothing is known to be undeclared. ``open_table`` reads the CSV
    files that device sets name.
    """

    def __init__(self, open_table: OpenTable) -> None:
        self.types: dict[str, DeviceType] = {}
        self.declared: dict[str, Spot] = {}
        self.removed: dict[str, Spot] = {}
        self.findings: list[Finding] = []
        self.sure = True
        self.register = Register()
        self._judge = Judge(self.findings)
        self._converter = Converter()
        self.sets = SetGathering(Admission(self.register, self._converter), open_table)

    def add_document(self, file: str, index: int, document: Document) -> None:
        """Take in a document, the one of this index in its file; its lists are emptied."""
        value = document.value
        top = Spot(file, document.line, index, ())
        if not isinstance(value, dict):
            if value is not None:  # a document of comments alone is right
                self.findings.append(top.misfit(""))
                self.sure = False
            return
        self.sure &= self._judge.is_right_at_the_top(without_items(value), top)
        for item, spot in _items("deviceTypes", document, top):
            self._add_type(item, spot)
        for item, spot in _items("devices", document, top):
            self._add_device(item, spot)
        for item, spot in _items("deviceSets", document, top):
            self._add_set(item, spot)
        for item, spot in _items("removedDeviceTypes", document, top):
            self._add_removed(item, spot)

    def _add_type(self, item: JSON, spot: Spot) -> None:
        admitted = self._judge.admit(item, spot, "deviceType")
        type_id = _id(item, "id")
        if type_id is None:
            self.sure = False  # who knows which type this was meant to be
            return
        known = self.declared.setdefault(type_id, spot)
        if known is not spot:
            words = f"device type {type_id} is already declared at {known}: keep one"
            self.findings.append(spot.finding(words))
        elif admitted is not None:
            self.types[type_id] = self._converter.device_type(admitted, spot.source)
        if known is spot and len(self.declared) == MAX_TYPES + 1:
            words = f"more than {MAX_TYPES:,} device types: split the fleet between several orgs"
            self.findings.append(spot.finding(words, "id"))

    def _add_device(self, item: JSON, spot: Spot) -> None:
        admitted = self._judge.admit(item, spot, "device")
        key = _device_key(item) if admitted is None else _sure_key(admitted)
        clash = "" if key is None else self.register.clash(key)
        if clash:
            self.findings.append(spot.finding(clash))
        elif admitted is not None:
            self.register.add(self._converter.device(admitted, spot.source))
        elif key is not None:
            self.register.leave_out(key, spot.source)

    def _add_set(self, item: JSON, spot: Spot) -> None:
        admitted = self._judge.admit(item, spot, "deviceSet")
        type_id = _id(item, "typeId")
        if type_id is not None:
            self.sets.places.append(SetPlace(spot, type_id))
        if admitted is not None:
            self.sets.add(admitted, spot)

    def _add_removed(self, item: JSON, spot: Spot) -> None:
        type_id = item if isinstance(item, str) else ""
        self._judge.admit(item, spot, "id")
        if not ID_PATTERN.fullmatch(type_id):
            return
        known = self.removed.setdefault(type_id, spot)
        if known is not spot:
            words = f"device type {quote(type_id)} is already removed at {known}: keep one"
            self.findings.append(spot.finding(words))


def without_items(value: dict[str, JSON]) -> dict[str, JSON]:
    """Give a document without the items of its lists, which are checked one by one."""
    return {key: [] if isinstance(below, list) else below for key, below in value.items()}


def _items(key: str, document: Document, top: Spot) -> Iterator[tuple[JSON, Spot]]:
    """Give the items of a list and where they stand, taking each out of the list."""
    items = document.value.get(key) if isinstance(document.value, dict) else None
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        items[index] = None
        yield item, Spot(top.file, document.line_of(key, index), top.document, (key, index))


def _sure_key(item: Item) -> DeviceKey:
    return DeviceKey(item["typeId"], item["deviceId"])


def _device_key(item: JSON) -> DeviceKey | None:
    """Give the key of a device, if its ids are valid, whatever else is wrong with it."""
    type_id, device_id = _id(item, "typeId"), _id(item, "deviceId")
    return DeviceKey(type_id, device_id) if type_id and device_id else None


def _id(item: JSON, key: str) -> str | None:
    """Give a valid id out of an item that may be anything."""
    text = item.get(key) if isinstance(item, dict) else None
    return text if isinstance(text, str) and ID_PATTERN.fullmatch(text) else None
