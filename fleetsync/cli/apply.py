"""The command ``apply``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from fleetsync.cli.approval import check_digest, digest_option
from fleetsync.cli.carry_out import Task, carry_out
from fleetsync.cli.confirm import Wish, confirm
from fleetsync.cli.course import Course, Watch, chart, chart_approved, chart_shown
from fleetsync.cli.ending import PARTLY, finish, report_pieces
from fleetsync.cli.events import begin_events
from fleetsync.cli.fleet import open_fleet
from fleetsync.cli.form import plan_pieces
from fleetsync.cli.live_view import live_view
from fleetsync.cli.locked import held_org
from fleetsync.cli.memory import remember_after
from fleetsync.cli.options import (
    FORMATS,
    Options,
    common_options,
    current_options,
    size_option,
    watch_option,
)
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.plan import location_options
from fleetsync.cli.precious import precious_files
from fleetsync.cli.presence import named_option
from fleetsync.cli.progress import notice
from fleetsync.cli.resume import nothing_to_resume, tell_unfinished, unfinished_run
from fleetsync.cli.run_events import tell_plan, tell_report
from fleetsync.cli.session import Look
from fleetsync.cli.settle_earlier import settle_earlier
from fleetsync.cli.wait_online import devices_to_await, online_option, with_online
from fleetsync.errors import FileError
from fleetsync.journal.plan_copy import drop_plans
from fleetsync.model import DeviceKey
from fleetsync.plan.saved import SavedPlan, parse_saved_plan
from fleetsync.report.outcome import Report, make_report
from fleetsync.settings import Settings
from fleetsync.tokens.guard import check_secrets_path

ANSWER_SECONDS = 30
"""An answer that comes later than this after the org was read has the plan held against it anew."""


@click.command()
@common_options
@size_option
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
@named_option
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for another apply to end, which has locked the folder or the org.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Carry out the rest of the plan that the last apply began and did not finish.",
)
@watch_option
@online_option
@digest_option
@location_options
def apply(
    plan_file: Path | None,
    plan_digest: str | None,
    resume: bool,
    yes: bool,
    allow_deletes: int,
    named: frozenset[DeviceKey],
    wait: float,
    watch: bool,
    wait_online: float | None,
    refresh_locations: bool,
    verify_locations: int,
) -> int:
    """Change the org into what the manifests say.

    Plans afresh, shows the plan and asks; or carries out what of a saved plan still fits: what
    changed in the org since it was made is left alone. Each token is on disk, in the secrets file,
    before its device is registered.

    \b
    Examples:
      fleetsync apply
      fleetsync apply --yes
      fleetsync apply plan.json
      fleetsync apply --watch
      fleetsync apply --yes --wait-online 10m
      fleetsync apply --plan-digest sha256:4f9a...
      fleetsync apply --resume
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(FORMATS, streams=True)
    unfinished = unfinished_run(options.fleet_path.parent, plan_file) if resume else None
    if unfinished is not None:
        plan_file = unfinished.plan_path
    wish = Wish(yes or plan_file is not None or plan_digest is not None, allow_deletes)
    check_outputs(
        [path for _, path in options.outputs],
        precious=chain([plan_file] if plan_file else [], precious_files(options)),
    )
    begin_events(options)
    saved = _read_saved(plan_file) if plan_file else None
    fleet = open_fleet(options)
    check_secrets_path(fleet.settings.secrets.file)
    if resume and unfinished is None:
        nothing_to_resume(fleet, options)
        return 0
    with held_org(options, fleet.settings, wait) as held:
        earlier = settle_earlier(fleet, held.transport)
        if unfinished is not None:
            tell_unfinished(fleet.settings.folder, unfinished)
        look, clock = Look(refresh_locations, verify_locations), options.waits.clock
        org_watch = Watch(fleet, held.transport, look, clock, named)
        if saved is None:
            course = chart(org_watch)
        else:
            course = chart_approved(saved, org_watch, name=str(plan_file))
        tell_plan(course.plan)
        check_digest(course.plan, plan_digest)
        if not course.plan.idle:
            course = _confirmed(course, wish, org_watch, options)
        if course.plan.idle:
            report = _nothing_to_carry_out(course, fleet.settings)
        else:
            task = Task(
                course.plan,
                held.run,
                unproven=earlier.unproven,
                age=lambda: clock() - course.began_at,
                view=live_view(options) if watch else None,
                named=named,
            )
            report = carry_out(task, fleet, held.transport)
        report = course.told_in(report)
        if wait_online is not None:
            held.release()  # others may work on the fleet meanwhile
            clients = devices_to_await(report.outcomes, earlier.ready, fleet.desired)
            report = with_online(report, clients, held.transport, wait_online, fleet.settings)
    return finish(report, options) if _has_news(course, report) else _tell_idle(report, options)


def _confirmed(course: Course, wish: Wish, watch: Watch, options: Options) -> Course:
    """Have the plan confirmed; after a late answer, only what is still as it was shown goes on."""
    confirm(course.plan, wish, options)
    if wish.yes or watch.clock() - course.read_at <= ANSWER_SECONDS:
        return course
    notice("the org was read a while ago: reading it again, to see whether the plan still fits")
    anew = chart_shown(course.plan, watch)
    tell_plan(anew.plan)
    same = (anew.plan.changes, anew.plan.refusals) == (course.plan.changes, course.plan.refusals)
    if not (same or anew.plan.idle):
        confirm(anew.plan, wish._replace(yes=True), options)
    return anew


def _nothing_to_carry_out(course: Course, settings: Settings) -> Report:
    """Forget a plan that was left unfinished, where nothing of it is left to do."""
    file = str(settings.secrets.file)
    report = make_report(course.plan, [], fatal=None, calls=0, secrets_file=file)
    if not course.told_in(report).incomplete:
        drop_plans(settings.folder)
    remember_after(settings.folder, course.plan, ())
    return report


def _has_news(course: Course, report: Report) -> bool:
    """Tell whether anything was carried out, left aside or waited for."""
    awaited = report.online is not None
    return not course.plan.idle or bool(course.asides) or awaited


def _read_saved(path: Path) -> SavedPlan:
    try:
        data = path.read_bytes()
    except OSError as error:
        words = f"{path}: the plan cannot be read: {error.strerror}; make one: fleetsync plan --out"
        raise FileError(f"{words} {path}") from error
    return parse_saved_plan(data, name=str(path))


def _tell_idle(report: Report, options: Options) -> int:
    """Tell that there is nothing to carry out."""
    tell_report(report)
    emit(options, lambda form: _nothing_to_do(report, options, form))
    return PARTLY if report.plan.withheld else 0


def _nothing_to_do(report: Report, options: Options, form: str) -> Iterator[str]:
    if form == "text":
        yield from plan_pieces(report.plan, options, form, "")
    else:
        yield from report_pieces(report, options, form)
