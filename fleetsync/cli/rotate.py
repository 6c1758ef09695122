"""The command ``rotate``."""

from __future__ import annotations

import click

from fleetsync.api.registry import Registry
from fleetsync.api.retry import PATIENT
from fleetsync.api.transport import Reader
from fleetsync.apply.renew import CHUNK
from fleetsync.cli.events import begin_events, tell_event
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.locked import locked_org
from fleetsync.cli.options import (
    PLAIN_FORMATS,
    Options,
    common_options,
    current_options,
    size_option,
)
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import notice
from fleetsync.cli.rotation_ending import (
    check_and_ask,
    finish_rotation,
    nothing_done,
    nothing_to_resume,
    plan_pieces,
)
from fleetsync.cli.rotation_options import Speed, speed_options
from fleetsync.cli.rotation_plan import Asked, look_and_plan
from fleetsync.cli.rotation_run import Patience, RotationTask, rotate_waves
from fleetsync.cli.rotation_target import chosen_rotation, unfinished_rotation
from fleetsync.cli.session import open_connection
from fleetsync.cli.settle_earlier import settle_earlier
from fleetsync.errors import UsageError
from fleetsync.escape import shown
from fleetsync.model import DesiredFleet, DeviceKey
from fleetsync.plan.rotatable import Wanted
from fleetsync.plan.rotation import Pace
from fleetsync.report.rotation_json import rotation_facts
from fleetsync.tokens.guard import check_secrets_path

_FORMS = (*PLAIN_FORMATS, "markdown")


@click.command()
@common_options
@size_option
@click.argument("names", nargs=-1, metavar="[TYPE[/DEVICE] ...]")
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help="All devices of TYPE; may be repeated."
)
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; needed where nobody can answer.")
@speed_options
@click.option("--resume", is_flag=True, help="Go on with what the last rotation has left.")
@click.option("--back", metavar="RUN", help="Give devices back the tokens from before that run.")
@click.option(
    "--allow-deletes",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Allow waves of up to N devices, whatever the limits of fleet.yaml say.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for another apply to end, which has locked the folder or the org.",
)
def rotate(
    names: tuple[str, ...],
    types: tuple[str, ...],
    *,
    only_plan: bool,
    yes: bool,
    speed: Speed,
    resume: bool,
    back: str | None,
    allow_deletes: int,
    wait: float,
) -> int:
    """Give devices new tokens, in waves that wait for devices to come back.

    All declared devices, those of a TYPE, or single ones. The platform cannot change a token, so
    each device is deleted and registered again as it was, with a new token that is in the secrets
    file before. The next wave begins when enough of the last are connected again.

    \b
    Examples:
      fleetsync rotate --plan
      fleetsync rotate pump/p-001
      fleetsync rotate pump --wave 5% --wait-online 30m
      fleetsync rotate --resume
      fleetsync rotate --back 20261123T170114-1a2b3c4d5e
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(_FORMS, streams=True)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    begin_events(options)
    if back is not None and resume:
        raise UsageError("--back and --resume exclude each other: --resume goes on with either")
    fleet = open_fleet(options)
    asked = Asked(_wanted(names, types, fleet.desired), Pace(speed.size, allow_deletes, CHUNK))
    budget = options.waits.retry.budget if options.waits.retry else PATIENT.budget
    patience = Patience(speed.enough, speed.wait_online, speed.waves, budget)
    asked = _of_earlier(asked, fleet, resume=resume, back=back)
    if resume and asked.go_on is None:
        nothing_to_resume(options)
        return 0
    if only_plan:
        return _show(asked, fleet, options)
    check_secrets_path(fleet.settings.secrets.file)
    with locked_org(options, fleet.settings, wait) as (transport, run):
        settle_earlier(fleet, transport)
        asked = _of_earlier(asked, fleet, resume=resume, back=back)  # more is known by now
        if resume and asked.go_on is None:
            nothing_to_resume(options)
            return 0
        # However late the answer comes: each device is read once more before it is deleted.
        planned = look_and_plan(asked, fleet, Registry(transport))
        tell_event("rotation", rotation_facts(planned.rotation))
        check_and_ask(planned.rotation, patience, allow_deletes, options, yes=yes)
        if not planned.rotation.waves:
            return finish_rotation(nothing_done(planned.rotation), options)
        task = RotationTask(planned.rotation, run, planned.inherited, patience)
        report = rotate_waves(task, fleet, transport)
    return finish_rotation(report, options)


def _wanted(names: tuple[str, ...], types: tuple[str, ...], desired: DesiredFleet) -> Wanted:
    """Read what was named; UsageError for what no manifest declares."""
    chosen, devices = set(types), set()
    for name in names:
        type_id, slash, device_id = name.partition("/")
        if slash:
            devices.add(DeviceKey(type_id, device_id))
        else:
            chosen.add(type_id)
    unknown = [each for each in sorted(chosen) if each not in desired.types]
    unknown += [
        str(key)
        for key in sorted(devices)
        if key.device_id not in desired.devices.get(key.type_id, {})
    ]
    if unknown:
        raise UsageError(
            f"no manifest declares {', '.join(map(shown, unknown[:5]))}: only declared devices are"
            " rotated"
        )
    return Wanted(frozenset(chosen), frozenset(devices))


def _of_earlier(asked: Asked, fleet: Fleet, *, resume: bool, back: str | None) -> Asked:
    folder = fleet.settings.folder
    return asked._replace(
        go_on=unfinished_rotation(folder) if resume else None,
        back=None if back is None else chosen_rotation(folder, back),
    )


def _show(asked: Asked, fleet: Fleet, options: Options) -> int:
    """Show the plan alone: it takes GET requests, and nothing is locked or written."""
    with (
        open_connection(options, fleet.settings) as connection,
        Reader(connection, notify=notice) as reader,
    ):
        made = look_and_plan(asked, fleet, Registry(reader)).rotation
    tell_event("rotation", rotation_facts(made))
    next_step = "Rotate would refuse this." if made.plan.refusals else ""
    emit(options, lambda form: plan_pieces(made, options, form, next_step), pager=True)
    return 0
