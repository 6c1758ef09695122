"""Choose the run to take back: the one that was named, or the newest that still stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from fleetsync.cli.run_name import KEPT, named_run
from fleetsync.diff.undo import changed_anything
from fleetsync.diff.undo_case import Since
from fleetsync.errors import JournalError, StalePlanError, UsageError
from fleetsync.journal.entry import DONE, ROTATE, Before, Deed, Name
from fleetsync.journal.folder import read_stored_run, run_names, run_path
from fleetsync.journal.run import Run
from fleetsync.journal.run_id import run_mark
from fleetsync.model.mark import parse_mark


class Target(NamedTuple):
    """The run to take back, what undos have done since, and how many newer applies stand."""

    run: Run
    since: Since
    later: int


class _Later:
    """What the runs tell that are newer than the one looked at; the newest comes first."""

    def __init__(self) -> None:
        self._gone: set[str] = set()
        self._undos: dict[str, list[str]] = {}
        self._heirs: dict[str, dict[Name, str | None]] = {}
        self._standing = 0

    def stands(self, run: Run) -> bool:
        """Tell whether a run is an apply that no undo has taken back whole."""
        return run.head.undoes is None and run.head.run not in self._gone

    def add(self, run: Run) -> None:
        """Pass by a run, on the way to older ones."""
        name, undoes = run.head.run, run.head.undoes
        if run.head.command == ROTATE:  # it registered in the place of whoever did before
            self._heirs[run_mark(name)] = {
                each: _mark_before(before) for each, before in run.befores.items()
            }
            return
        self._standing += self.stands(run)
        for undo in self._undos.get(name, ()):
            self._heirs[undo] = {each: _mark_before(before) for each, before in _deleted(run)}
        if undoes is not None:
            self._undos.setdefault(undoes, []).append(run_mark(name))
            if run.end is not None and run.end.ended == DONE and name not in self._gone:
                self._gone.add(undoes)

    def target(self, run: Run) -> Target:
        """Choose a run."""
        earlier = frozenset(self._undos.get(run.head.run, ()))
        return Target(run, Since(earlier, self._heirs), self._standing)


def _deleted(run: Run) -> Iterator[tuple[Name, Before]]:
    for name in run.changed(Deed.DELETE_DEVICES):
        if name in run.befores:
            yield name, run.befores[name]


def _mark_before(before: Before) -> str | None:
    return parse_mark("/".join(map(str, before.name)), before.live.mark).run


def choose_run(folder: Path, wanted: str | None) -> Target:
    """Find the run that ``wanted`` names, whole or in part; None: the newest that still stands.

    An undo is a run as well, but only one that is named is taken back. Raises UsageError if there
    is none, JournalError if nobody can tell what it did.
    """
    names = run_names(folder)
    aside = _set_aside(folder)
    if wanted is None:
        return _newest(folder, names, aside)
    if wanted in aside:
        raise _damaged(aside[wanted], "it was set aside")
    name = named_run(names, wanted)
    stored = read_stored_run(folder, name)
    if stored.damaged:
        raise _damaged(stored.path, stored.damaged)
    if stored.run is None:
        raise UsageError(f"{name}: this run was cut off before it began anything")
    if stored.run.head.command == ROTATE:
        raise UsageError(
            f"{name}: a rotation, and an undo would delete devices; to give them their old tokens"
            f" back: fleetsync rotate --back {name}"
        )
    later = _Later()
    for newer in names[: names.index(name)]:
        run = read_stored_run(folder, newer).run
        if run is not None and changed_anything(run):
            later.add(run)
    return later.target(stored.run)


def check_it_fits(run: Run, *, fleet: str, org: str) -> None:
    """Raise StalePlanError if a run was one of another fleet or org."""
    for what, then, now in (("fleet", run.head.fleet, fleet), ("org", run.head.org, org)):
        if then != now:
            raise StalePlanError(
                f"run {run.head.run} changed {what} {then!r}, not {now!r}: undo it with the"
                " fleet.yaml, --fleet and --org-url that it was applied with"
            )


def _newest(folder: Path, names: list[str], aside: Mapping[str, Path]) -> Target:
    """Walk back in time to the first that still stands; none may be missing on the way."""
    later = _Later()
    for name in names:
        stored = read_stored_run(folder, name)
        if stored.damaged:
            raise _damaged(stored.path, stored.damaged)
        run = stored.run
        if run is None or not changed_anything(run):
            continue
        if later.stands(run) and run.head.command != ROTATE:
            for missing in (each for each in aside if each > name):
                raise _damaged(aside[missing], "it was set aside")
            return later.target(run)
        later.add(run)
    raise UsageError(f"{folder}: no run that could be taken back; {KEPT}")


def _set_aside(folder: Path) -> dict[str, Path]:
    """Find the journals that were damaged, by run."""
    place = run_path(folder, "").parent
    return {path.stem: path for path in place.glob("*.damaged")}


def _damaged(path: Path, why: str) -> JournalError:
    return JournalError(
        f"{path}: the journal is damaged ({why}), so nobody knows what this run did; take an older"
        " run back by naming it: fleetsync undo RUN"
    )
