"""The command ``apply``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Transport
from fleetsync.cli.carry_out import carry_out
from fleetsync.cli.confirm import Wish, confirm
from fleetsync.cli.ending import PARTLY, finish, report_pieces
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.options import Options, common_options, current_options
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.plan import location_options, look_and_plan, plan_pieces
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import notice
from fleetsync.cli.session import Look, open_connection, utc_now
from fleetsync.errors import (
    FileError,
)
from fleetsync.lock import lock_fleet
from fleetsync.plan import Plan
from fleetsync.plan.saved import SavedPlan, check_still_fits, parse_saved_plan
from fleetsync.report.outcome import make_report
from fleetsync.tokens.guard import check_secrets_path


@click.command()
@common_options
@click.argument(
    "plan_file",
    required=False,
    metavar="[PLAN.json]",
    type=click.Path(path_type=Path, dir_okay=False),
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask; needed where nobody can answer.")
@click.option(
    "--allow-deletes",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Allow up to N deletes of devices, whatever the limits of fleet.yaml say.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for another apply on this fleet to end.",
)
@location_options
def apply(
    plan_file: Path | None,
    yes: bool,
    allow_deletes: int,
    wait: float,
    refresh_locations: bool,
    verify_locations: int,
) -> int:
    """Change the org into what the manifests say.

    Plans afresh, shows the plan and asks; or carries out a saved plan, if it still fits. Each
    token is on disk, in the secrets file, before its device is registered.

    \b
    Examples:
      fleetsync apply
      fleetsync apply --yes
      fleetsync apply plan.json
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options()
    wish = Wish(yes or plan_file is not None, allow_deletes)
    saved = _read_saved(plan_file) if plan_file else None
    fleet = open_fleet(options)
    check_secrets_path(fleet.settings.secrets.file)
    check_outputs(
        [path for _, path in options.outputs],
        precious=chain([plan_file] if plan_file else [], precious_files(options)),
    )
    with (
        lock_fleet(fleet.settings.folder, now=utc_now(), wait=wait, notify=notice),
        open_connection(options, fleet.settings) as connection,
        Transport(connection, notify=notice) as transport,
    ):
        made = _plan_afresh(fleet, transport, saved, Look(refresh_locations, verify_locations))
        if saved is not None:
            check_still_fits(saved, made, name=str(plan_file))
        if made.idle:
            emit(options, lambda form: _nothing_to_do(made, options, form))
            return PARTLY if made.withheld else 0
        confirm(made, wish, options)
        report = carry_out(made, fleet, transport)
    return finish(report, options)


def _plan_afresh(fleet: Fleet, transport: Transport, saved: SavedPlan | None, look: Look) -> Plan:
    """Plan anew; locations that a saved plan had read one by one are read again."""
    made = look_and_plan(fleet, Registry(transport), look)
    if saved is None or saved.digest == made.digest or not saved.moved:
        return made
    return look_and_plan(fleet, Registry(transport), look._replace(these=saved.moved))


def _read_saved(path: Path) -> SavedPlan:
    try:
        data = path.read_bytes()
    except OSError as error:
        words = f"{path}: the plan cannot be read: {error.strerror}; make one: fleetsync plan --out"
        raise FileError(f"{words} {path}") from error
    return parse_saved_plan(data, name=str(path))


def _nothing_to_do(made: Plan, options: Options, form: str) -> Iterator[str]:
    if form == "text":
        yield from plan_pieces(made, options, form, "")
    else:
        yield from report_pieces(
            make_report(made, [], fatal=None, calls=0, secrets_file=""), options, form
        )
