"""The command ``apply``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import click

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.apply import Hands, Outcome, apply_plan
from fleetsync.apply.outcome import not_tried
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.options import Options, common_options, current_options
from fleetsync.cli.output import check_outputs, emit, write_outputs
from fleetsync.cli.plan import location_options, look_and_plan, plan_pieces
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import Progress, notice, warn
from fleetsync.cli.question import can_ask, is_wanted
from fleetsync.cli.session import Look, open_connection, utc_now
from fleetsync.cli.signals import stop_on_signals
from fleetsync.cli.streams import tell
from fleetsync.diff.change import Action
from fleetsync.errors import (
    FileError,
    FleetsyncError,
    InterruptedRunError,
    RefusedError,
    SecretsError,
)
from fleetsync.escape import shown_lines
from fleetsync.lock import lock_fleet
from fleetsync.model import Kind
from fleetsync.plan import Plan
from fleetsync.plan.saved import SavedPlan, check_still_fits, parse_saved_plan
from fleetsync.report.outcome import Report, make_report, render_report, report_text
from fleetsync.report.text import refusal_line
from fleetsync.report.words import counted
from fleetsync.tokens.file import TokenFile
from fleetsync.tokens.guard import check_secrets_path

PARTLY = 6


class Wish(NamedTuple):
    """What the command line asked of this apply."""

    saved_file: Path | None
    yes: bool
    allow_deletes: int
    wait: float


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
    wish = Wish(plan_file, yes, allow_deletes, wait)
    saved = _read_saved(plan_file) if plan_file else None
    fleet = open_fleet(options)
    check_secrets_path(fleet.settings.secrets.file)
    check_outputs(
        [path for _, path in options.outputs],
        precious=chain([plan_file] if plan_file else [], precious_files(options)),
    )
    with (
        lock_fleet(fleet.settings.folder, now=utc_now(), wait=wish.wait, notify=notice),
        open_connection(options, fleet.settings) as connection,
        Transport(connection, notify=notice) as transport,
    ):
        made = _plan_afresh(fleet, transport, saved, Look(refresh_locations, verify_locations))
        if saved is not None:
            check_still_fits(saved, made, name=str(plan_file))
        if made.idle:
            emit(options, lambda form: _nothing_to_do(made, options, form))
            return PARTLY if made.withheld else 0
        try:
            _confirm(made, wish, options)
        except RefusedError as error:
            _tell_refusal(made, error, options)
            raise
        report = _carry_out(made, fleet, transport)
    return _finish(report, options)


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


def _confirm(made: Plan, wish: Wish, options: Options) -> None:
    """Show the plan, and go on only if nothing speaks against it and somebody said so."""
    standing = tuple(refusal for refusal in made.refusals if refusal.stands(wish.allow_deletes))
    granted = _granted(len(made.refusals) - len(standing), wish)
    pieces = partial(plan_pieces, made._replace(refusals=standing), options, next_step=granted)
    if options.format == "text":
        emit(replace(options, outputs=()), pieces, lost="nothing was changed")
    if standing:
        raise RefusedError("\n".join(map(refusal_line, standing)))
    if wish.yes or wish.saved_file is not None:
        return
    if not can_ask():
        raise RefusedError(
            "nobody can be asked here: run again with --yes, or apply a saved plan"
            " (fleetsync plan --out PLAN.json, then fleetsync apply PLAN.json)"
        )
    if options.format != "text":  # stdout is for a machine, but somebody has to see it
        tell("".join(pieces("text")), nl=False)
    if not is_wanted():
        raise RefusedError("not confirmed; nothing was changed")


def _granted(lifted: int, wish: Wish) -> str:
    if not lifted:
        return ""
    refusals = counted(lifted, "refusal", "refusals")
    return f"Granted: --allow-deletes {wish.allow_deletes} lifts {refusals}."


def _tell_refusal(made: Plan, error: RefusedError, options: Options) -> None:
    """Report that nothing was tried, in the forms that have not shown the plan already."""
    outcomes = [not_tried(change, "refused") for change in (*made.changes, *made.records)]
    report = make_report(made, outcomes, fatal=error, calls=0, secrets_file="")
    pieces = partial(_pieces, report, options)
    if options.format != "text":
        emit(options, pieces, lost="nothing was changed")
    else:
        write_outputs(options, pieces, lost="nothing was changed")


def _carry_out(made: Plan, fleet: Fleet, transport: Transport) -> Report:
    secrets = fleet.settings.secrets
    with TokenFile.open(secrets.file, org=made.org) as tokens, stop_on_signals() as stop:
        for damage in tokens.damage:
            warn(damage)
        tokens.check_room(made.counts.get((Kind.DEVICE.value, Action.CREATE.value), 0))
        hands = Hands(
            org=made.org,
            registry=Registry(transport),
            writer=RegistryWriter(transport),
            tokens=tokens,
            now=utc_now,
            platform_tokens=secrets.tokens == "platform",
            api_key=credentials.key if (credentials := transport.connection.credentials) else None,
            stop=stop,
        )
        before = transport.requests
        outcomes = _with_progress(apply_plan(made, hands), len(made.changes) + len(made.records))
        hands.fatal = _settled(tokens) or hands.fatal
        return make_report(
            made,
            outcomes,
            fatal=hands.fatal,
            calls=transport.requests - before,
            secrets_file=str(secrets.file),
        )


def _settled(tokens: TokenFile) -> SecretsError | None:
    """Tidy up the secrets file; that it fails must not keep the report from being told."""
    try:
        tokens.settle()
    except SecretsError as error:
        return error
    return None


def _with_progress(outcomes: Iterator[Outcome], total: int) -> list[Outcome]:
    collected: list[Outcome] = []
    with Progress("applying") as progress:
        for outcome in outcomes:
            collected.append(outcome)
            progress.update(len(collected), total)
    return collected


def _nothing_to_do(made: Plan, options: Options, form: str) -> Iterator[str]:
    if form == "text":
        yield from plan_pieces(made, options, form, "")
    else:
        yield from _pieces(
            make_report(made, [], fatal=None, calls=0, secrets_file=""), options, form
        )


def _pieces(report: Report, options: Options, form: str) -> Iterator[str]:
    if form == "json":
        yield from report_text(report)
    else:
        again = f"{options.command('plan')}, then {options.command('apply')}"
        yield render_report(report, full=options.verbose, again=again)


def _finish(report: Report, options: Options) -> int:
    """Tell what became of the plan, then how the run ended."""
    try:
        emit(options, partial(_pieces, report, options), lost=_standing(report, options))
    except FleetsyncError as error:
        if report.fatal is None:
            raise
        tell(f"Error: {shown_lines(str(error))}")
    if report.fatal is not None:
        _raise_fatal(report.fatal, something_done=report.changed > 0)
    return PARTLY if report.incomplete else 0


def _standing(report: Report, options: Options) -> str:
    """Say how things stand, for the case that the report itself cannot be written."""
    done = counted(report.changed, "change was", "changes were")
    return f"{done} carried out all the same; see what is left: {options.command('plan')}"


def _raise_fatal(fatal: FleetsyncError, *, something_done: bool) -> None:
    """Say what ended the run; a run that changed something and failed is partly applied."""
    if something_done and not isinstance(fatal, InterruptedRunError):
        tell(f"Error: {shown_lines(str(fatal))}")
        click.get_current_context().exit(PARTLY)
    raise fatal
