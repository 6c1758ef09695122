"""The command ``plan``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fleetsync.api.connection import Connection
from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.cli.events import begin_events, tell_event
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.form import plan_pieces
from fleetsync.cli.options import FORMATS, Options, common_options, current_options, size_option
from fleetsync.cli.output import check_outputs, emit, write_file
from fleetsync.cli.policies import judged
from fleetsync.cli.precious import precious_files
from fleetsync.cli.presence import looked_at
from fleetsync.cli.progress import Progress, notice
from fleetsync.cli.run_events import tell_plan
from fleetsync.cli.session import (
    Look,
    open_connection,
    plan_rules,
    reading,
    utc_now,
)
from fleetsync.live import read_fleet
from fleetsync.model import LiveFleet
from fleetsync.plan import Plan, make_plan
from fleetsync.plan.document import plan_text

CHANGES = 3
REFUSED = 4

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def location_options(command: Decorated) -> Decorated:
    """Add the options about reading locations."""
    for option in (
        click.option(
            "--verify-locations",
            type=click.IntRange(0),
            default=0,
            metavar="N",
            help="Read N recorded locations, chosen by chance, and compare them.",
        ),
        click.option(
            "--refresh-locations",
            is_flag=True,
            help="Read every declared location: one call for each device.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@common_options
@size_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN.json",
    help="Save the plan; `fleetsync apply PLAN.json` carries out just that.",
)
@click.option(
    "--exit-code",
    "by_exit_code",
    is_flag=True,
    help="Exit with 3 if there are changes, with 4 if apply would refuse them.",
)
@location_options
def plan(
    out: Path | None, by_exit_code: bool, refresh_locations: bool, verify_locations: int
) -> int:
    """Show what would change in the org; sends GET requests alone.

    \b
    Examples:
      fleetsync plan
      fleetsync plan --out plan.json --exit-code
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(FORMATS, streams=True)
    check_outputs(
        [*(path for _, path in options.outputs), *([out] if out else [])],
        precious=precious_files(options),
    )
    begin_events(options)
    fleet = open_fleet(options)
    look = Look(refresh_locations, verify_locations)
    with open_connection(options, fleet.settings) as connection, _reader(connection) as reader:
        registry = Registry(reader)
        live = look_at_org(fleet, registry, look)
        made = looked_at(plan_from(live, fleet), registry)
    made = judged(made, fleet.settings, fleet.desired, live)
    tell_plan(made, changes=True)
    if out is not None:
        write_file(out, plan_text(made))
    next_step = _next_step(made, out, look, options)
    whole = options.command("show", str(out), "-v") if out else ""
    emit(options, lambda form: plan_pieces(made, options, form, next_step, whole), pager=True)
    if not by_exit_code or made.empty:
        return 0
    return REFUSED if made.refusals else CHANGES


def _reader(connection: Connection) -> Reader:
    return Reader(connection, notify=notice)


def look_at_org(fleet: Fleet, registry: Registry, look: Look) -> LiveFleet:
    """Read the org; shared with apply, which plans afresh."""
    tell_event("reading")
    with Progress("reading the org", event="read") as progress:
        return read_fleet(registry, fleet.desired, reading(fleet.settings, progress, look))


def plan_from(live: LiveFleet, fleet: Fleet) -> Plan:
    """Compare what was read with the manifests; shared with apply."""
    return make_plan(
        desired=fleet.desired, live=live, rules=plan_rules(fleet.settings), created_at=utc_now()
    )


def _next_step(made: Plan, out: Path | None, look: Look, options: Options) -> str:
    if made.refusals:
        return "Apply would refuse this plan."
    if made.idle:
        return ""
    words = [str(out)] if out else ["--refresh-locations"] if look.refresh or look.verify else []
    return f"To carry it out: {options.command('apply', *words)}"
