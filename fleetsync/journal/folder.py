"""Keep the journals of a fleet's runs: find the unfinished ones, set damaged ones aside."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from fleetsync.errors import JournalError
from fleetsync.journal.entry import Head
from fleetsync.journal.file import Journal
from fleetsync.journal.line import DamagedJournalError
from fleetsync.journal.run import Run, read_run
from fleetsync.workdir import WORKDIR, make_workdir

KEPT_RUNS = 20
"""How many runs are remembered; as many can be undone."""

_RUN = re.compile(r"\d{8}T\d{6}-[0-9a-f]{10}")
_RUNS = "runs"
_MOST_BYTES = 4 << 30


class StoredRun(NamedTuple):
    """A run with its file; ``run`` is None if the journal is ``damaged``, or nothing was begun."""

    name: str
    path: Path
    run: Run | None
    damaged: str = ""

    @property
    def plan_path(self) -> Path:
        """Where the plan lies that the run carries out."""
        return self.path.with_name(f"{self.name}.plan.json")


def new_run_id() -> str:
    """Make up the id of a run: when it began (UTC), and what tells it from all others."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(5)}"


def run_mark(run: str) -> str:
    """Give the part of a run's id that goes into the marks of the devices it registers."""
    return run.rpartition("-")[2]


def stored_runs(folder: Path) -> Iterator[StoredRun]:
    """Give the runs of a fleet's folder, the newest first; nothing is written.

    Raises JournalError if the folder or a file cannot be read.
    """
    place = folder / WORKDIR / _RUNS
    for name in sorted(_run_names(place), reverse=True):
        yield _read(place / f"{name}.jsonl", name)


def open_journal(folder: Path, head: Head, *, now: Callable[[], str]) -> Journal:
    """Begin the journal of a new run; raises JournalError."""
    try:
        place, _ = make_workdir(folder, _RUNS)
    except OSError as error:
        words = f"{folder / WORKDIR}: the journal cannot be kept there: {error.strerror}"
        raise JournalError(f"{words}; mend it, and run again") from error
    return Journal.create(place / f"{head.run}.jsonl", head, now=now)


def reopen_journal(stored: StoredRun, *, now: Callable[[], str]) -> Journal:
    """Go on with the journal of an earlier run, to note how it was settled."""
    if stored.run is None:
        raise ValueError(stored.name)
    return Journal.reopen(stored.path, length=stored.run.length, check=stored.run.check, now=now)


def set_aside(stored: StoredRun) -> Path:
    """Put a damaged journal out of the way, where a person can look at it."""
    place = stored.path.with_name(f"{stored.name}.damaged")
    try:
        stored.path.replace(place)
    except OSError as error:
        words = f"{stored.path}: the damaged journal cannot be set aside: {error.strerror}"
        raise JournalError(f"{words}; move it away by hand, and run again") from error
    return place


def forget_old_runs(folder: Path) -> list[str]:
    """Delete all but the newest runs, unless they are unsettled; give the ids of those kept."""
    kept = []
    for number, stored in enumerate(stored_runs(folder)):
        done = stored.run is None or stored.run.is_settled
        if number < KEPT_RUNS or not done or stored.damaged:
            kept.append(stored.name)
            continue
        with suppress(OSError):  # one more old journal does no harm
            stored.plan_path.unlink(missing_ok=True)
            stored.path.unlink()
    return kept


def _run_names(place: Path) -> list[str]:
    try:
        return [
            path.stem
            for path in place.iterdir()
            if path.suffix == ".jsonl" and _RUN.fullmatch(path.stem)
        ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(place, error) from error


def _read(path: Path, name: str) -> StoredRun:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return StoredRun(name, path, _own(read_run(data), name))
    except DamagedJournalError as error:
        return StoredRun(name, path, None, damaged=str(error))


def _own(run: Run | None, name: str) -> Run | None:
    if run is not None and run.head.run != name:
        raise DamagedJournalError("it tells of another run than its name says")
    return run


def _unreadable(path: Path, error: OSError) -> JournalError:
    return JournalError(f"{path}: the journal cannot be read: {error.strerror}; mend it")
