"""Name the devices whose mark may not tell where they are: a run was stopped in between.

A location is put first and noted in the mark after that (platform page 5.6), so that the mark never
tells of one that was not put. In between, the mark tells of the one before.
"""

from __future__ import annotations

import json
from pathlib import Path

from fleetsync.errors import JournalError
from fleetsync.journal.entry import DONE, Deed, Ending, Name
from fleetsync.journal.folder import read_stored_run, run_names, run_path
from fleetsync.journal.run import Run
from fleetsync.model import DeviceKey

_TAIL_BYTES = 1 << 16


def unsure_locations(folder: Path) -> frozenset[DeviceKey]:
    """Name them, of all runs that are remembered; a journal that nobody can read names none."""
    found: set[Name] = set()
    try:
        for name in run_names(folder):
            if not _ended_well(run_path(folder, name)):
                run = read_stored_run(folder, name).run
                found |= set() if run is None else _put_but_not_noted(run)
    except JournalError:
        return frozenset()  # the next apply meets it as well, and says so
    return frozenset(DeviceKey(type_id, device) for type_id, device in found if device is not None)


def _ended_well(path: Path) -> bool:
    """Tell by its end alone whether a run left nothing undone: most did, and some are large."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            last = json.loads(file.read().splitlines()[-1])
        return bool(last["what"] == "end" and last["ended"] == DONE)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


def _put_but_not_noted(run: Run) -> set[Name]:
    noted = {
        name
        for request in run.requests
        if request.deed is Deed.UPDATE_DEVICE and _is_answered(run, request.number)
        for name in request.names
    }
    return {*run.changed(Deed.PUT_LOCATION)} - noted


def _is_answered(run: Run, number: int) -> bool:
    answer = run.answers.get(number)
    return answer is not None and answer.ending is Ending.ANSWERED
