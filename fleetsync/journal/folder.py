"""Keep the journals of a fleet's runs: find the unfinished ones, set damaged ones aside."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fleetsync.errors import JournalError
from fleetsync.journal.entry import Head
from fleetsync.journal.file import Journal, sync_folder
from fleetsync.journal.line import DamagedJournalError, read_last_line
from fleetsync.journal.run import Noted, Run, read_entries, read_run
from fleetsync.journal.run_id import new_run_id
from fleetsync.workdir import WORKDIR, make_workdir

KEPT_RUNS = 20
"""How many runs are remembered; as many can be undone."""

_RUN = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{10}")
_RUNS = "runs"
_DAMAGED = ".damaged"
_TAIL = 8192
"""The last line of a run that is over is shorter than this."""
_PLAN = ".plan.json"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class StoredRun(NamedTuple):
    """A run with its file; ``run`` is None if the journal is ``damaged``, or nothing was begun."""

    name: str
    path: Path
    run: Run | None
    damaged: str = ""

    @property
    def plan_path(self) -> Path:
        """Where the plan lies that the run carries out."""
        return self.path.with_name(f"{self.name}{_PLAN}")


def run_path(folder: Path, name: str) -> Path:
    """Give the place of a run's journal."""
    return folder / WORKDIR / _RUNS / f"{name}.jsonl"


def plan_path(folder: Path, name: str) -> Path:
    """Give the place of the plan that a run carries out."""
    return folder / WORKDIR / _RUNS / f"{name}{_PLAN}"


def plan_runs(folder: Path) -> list[str]:
    """Name the runs whose plans are kept; raises JournalError if nobody can look."""
    return _names(folder, _PLAN)


def run_names(folder: Path) -> list[str]:
    """Name the runs of a fleet's folder, the newest first; JournalError if nobody can look."""
    return sorted(_names(folder, ".jsonl"), reverse=True)


def read_stored_run(folder: Path, name: str, *, befores: bool = True) -> StoredRun:
    """Read one run, as ``read_run`` does; JournalError if its file cannot be read."""
    path = run_path(folder, name)
    try:
        with _opened(path) as file:
            return StoredRun(name, path, _own(read_run(file, befores=befores), name))
    except DamagedJournalError as error:
        return StoredRun(name, path, None, damaged=str(error))


def open_runs(folder: Path) -> Iterator[StoredRun]:
    """Give the runs that a new one has to look at, the oldest first: unsettled, or damaged.

    Of one that is over, only the end is read. Raises JournalError if the folder or a file cannot be
    read.
    """
    for name in reversed(run_names(folder)):
        if not _ended_for_good(run_path(folder, name)):
            stored = read_stored_run(folder, name)
            if stored.damaged or (stored.run is not None and not stored.run.is_settled):
                yield stored


def stored_entries(stored: StoredRun) -> Iterator[Noted]:
    """Give all that a whole journal tells, in its order; raises JournalError."""
    with _opened(stored.path) as file:
        yield from read_entries(file)


def next_run_id(folder: Path) -> str:
    """Make up the id of a new run, after those of all runs so far; raises JournalError."""
    return new_run_id(after=max(_names(folder, ".jsonl"), default=""))


def open_journal(folder: Path, head: Head, *, now: Callable[[], str]) -> Journal:
    """Begin the journal of a new run; raises JournalError."""
    try:
        make_workdir(folder, _RUNS)
        for each in (folder / WORKDIR, folder):  # runs itself is synced with its new file
            sync_folder(each)
    except OSError as error:
        words = f"{folder / WORKDIR}: the journal cannot be kept there: {error.strerror}"
        raise JournalError(f"{words}; mend it, and run again") from error
    return Journal.create(run_path(folder, head.run), head, now=now)


def reopen_journal(stored: StoredRun, *, now: Callable[[], str]) -> Journal:
    """Go on with the journal of an earlier run, to note how it was settled."""
    if stored.run is None:
        raise ValueError(stored.name)
    return Journal.reopen(stored.path, stored.run, now=now)


def set_aside(stored: StoredRun) -> Path:
    """Put a damaged journal out of the way, where a person can look at it."""
    place = stored.path.with_name(f"{stored.name}{_DAMAGED}")
    try:
        stored.path.replace(place)
    except OSError as error:
        words = f"{stored.path}: the damaged journal cannot be set aside: {error.strerror}"
        raise JournalError(f"{words}; move it away by hand, and run again") from error
    return place


def forget_old_runs(folder: Path, *, but: str | None = None) -> list[str]:
    """Delete all but the newest runs, unless they are unsettled; give the ids of those kept.

    ``but`` is kept however old it is. Those whose journals were set aside are among the kept, for
    as long as somebody keeps these. Raises JournalError.
    """
    names = run_names(folder)
    kept = names[:KEPT_RUNS]
    for name in names[KEPT_RUNS:]:
        if name == but or not _is_over(folder, name):
            kept.append(name)
            continue
        with suppress(OSError):  # one more old journal does no harm
            plan_path(folder, name).unlink(missing_ok=True)
            run_path(folder, name).unlink()
    return kept + _names(folder, _DAMAGED)


def _is_over(folder: Path, name: str) -> bool:
    """Tell whether nothing of a run is left to be looked at."""
    if _ended_for_good(run_path(folder, name)):
        return True
    try:
        stored = read_stored_run(folder, name, befores=False)
    except JournalError:
        return False
    return not stored.damaged and (stored.run is None or stored.run.is_settled)


def _ended_for_good(path: Path) -> bool:
    """Tell by its last line that a run is over and has left nothing open."""
    with suppress(DamagedJournalError, JournalError), _opened(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        last = read_last_line(file.read())
        return last is not None and last.get("what") == "end" and last.get("settled") is True
    return False


def _names(folder: Path, ending: str) -> list[str]:
    """Name the runs that have a file with this ending; a link could lead anywhere, so none is."""
    place = folder / WORKDIR
    try:
        for each in (place, place / _RUNS):
            if not stat.S_ISDIR(each.lstat().st_mode):
                raise NotADirectoryError(20, "not a folder of its own", str(each))
        found = [path.name for path in (place / _RUNS).iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        words = f"{place / _RUNS}: the journals cannot be read: {error.strerror}"
        raise JournalError(f"{words}; mend it, and run again") from error
    names = [name.removesuffix(ending) for name in found if name.endswith(ending)]
    return [name for name in names if _RUN.fullmatch(name)]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        descriptor = os.open(path, _READ)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DamagedJournalError("it is no file")
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        if path.is_symlink():
            raise DamagedJournalError("it is a link, which could lead anywhere") from error
        words = f"{path}: the journal cannot be read: {error.strerror}"
        raise JournalError(f"{words}; make it readable, and run again") from error


def _own(run: Run | None, name: str) -> Run | None:
    if run is not None and run.head.run != name:
        raise DamagedJournalError("it tells of another run than its name says")
    return run
