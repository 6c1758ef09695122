"""The command ``journal``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from fleetsync.cli.options import Options, common_options, current_options
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.precious import precious_files
from fleetsync.cli.run_name import named_run
from fleetsync.errors import JournalError
from fleetsync.journal.folder import (
    StoredRun,
    read_stored_run,
    run_names,
    run_path,
    stored_entries,
)
from fleetsync.lock.folder import held_since
from fleetsync.report.journal import ShownRun, runs_json, runs_text
from fleetsync.report.journal_run import run_json, run_text


@click.command()
@common_options
@click.argument("run", required=False, metavar="[RUN]")
def journal(run: str | None) -> None:
    """Show what earlier applies did, and what they left open.

    Lists the last 20 runs, the newest first; or shows one with each of its requests. RUN is the
    beginning of a run's id, or of the part behind the hyphen. Asks no org and changes nothing.

    \b
    Examples:
      fleetsync journal
      fleetsync journal 20261123T170114 -v
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options()
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    folder = options.fleet_path.parent
    names = run_names(folder)
    if run is None:
        runs = [_shown(_read(folder, name), folder) for name in names]
        emit(options, lambda form: _list_pieces(runs, folder, options, form), pager=True)
        return
    stored = _read(folder, named_run(names, run))
    emit(options, lambda form: _run_pieces(stored, folder, options, form), pager=True)


def _read(folder: Path, name: str) -> StoredRun:
    """Read a run; one that cannot be read shall not hide the others."""
    try:
        return read_stored_run(folder, name, befores=False)
    except JournalError as error:
        return StoredRun(name, run_path(folder, name), None, damaged=str(error))


def _shown(stored: StoredRun, folder: Path) -> ShownRun:
    return ShownRun(
        name=stored.name,
        file=str(stored.path),
        run=stored.run,
        damaged=stored.damaged,
        at_work=_is_at_work(stored, folder),
        resumable=stored.run is not None and stored.plan_path.is_file(),
    )


def _is_at_work(stored: StoredRun, folder: Path) -> bool:
    run, since = stored.run, held_since(folder)
    if run is None or run.end is not None or since is None:
        return False
    return run.started_at >= since


def _list_pieces(runs: list[ShownRun], folder: Path, options: Options, form: str) -> Iterator[str]:
    if form == "json":
        yield from runs_json(runs)
    else:
        place = str(run_path(folder, "").parent)
        yield from runs_text(runs, place=place, next_step=options.command("apply"))


def _run_pieces(stored: StoredRun, folder: Path, options: Options, form: str) -> Iterator[str]:
    each = _shown(stored, folder)
    entries = stored_entries(stored) if stored.run is not None else iter(())
    if form == "json":
        yield from run_json(each, entries)
    else:
        yield from run_text(each, entries, full=options.verbose)
