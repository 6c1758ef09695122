"""The command ``show``."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO

import click

from fleetsync.cli.form import view_pieces
from fleetsync.cli.options import FORMATS, Options, common_options, current_options, size_option
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import warn
from fleetsync.errors import FileError
from fleetsync.escape import shown
from fleetsync.plan.reading import read_view
from fleetsync.plan.view import PlanView


@click.command()
@common_options
@size_option
@click.argument("plan_file", metavar="PLAN.json", type=click.Path(path_type=Path, dir_okay=False))
def show(plan_file: Path) -> None:
    """Show a saved plan, in every form that `plan` has.

    Reads the file alone: no manifest, no org. A plan that was changed since it was saved is shown
    with a warning.

    \b
    Examples:
      fleetsync show plan.json
      fleetsync show plan.json -v
      fleetsync show plan.json --format markdown --output text=plan.txt
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(FORMATS)
    check_outputs(
        [path for _, path in options.outputs],
        precious=chain([plan_file], precious_files(options)),
    )
    with _opened(plan_file) as file:
        lines = partial(_lines, file)
        view = read_view(lines, name=shown(str(plan_file)))
        for doubt in view.doubts:
            warn(doubt)
        emit(options, lambda form: _pieces(view, lines, plan_file, options, form), pager=True)


def _pieces(
    view: PlanView, lines: partial[Iterator[bytes]], plan_file: Path, options: Options, form: str
) -> Iterable[str]:
    if form == "json":  # every line was read as ASCII, so this is fit to be shown
        return (str(line, "ascii") for line in lines(0))
    whole = options.command("show", str(plan_file), "-v")
    return view_pieces(view, options, form, "", whole)


@contextmanager
def opened_view(path: Path) -> Iterator[PlanView]:
    """Open a plan for others that tell of it; FileError, StalePlanError."""
    with _opened(path) as file:
        yield read_view(partial(_lines, file), name=shown(str(path)))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a plan; what comes from another program cannot be read twice, so it is kept."""
    try:
        with path.open("rb") as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            yield file if regular else BytesIO(file.read())
    except OSError as error:
        raise _unreadable(path, error) from error


def _lines(file: IO[bytes], start: int) -> Iterator[bytes]:
    """Give the lines from a byte on; a walk is over, or given up, when the next one begins."""
    file.seek(start)
    return iter(file.readline, b"")  # `yield from` would close the file where a walk is given up


def _unreadable(path: Path, error: OSError) -> FileError:
    words = f"{shown(str(path))}: the plan cannot be read: {error.strerror}"
    return FileError(f"{words}; make one: fleetsync plan --out PLAN.json")
