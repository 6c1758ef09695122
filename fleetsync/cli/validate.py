"""The command ``validate``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

import click

from fleetsync.cli.events import begin_events, tell_event
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.options import common_options, current_options
from fleetsync.cli.output import check_outputs, emit, write_outputs
from fleetsync.cli.precious import precious_files
from fleetsync.errors import ManifestError, Problem
from fleetsync.escape import shown
from fleetsync.model import Kind
from fleetsync.report.words import counted, counted_kind


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
    options = current_options(streams=True)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    begin_events(options)
    try:
        fleet = open_fleet(options)
    except ManifestError as error:
        pieces = partial(_problems, error.problems)
        if options.format == "text":  # they go to stderr, as every error does
            write_outputs(options, pieces)
        else:
            emit(options, pieces)
        raise
    tell_event("valid", {"fleet": fleet.settings.fleet, **_counts(fleet)})
    emit(options, lambda form: _valid(fleet, form))


def _counts(fleet: Fleet) -> dict[str, int]:
    devices = sum(map(len, fleet.desired.devices.values()))
    return {"deviceTypes": len(fleet.desired.types), "devices": devices}


def _valid(fleet: Fleet, form: str) -> Iterator[str]:
    types, devices = _counts(fleet).values()
    if form == "json":
        secrets_file = str(fleet.settings.secrets.file)
        found = {"valid": True, **_counts(fleet), "secretsFile": secrets_file, "problems": []}
        yield json.dumps(found)
        yield "\n"
        return
    declared = f"{counted_kind(types, Kind.DEVICE_TYPE)}, {counted_kind(devices, Kind.DEVICE)}"
    policies = len(fleet.settings.policies)
    rules = f", {counted(policies, 'policy', 'policies')}" if policies else ""
    yield f"{shown(fleet.settings.fleet)} is valid: {declared}{rules}.\n"


def _problems(problems: Sequence[Problem], form: str) -> Iterator[str]:
    if form == "json":
        found = [problem._asdict() for problem in problems]
        yield json.dumps({"valid": False, "problems": found}, indent=2) + "\n"
    else:
        yield from (f"{shown(str(problem))}\n" for problem in problems)
