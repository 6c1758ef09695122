"""Write drift into the manifests: edit, prove, and only then replace the files."""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path, PurePosixPath
from tempfile import mkstemp

from fleetsync.cli.fleet import Fleet
from fleetsync.drift.finding import Accepted, Drift, What
from fleetsync.errors import FileError, ManifestError
from fleetsync.escape import shown
from fleetsync.manifest import find_files, find_tables
from fleetsync.manifest.load import load_fleet
from fleetsync.rewrite.proof import wrong_files
from fleetsync.rewrite.splice import CannotEditError
from fleetsync.rewrite.work import Rewritten, rewritten

_BOM = b"\xef\xbb\xbf"
_TRIES = 5
"""So often files that turn out wrong are left out before nothing is written at all."""


class _Files:
    """The files of one fleet, each read once."""

    def __init__(self, fleet: Fleet) -> None:
        settings = fleet.settings
        self._folder = settings.folder
        self._paths = find_files(settings.folder, settings.manifests).files
        self._names = {_name(path, settings.folder) for path in self._paths}
        self._tables: dict[str, set[str]] | None = None
        self.bytes: dict[str, bytes] = {}

    def manifest(self, name: str) -> str | None:
        """Give the text of a manifest, None if the file is a CSV file."""
        return self._text(name) if name in self._names else None

    def table(self, name: str) -> tuple[str, str]:
        """Give the text of a CSV file, and the name of the one manifest that has a set of it."""
        if self._tables is None:
            self._tables = {}
            for path in self._paths:
                for table in find_tables(self._folder, [path]):
                    users = self._tables.setdefault(_name(table, self._folder), set())
                    users.add(_name(path, self._folder))
        users = self._tables.get(name, set())
        if len(users) != 1:
            raise CannotEditError("its CSV file fills several device sets")
        return self._text(name), next(iter(users))

    def path(self, name: str) -> Path:
        """Give the place of a file inside the fleet's folder; CannotEditError for any other."""
        path = self._folder / name
        if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
            raise CannotEditError(f"{name} lies outside of the folder of fleet.yaml")
        top = os.path.realpath(self._folder)
        if os.path.realpath(path) != os.path.join(top, *PurePosixPath(name).parts):  # noqa: PTH118 - beside realpath
            raise CannotEditError(f"{name} is, or lies behind, a link, which is not followed")
        if not _mode(path) & stat.S_IWUSR:
            raise CannotEditError(f"{name} may only be read, as its mode says")
        return path

    def content(self, name: str, text: str) -> bytes:
        """Give the bytes that a text is written as: with the mark in front, if there was one."""
        lead = _BOM if self.bytes[name].startswith(_BOM) else b""
        return lead + text.encode("utf-8")

    def _text(self, name: str) -> str:
        if name not in self.bytes:
            try:
                self.bytes[name] = self.path(name).read_bytes()
            except OSError as error:
                raise CannotEditError(f"{name} cannot be read: {error.strerror}") from error
        return self.bytes[name].decode("utf-8-sig")


def write_drift(drift: Drift, fleet: Fleet) -> Accepted:
    """Take drift over into the files; raises FileError if one cannot be replaced.

    Nothing is replaced before all files together are proven to declare what was meant, and seen to
    be what was proven.
    """
    files = _Files(fleet)
    work = _proven(drift, fleet, files)
    changed = _changed(work, files)
    for name in changed:
        _unchanged(name, files)
    for name, content in changed.items():
        _replace(_unchanged(name, files), content)
    counts: dict[str, Counter[What]] = {name: Counter() for name in changed}
    for finding, name in work.done:
        if name in counts:
            counts[name][finding.what] += 1
    return Accepted({name: dict(each) for name, each in counts.items()}, work.left)


def _proven(drift: Drift, fleet: Fleet, files: _Files) -> Rewritten:
    """Edit until what is left of the edits is proven right; the others' files stay as they are."""
    untouched: frozenset[str] = frozenset()
    for _ in range(_TRIES):
        work = rewritten(drift, fleet.desired, files, untouched)
        wrong = work.broken or _wrong(work, fleet, files)
        if not wrong:
            return work
        untouched |= wrong
    words = "its edit could not be proven right, so no file was touched: change it by hand"
    left = [*work.left, *((finding, words) for finding, _ in work.done)]
    return Rewritten({}, [], left, fleet.desired)


def _wrong(work: Rewritten, fleet: Fleet, files: _Files) -> frozenset[str]:
    """Name the files that do not declare what they were to declare, or nothing valid."""
    changed = _changed(work, files)
    if not changed:
        return frozenset()
    settings = fleet.settings
    try:
        loaded = load_fleet(
            settings.folder, settings.manifests, fleet_file=settings.file, instead=changed
        )
    except ManifestError as error:
        wrong = frozenset(problem.file for problem in error.problems) & changed.keys()
    else:
        wrong = wrong_files(work.expected, loaded)
        if not wrong:
            return wrong
        wrong &= changed.keys()
    return wrong or frozenset(changed)


def _changed(work: Rewritten, files: _Files) -> dict[str, bytes]:
    contents = {name: files.content(name, text) for name, text in work.texts.items()}
    return {name: data for name, data in contents.items() if data != files.bytes[name]}


def _unchanged(name: str, files: _Files) -> Path:
    """Give the place of a file that is still what was proven; raises FileError."""
    try:
        path = files.path(name)
        same = path.read_bytes() == files.bytes[name]
    except (OSError, CannotEditError):
        same = False
    if not same:
        raise FileError(f"{name}: the file was changed while drift was written: run again")
    return path


def _replace(path: Path, content: bytes) -> None:
    """Put new content in the place of a file at once, its mode kept; raises FileError."""
    try:
        mode = _mode(path)
        descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.")
        fresh = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(
            f"{shown(str(path))}: the file cannot be replaced: {error.strerror}; it is as it was;"
            " mend that, and run again"
        ) from error


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _name(path: Path, folder: Path) -> str:
    return shown(Path(os.path.relpath(path, folder)).as_posix())
