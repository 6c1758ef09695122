"""The command ``validate``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

import click

from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.options import common_options, current_options
from fleetsync.cli.output import check_outputs, emit, write_outputs
from fleetsync.cli.precious import precious_files
from fleetsync.errors import ManifestError, Problem
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.report.words import counted_kind


@click.command()
@common_options
def validate() -> None:
    """Check fleet.yaml and the manifests; asks no org.

    Every problem of every file is reported in one run, as file:line:column: what is wrong, and
    what to do. Exit code 7 if there is any.

    \b
    Example:
      fleetsync validate
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options()
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    try:
        fleet = open_fleet(options)
    except ManifestError as error:
        pieces = partial(_problems, error.problems)
        if options.format == "text":  # they go to stderr, as every error does
            write_outputs(options, pieces)
        else:
            emit(options, pieces)
        raise
    emit(options, lambda form: _valid(fleet, form))


def _valid(fleet: Fleet, form: str) -> Iterator[str]:
    types = len(fleet.desired.types)
    devices = sum(map(len, fleet.desired.devices.values()))
    if form == "json":
        counts = {"deviceTypes": types, "devices": devices}
        secrets_file = str(fleet.settings.secrets.file)
        yield json.dumps({"valid": True, **counts, "secretsFile": secrets_file, "problems": []})
        yield "\n"
        return
    declared = f"{counted_kind(types, Kind.DEVICE_TYPE)}, {counted_kind(devices, Kind.DEVICE)}"
    yield f"{shown(fleet.settings.fleet)} is valid: {declared}.\n"


def _problems(problems: Sequence[Problem], form: str) -> Iterator[str]:
    if form == "json":
        found = [problem._asdict() for problem in problems]
        yield json.dumps({"valid": False, "problems": found}, indent=2) + "\n"
    else:
        yield from (f"{shown(str(problem))}\n" for problem in problems)
