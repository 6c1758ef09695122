"""Find the rotation to go on with, or to go back from."""

from __future__ import annotations

from pathlib import Path

from fleetsync.cli.run_name import KEPT, named_run
from fleetsync.cli.undo_target import check_it_fits
from fleetsync.errors import JournalError, UsageError
from fleetsync.journal.entry import ROTATE, Name
from fleetsync.journal.folder import read_stored_run, run_names
from fleetsync.journal.run import Run
from fleetsync.journal.run_id import run_mark
from fleetsync.model import DeviceKey
from fleetsync.plan.rotatable import Wanted


def unfinished_rotation(folder: Path) -> Run | None:
    """Give the newest rotation, if it has devices left that have no new token; JournalError."""
    for name in run_names(folder):
        run = _read(folder, name)
        if run is not None and run.head.command == ROTATE:
            return run if _rest(run) else None
    return None


def chosen_rotation(folder: Path, wanted: str) -> Run:
    """Find the rotation that ``wanted`` names, whole or in part; UsageError, JournalError."""
    name = named_run(run_names(folder), wanted)
    run = _read(folder, name)
    if run is None or run.head.command != ROTATE:
        raise UsageError(f"{name}: no rotation; {KEPT}: fleetsync journal lists them")
    return run


def to_go_on(run: Run, wanted: Wanted, *, fleet: str, org: str) -> Wanted:
    """Ask for what an unfinished rotation has left; StalePlanError for another fleet or org."""
    check_it_fits(run, fleet=fleet, org=org)
    back = run.head.undoes
    mark = None if back is None else run_mark(back)
    return wanted._replace(keys=_keys(_rest(run)), takes_back=back, mark=mark)


def to_go_back(run: Run, wanted: Wanted, *, fleet: str, org: str) -> Wanted:
    """Ask for what a rotation gave new tokens; StalePlanError for another fleet or org."""
    check_it_fits(run, fleet=fleet, org=org)
    name = run.head.run
    return wanted._replace(keys=_keys(run.renewed), takes_back=name, mark=run_mark(name))


def _rest(run: Run) -> list[Name]:
    renewed = run.renewed
    return [name for name in (run.aim.names if run.aim else ()) if name not in renewed]


def _keys(names: frozenset[Name] | list[Name]) -> frozenset[DeviceKey]:
    return frozenset(DeviceKey(type_id, device) for type_id, device in names if device is not None)


def _read(folder: Path, name: str) -> Run | None:
    stored = read_stored_run(folder, name)
    if stored.damaged:
        raise JournalError(
            f"{stored.path}: the journal is damaged ({stored.damaged}), so nobody knows which"
            " devices this run was about; name them: fleetsync rotate TYPE/DEVICE ..."
        )
    return stored.run
