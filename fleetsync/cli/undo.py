"""The command ``undo``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import click

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.cli.apply import ANSWER_SECONDS
from fleetsync.cli.carry_out import Task, carry_out
from fleetsync.cli.confirm import Wish, confirm
from fleetsync.cli.ending import PARTLY, finish, report_pieces
from fleetsync.cli.events import begin_events
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.form import plan_pieces
from fleetsync.cli.live_view import live_view
from fleetsync.cli.locked import locked_org
from fleetsync.cli.options import (
    FORMATS,
    Options,
    common_options,
    current_options,
    size_option,
    watch_option,
)
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.policies import require_extras
from fleetsync.cli.precious import precious_files
from fleetsync.cli.presence import named_option
from fleetsync.cli.progress import notice
from fleetsync.cli.run_events import tell_plan, tell_report
from fleetsync.cli.session import open_connection
from fleetsync.cli.settle_earlier import settle_earlier
from fleetsync.cli.undo_plan import look_and_plan_undo, tell_target
from fleetsync.cli.undo_target import choose_run
from fleetsync.errors import StalePlanError
from fleetsync.model import DesiredFleet, DeviceKey
from fleetsync.model.value import EMPTY
from fleetsync.plan import Plan
from fleetsync.report.outcome import Report, make_report
from fleetsync.settings.fleet_file import load_settings
from fleetsync.settings.settings import Settings
from fleetsync.tokens.guard import check_secrets_path

_NO_MANIFEST = DesiredFleet(EMPTY, EMPTY, EMPTY, "")
"""What is taken back is in the journal: no manifest is read, so a broken one is no hindrance."""

_UNDECLARED = "an undo reads no manifest; the next apply registers it anew if one declares it"


@click.command()
@common_options
@size_option
@click.argument("wanted", required=False, metavar="[RUN]")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and do nothing.")
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
    help="Wait so long for another apply to end, which has locked the folder or the org.",
)
@named_option
@watch_option
def undo(
    wanted: str | None,
    only_plan: bool,
    yes: bool,
    allow_deletes: int,
    wait: float,
    named: frozenset[DeviceKey],
    watch: bool,
) -> int:
    """Take back what an apply changed, from its journal.

    RUN names the run, whole or in part; without it, the newest apply is taken back that changed
    anything and was not taken back yet. Deleted devices are registered again with their old tokens,
    changed values go back unless somebody changed them since, and what the run created is deleted.
    What cannot come back is said before anything is asked. An undo is a run as well: naming it
    takes it back in turn.

    \b
    Examples:
      fleetsync undo --plan
      fleetsync undo
      fleetsync undo 20261123T170114-1a2b3c4d5e --yes
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(FORMATS, streams=True)
    clock = options.waits.clock
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    begin_events(options)
    settings = load_settings(options.fleet_path, org_url=options.org_url)
    require_extras(settings.policies)
    if only_plan:
        return _show(wanted, options, settings, named)
    check_secrets_path(settings.secrets.file)
    choose_run(settings.folder, wanted)  # a wrong name is told before anything is waited for
    with locked_org(options, settings, wait) as (transport, run):
        fleet = Fleet(settings, _NO_MANIFEST)
        unproven = settle_earlier(fleet, transport, _UNDECLARED).unproven
        target = choose_run(settings.folder, wanted)
        tell_target(target)
        began_at = clock()
        made = look_and_plan_undo(target, settings, Registry(transport), named)
        tell_plan(made)
        if made.idle:
            tell_report(_nothing_done(made))
            emit(options, lambda form: _nothing_to_do(made, options, form))
            return PARTLY if made.withheld else 0
        confirm(made, Wish(yes, allow_deletes), options)
        if clock() - began_at > ANSWER_SECONDS and not yes:
            began_at = clock()
            afresh = look_and_plan_undo(target, settings, Registry(transport), named)
            _check_nothing_moved(made, afresh)
            if afresh.refusals != made.refusals:  # a policy may say otherwise by now
                confirm(afresh, Wish(True, allow_deletes), options)
        view = live_view(options) if watch else None
        age = partial(_age, clock, began_at)
        task = Task(made, run, "undo", made.undoes, unproven, age, view, named)
        report = carry_out(task, fleet, transport)
    return finish(report, options)


def _age(clock: Callable[[], float], since: float) -> float:
    return clock() - since


def _show(
    wanted: str | None, options: Options, settings: Settings, named: frozenset[DeviceKey]
) -> int:
    """Show the plan alone: it takes GET requests, and nothing is locked or written."""
    target = choose_run(settings.folder, wanted)
    tell_target(target)
    with open_connection(options, settings) as connection, Reader(connection, notify=notice) as org:
        made = look_and_plan_undo(target, settings, Registry(org), named)
    tell_plan(made, changes=True)
    next_step = _next_step(made, options)
    emit(options, lambda form: plan_pieces(made, options, form, next_step), pager=True)
    return 0


def _next_step(made: Plan, options: Options) -> str:
    if made.refusals:
        return "Undo would refuse this plan."
    if made.idle or made.undoes is None:
        return ""
    return f"To carry it out: {options.command('undo', made.undoes)}"


def _nothing_to_do(made: Plan, options: Options, form: str) -> Iterator[str]:
    if form == "text":
        yield from plan_pieces(made, options, form, "")
    else:
        yield from report_pieces(_nothing_done(made), options, form)


def _nothing_done(made: Plan) -> Report:
    return make_report(made, [], fatal=None, calls=0, secrets_file="")


def _check_nothing_moved(made: Plan, afresh: Plan) -> None:
    """Hold the plan that somebody thought about for long against one made just now."""
    if made.digest != afresh.digest:
        raise StalePlanError(
            "the org was changed while the question stood, so that other changes are due now;"
            " nothing was changed; run again"
        )
