"""Keep a copy of the plan that a run carries out, so that a later one can carry out the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fleetsync.errors import JournalError
from fleetsync.journal.file import sync_folder
from fleetsync.journal.folder import StoredRun, plan_path, plan_runs, read_stored_run, run_names
from fleetsync.workdir import make_workdir

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def keep_plan(folder: Path, run: str, pieces: Iterable[str]) -> None:
    """Copy a plan before its run begins; it is on the disk when this returns.

    Raises JournalError, and leaves no copy then.
    """
    path = plan_path(folder, run)
    try:
        make_workdir(folder, path.parent.name)
        with os.fdopen(os.open(path, _NEW, 0o600), "w", encoding="ascii") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except BaseException as error:
        drop_plan(folder, run)
        if isinstance(error, OSError):
            words = f"{path}: the plan cannot be kept there: {error.strerror}; nothing was changed"
            raise JournalError(f"{words}; mend it, and run again") from error
        raise


def find_unfinished(folder: Path) -> StoredRun | None:
    """Give the run whose plan is still kept, the newest of several; raises JournalError.

    A copy without a journal was made by a run that was stopped before it began.
    """
    kept = set(plan_runs(folder))
    name = next((name for name in run_names(folder) if name in kept), None)
    return None if name is None else read_stored_run(folder, name)


def drop_plan(folder: Path, run: str) -> None:
    """Take away the copy of one run."""
    with suppress(OSError):  # one copy too many does no harm: what is done is not done again
        plan_path(folder, run).unlink(missing_ok=True)


def drop_plans(folder: Path, *, but: str = "") -> None:
    """Take away all copies, except that of one run: a newer decision stands in their place."""
    with suppress(JournalError):  # nor does it here
        for run in plan_runs(folder):
            if run != but:
                drop_plan(folder, run)
