"""Take the devices of device sets into the fleet; what is wrong with them is told in few words.

A set of ids and ranges has its problems where the manifest has the set, each kind of them once. A
set of a CSV file has them at the file's lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fleetsync.manifest.expand import DEVICE_ID, Expansion, Filling
from fleetsync.manifest.finding import Finding, Spot
from fleetsync.manifest.idrange import Pattern, PatternError
from fleetsync.manifest.item import Judge
from fleetsync.manifest.rows import RowReader
from fleetsync.manifest.verdict import verdicts
from fleetsync.manifest.words import quote
from fleetsync.model import DeviceKey, Source
from fleetsync.model.key import ID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleetsync.errors import Problem
    from fleetsync.manifest.convert import Converter
    from fleetsync.manifest.register import Register
    from fleetsync.manifest.verdict import Verdict

    OpenTable: TypeAlias = Callable[[str, str], "TableFile"]
    """Reads the CSV file of this name for the manifest of that name; raises TableError."""

MAX_IDS = 1_000_000
"""The most ids that one set may stand for."""

MAX_ID = 36
"""Characters of the longest id (platform page 7)."""

MAX_BYTES = 6_000_000_000
"""Memory that all sets together may need, by a rough count: a few lines could ask for any."""

_MAX_EXPLAINED = 100
_ROW = Spot("", 0, 0, ())


class TableFile(NamedTuple):
    """A CSV file: its name in problems and sources, and its bytes."""

    name: str
    data: bytes


class TableError(ValueError):
    """A CSV file that cannot be read; its text says why. Never leaves the room."""


class SetPlace(NamedTuple):
    """Where a set stands, and which type its devices have."""

    spot: Spot
    type_id: str


class Admission:
    """Lets devices of sets into the register, or says why not."""

    def __init__(self, register: Register, converter: Converter) -> None:
        self._register = register
        self._converter = converter
        self._found: list[Finding] = []
        self._judge = Judge(self._found)

    def admit(self, item: dict[str, Any], source: Source) -> bool:
        """Take in the device that an item says; if that cannot be, ``verdicts`` tells why."""
        self._found.clear()
        device_id = item[DEVICE_ID]
        admitted = self._judge.admit(item, _ROW, "device")
        key = DeviceKey(item["typeId"], device_id)
        clash = self._register.clash(key)
        if clash:
            self._found.append(_ROW.finding(clash, DEVICE_ID))
        elif admitted is None and ID_PATTERN.fullmatch(device_id):
            self._register.leave_out(key, source)
        if admitted is None or clash:
            return False
        self._register.add(self._converter.device(admitted, source))
        return True

    def verdicts(self, item: dict[str, Any]) -> list[Verdict]:
        """Say why the item was not let in last."""
        return verdicts(item, self._found)


class SetGathering:
    """The device sets that were read so far; ``findings`` and ``problems`` are what is wrong.

    ``places`` has all sets; ``id_cells`` tells, by CSV file and type, the column of the ids.
    """

    def __init__(self, admission: Admission, open_table: OpenTable) -> None:
        self._admission = admission
        self._open_table = open_table
        self._bytes = 0
        self.places: list[SetPlace] = []
        self.id_cells: dict[str, dict[str, int]] = {}
        self.findings: list[Finding] = []
        self.problems: list[Problem] = []

    def add(self, device_set: Mapping[str, Any], spot: Spot) -> None:
        """Take in the devices of a set that fits its schema. Any: the schema holds the form."""
        if "csv" in device_set:
            self._add_table(device_set, spot)
        else:
            self._add_ids(device_set, spot)

    def _add_ids(self, device_set: Mapping[str, Any], spot: Spot) -> None:
        before = len(self.findings)
        patterns = self._patterns(device_set["deviceIds"], spot)
        expansion = Expansion(device_set, Filling({DEVICE_ID: 0}, "${deviceId}"))
        self._fail(expansion, spot)
        count = sum(pattern.count for pattern in patterns)
        if count > MAX_IDS:
            words = f"this stands for {_counted(count)} ids, and a set may have {MAX_IDS:,}"
            self.findings.append(spot.finding(f"{words}: write fewer", "deviceIds"))
        elif not self._has_room(count * expansion.weigh(MAX_ID)):
            self.findings.append(spot.finding(_TOO_MUCH))
        if len(self.findings) == before:
            for index, pattern in enumerate(patterns):
                self._add_pattern(expansion, pattern, spot, index)

    def _patterns(self, texts: list[str], spot: Spot) -> list[Pattern]:
        patterns = []
        for index, text in enumerate(texts):
            try:
                patterns.append(Pattern(text))
            except PatternError as error:
                words = f"deviceIds[{index}]: {error}"
                self.findings.append(spot.finding(words, "deviceIds", index))
        return patterns

    def _add_pattern(self, expansion: Expansion, pattern: Pattern, spot: Spot, index: int) -> None:
        told = _Told(spot, index)
        source = spot.source
        for device_id in pattern.ids():
            item = expansion.item([device_id])
            if not self._admission.admit(item, source):
                told.add(device_id, [] if told.enough else self._admission.verdicts(item))
        self.findings += told.findings()

    def _add_table(self, device_set: Mapping[str, Any], spot: Spot) -> None:
        try:
            table = self._open_table(device_set["csv"], spot.file)
        except TableError as error:
            self.findings.append(spot.finding(str(error), "csv"))
            return
        reader = RowReader(table.data, table.name)
        if reader.columns:
            expansion = Expansion(device_set, Filling(reader.columns, device_set[DEVICE_ID]))
            cells = expansion.uses.get((DEVICE_ID,), (0,))
            self.id_cells.setdefault(table.name, {})[str(device_set["typeId"])] = cells[0]
            self._fail(expansion, spot)
            if not expansion.faults and not reader.fill(expansion, self._admission, self._has_room):
                self.findings.append(spot.finding(_TOO_MUCH))
        self.problems += reader.problems()

    def _fail(self, expansion: Expansion, spot: Spot) -> None:
        for fault in expansion.faults:
            self.findings.append(spot.finding(fault.words, *fault.path, at_key=fault.at_key))

    def _has_room(self, needed: int) -> bool:
        self._bytes += needed
        return self._bytes <= MAX_BYTES


_TOO_MUCH = (
    f"the device sets up to this one would take more than {MAX_BYTES:,} bytes of memory: make them"
    " or their texts smaller"
)


def _counted(count: int) -> str:
    return f"{count:,}" if count < 10**15 else "far too many"


class _Told:
    """What is wrong with the devices of one pattern: each kind once, with a count."""

    def __init__(self, spot: Spot, index: int) -> None:
        self._spot = spot
        self._index = index
        self._devices = 0
        self._kinds: dict[tuple[str | int, ...], tuple[str, int]] = {}
        self._uncounted = 0

    @property
    def enough(self) -> bool:
        """Whether so many were explained that the rest is only counted."""
        return self._devices >= _MAX_EXPLAINED

    def add(self, device_id: str, found: list[Verdict]) -> None:
        """Take in one device and what is wrong with it."""
        self._devices += 1
        self._uncounted += not found
        for path, words in found:
            about = "" if path == (DEVICE_ID,) else f"for deviceId {quote(device_id)}: "
            first, count = self._kinds.get(path, (about + words, 0))
            self._kinds[path] = first, count + 1

    def findings(self) -> list[Finding]:
        """Give one finding for each kind, where the manifest has its cause."""
        found = []
        for path, (words, count) in self._kinds.items():
            below = ("deviceIds", self._index) if path == (DEVICE_ID,) else path
            more = count - 1 + self._uncounted
            rest = f" (and so for {more:,} more ids)" if more else ""
            found.append(self._spot.finding(words + rest, *below))
        return found
