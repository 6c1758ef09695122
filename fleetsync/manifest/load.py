"""Load all manifests of a fleet, or report every problem that they have."""

from __future__ import annotations

import gc
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fleetsync.errors import ManifestError, Problem
from fleetsync.escape import shown
from fleetsync.manifest.build import Gathering
from fleetsync.manifest.crosscheck import cross_findings
from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.file import OutsideError, inner_path, nearby, read_file
from fleetsync.manifest.finding import DeviceFinding
from fleetsync.manifest.pinpoint import pinpoint
from fleetsync.manifest.rows import pinpoint_rows
from fleetsync.manifest.search import find_files
from fleetsync.manifest.sets import TableError, TableFile
from fleetsync.manifest.words import quote
from fleetsync.model import DesiredFleet
from fleetsync.model.value import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleetsync.manifest.finding import Finding


def load_fleet(
    folder: Path,
    patterns: Sequence[str],
    *,
    fleet_file: Path,
    instead: Mapping[str, bytes] = EMPTY,
) -> DesiredFleet:
    """Read the manifests that ``patterns`` name, relative to ``folder``, into one fleet.

    Raises a ManifestError with every problem of every file. File names in problems and sources
    are relative to ``folder``. ``fleet_file`` is itself no manifest; it counts in the digest.
    ``instead`` holds, by file name, content that is read in the place of a file's own.
    """
    with _no_garbage_collection():
        loading = _Loading(folder, fleet_file, instead)
        loading.read_all(patterns)
        loading.check()
        return loading.fleet()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # A collector that visits a million fresh containers again and again takes most of the time.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Loading:
    """One run over the manifests of a fleet."""

    def __init__(self, folder: Path, fleet_file: Path, instead: Mapping[str, bytes]) -> None:
        self._folder = folder
        self._fleet_file = fleet_file
        self._instead = instead
        self._gathering = Gathering(self._open_table)
        self._problems: dict[str, list[Problem]] = {}
        self._paths: dict[str, Path] = {}
        self._hashes: dict[str, bytes] = {}
        self._manifests: set[str] = set()

    def read_all(self, patterns: Sequence[str]) -> None:
        """Read each file once; what is wrong with it is noted."""
        found = find_files(self._folder, patterns)
        self._manifests = {self._name(path) for path in (self._fleet_file, *found.files)}
        self._gathering.sure = not (found.unmatched or found.failures)
        self._read_fleet_file(patterns, found.unmatched)
        for path, reason in found.failures:
            self._complain(self._name(path), f"the folder cannot be read: {reason}")
        for path in found.files:
            if not _is_same(path, self._fleet_file):
                self._read(path)

    def check(self) -> None:
        """Raise a ManifestError if anything is wrong."""
        findings: dict[str, list[Finding | DeviceFinding]] = {}
        sets = self._gathering.sets
        found = (*self._gathering.findings, *sets.findings, *cross_findings(self._gathering))
        for finding in found:
            findings.setdefault(finding.file, []).append(finding)
        for name, of_file in findings.items():
            if name in self._manifests:
                self._problems[name] = self._pinpoint(name, of_file)
            else:
                self._problems[name] = self._pinpoint_rows(name, of_file)
        for problem in sets.problems:
            self._problems.setdefault(problem.file, []).append(problem)
        # A set: what is wrong with an anchored value is found again at each of its aliases.
        problems = {problem for of_file in self._problems.values() for problem in of_file}
        if problems:
            raise ManifestError(list(problems))

    def fleet(self) -> DesiredFleet:
        """Give the fleet; ``check`` has found nothing wrong."""
        gathered, devices = self._gathering, self._gathering.register.devices
        digest = hashlib.sha256()
        for name, of_file in sorted(self._hashes.items()):
            # The hash of each file, not its bytes: no two sets of files run together alike.
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + of_file)
        return DesiredFleet(
            types=gathered.types,
            devices={type_id: devices.get(type_id, {}) for type_id in gathered.types},
            removed_types={type_id: spot.source for type_id, spot in gathered.removed.items()},
            digest=f"sha256:{digest.hexdigest()}",
        )

    def _read_fleet_file(self, patterns: Sequence[str], unmatched: Sequence[int]) -> None:
        name = self._name(self._fleet_file)
        data = self._bytes(self._fleet_file, name)
        documents = parse_yaml(data or b"", file=name, places=True).documents if unmatched else ()
        places = documents[0].places if documents else None
        for index in unmatched:
            line, column = places.value(("manifests", index))[:2] if places else (1, 1)
            words = f"manifests: {quote(patterns[index])} names no file: correct it, or add one"
            self._problems.setdefault(name, []).append(Problem(name, line, column, words))

    def _read(self, path: Path) -> None:
        name = self._name(path)
        data = self._bytes(path, name)
        if data is None:
            self._gathering.sure = False
            return
        parsed = parse_yaml(data, file=name)
        self._problems.setdefault(name, []).extend(parsed.problems)
        self._gathering.sure &= parsed.whole
        for index, document in enumerate(parsed.documents):
            self._gathering.add_document(name, index, document)

    def _pinpoint(self, name: str, findings: list[Finding | DeviceFinding]) -> list[Problem]:
        before = self._hashes[name]
        data = self._bytes(self._paths[name], name)
        if data is None or self._hashes[name] != before:
            return [_changed(name)]
        return pinpoint(name, data, findings)

    def _pinpoint_rows(self, name: str, findings: list[Finding | DeviceFinding]) -> list[Problem]:
        before = self._hashes[name]
        data = self._bytes(self._paths[name], name)
        if data is None or self._hashes[name] != before:
            return [_changed(name)]
        of_devices = [each for each in findings if isinstance(each, DeviceFinding)]
        return pinpoint_rows(name, data, of_devices, self._gathering.sets.id_cells[name])

    def _open_table(self, text: str, manifest: str) -> TableFile:
        """Read a CSV file that a manifest names."""
        try:
            path = inner_path(self._folder, text)
            name = self._name(path)
            if name in self._manifests:
                raise TableError(f"csv {quote(text)} is a manifest or fleet.yaml, no CSV file")
            data = self._content(path, name)
        except OutsideError as error:
            raise TableError(f"csv {error}") from None
        except OSError as error:
            reason = error.strerror or "unknown reason"
            near = nearby(self._folder, path, self._folder / self._paths[manifest])
            how = near or ": correct the path, or see to the file"
            raise TableError(f"csv {quote(text)} cannot be read: {reason}{how}") from None
        found = hashlib.sha256(data).digest()
        if self._hashes.setdefault(name, found) != found:
            raise TableError(f"csv {quote(text)} was changed while it was read: run again")
        self._paths[name] = path
        return TableFile(name, data)

    def _bytes(self, path: Path, name: str) -> bytes | None:
        try:
            data = self._content(path, name)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            self._complain(name, f"the file cannot be read: {reason}: see to it, or take it away")
            return None
        self._paths[name] = path
        self._hashes[name] = hashlib.sha256(data).digest()
        return data

    def _content(self, path: Path, name: str) -> bytes:
        return self._instead[name] if name in self._instead else read_file(path)

    def _complain(self, name: str, message: str) -> None:
        self._problems.setdefault(name, []).append(Problem(name, 1, 1, message))

    def _name(self, path: Path) -> str:
        return shown(Path(os.path.relpath(path, self._folder)).as_posix())


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _changed(name: str) -> Problem:
    return Problem(name, 1, 1, "the file was changed while it was read: run again")
