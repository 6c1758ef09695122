"""Show a rotation, ask, and tell what became of it, in every form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from fleetsync.apply.again import Fate
from fleetsync.cli.ending import PARTLY, raise_fatal
from fleetsync.cli.events import tell_event
from fleetsync.cli.options import Options
from fleetsync.cli.output import emit, write_outputs
from fleetsync.cli.question import can_ask, is_wanted
from fleetsync.cli.rotation_run import Patience
from fleetsync.cli.streams import say, stderr_columns, tell
from fleetsync.errors import FleetsyncError, RefusedError
from fleetsync.escape import shown_lines
from fleetsync.plan.rotation import Rotation
from fleetsync.report.markdown.rotation import rotation_markdown, rotation_report_markdown
from fleetsync.report.rotation import RotationReport, rotation_report_text, rotation_text
from fleetsync.report.rotation_json import report_facts, rotation_json, rotation_report_json
from fleetsync.report.terminal.paint import for_eyes
from fleetsync.report.text import refusal_line
from fleetsync.report.words import counted

_BLIND = (
    "nobody could see whether devices come back, so only one wave may go: name fewer devices, say"
    " --waves 1, or go on without looking by --enough 0%"
)


def plan_pieces(made: Rotation, options: Options, form: str, next_step: str = "") -> Iterator[str]:
    """Give the plan of a rotation in a form."""
    if form == "json":
        yield from rotation_json(made)
    elif form == "markdown":
        whole = options.command("rotate", "--plan", "-v")
        yield rotation_markdown(made, whole=whole, max_bytes=options.max_bytes)
    else:
        yield from rotation_text(made, full=options.verbose, next_step=next_step)


def check_and_ask(
    made: Rotation, patience: Patience, allowed: int, options: Options, *, yes: bool
) -> None:
    """Show the plan and ask; RefusedError, told in every form, if it shall not be carried out."""
    try:
        _check_and_ask(made, patience, allowed, options, yes=yes)
    except RefusedError as error:
        report = nothing_done(made)._replace(fatal=error, stopped="refused")
        _tell(report)
        pieces = partial(report_pieces, report, options)
        if options.format != "text":
            emit(options, pieces, lost="nothing was changed")
        else:
            write_outputs(options, pieces, lost="nothing was changed")
        raise


def _check_and_ask(
    made: Rotation, patience: Patience, allowed: int, options: Options, *, yes: bool
) -> None:
    standing = tuple(each for each in made.plan.refusals if each.stands(allowed))
    lifted = len(made.plan.refusals) - len(standing)
    refusals = counted(lifted, "refusal", "refusals")
    granted = f"Granted: --allow-deletes {allowed} lifts {refusals}." if lifted else ""
    shown_plan = made._replace(plan=made.plan._replace(refusals=standing))
    pieces = partial(plan_pieces, shown_plan, options, next_step=granted)
    if options.format == "text":
        emit(replace(options, outputs=()), pieces, lost="nothing was changed")
    if standing:
        raise RefusedError("\n".join(map(refusal_line, standing)))
    waves = min(len(made.waves), patience.waves or len(made.waves))
    if made.unknown_states and waves > 1 and patience.enough > 0:
        raise RefusedError(f"{made.unknown_states}; {_BLIND}")
    if yes or not made.waves:
        return
    if not can_ask():
        raise RefusedError("nobody can be asked here: run again with --yes")
    if options.format != "text":  # stdout is for a machine, but somebody has to see it
        text = for_eyes(pieces("text"), columns=stderr_columns(), color=False)
        tell("".join(text), nl=False)
    if not is_wanted():
        raise RefusedError("not confirmed; nothing was changed")


def nothing_done(made: Rotation) -> RotationReport:
    """Give the report of a rotation that did nothing."""
    return RotationReport(made, "", (), "", None, 0, "")


def report_pieces(report: RotationReport, options: Options, form: str) -> Iterator[str]:
    """Give what became of a rotation in a form."""
    go_on = options.command("rotate", "--resume")
    back = options.command("rotate", "--back", report.run)
    if form == "json":
        yield from rotation_report_json(report)
    elif form == "markdown":
        whole = options.command("journal", report.run or "RUN", "-v")
        yield rotation_report_markdown(
            report, go_on=go_on, back=back, whole=whole, max_bytes=options.max_bytes
        )
    else:
        yield from rotation_report_text(report, go_on=go_on, back=back, full=options.verbose)


def finish_rotation(report: RotationReport, options: Options) -> int:
    """Tell what became of a rotation, then how the run ended."""
    _tell(report)
    done = counted(report.counts[Fate.RENEWED], "device has", "devices have")
    lost = f"{done} new tokens all the same; see: {options.command('journal')}"
    try:
        emit(options, partial(report_pieces, report, options), lost=lost)
    except FleetsyncError as error:
        if report.fatal is None:
            raise
        say(f"Error: {shown_lines(str(error))}")
    if report.fatal is not None:
        touched = report.counts.total() - report.counts[Fate.KEPT]
        raise_fatal(report.fatal, something_done=touched > 0)
    return PARTLY if report.incomplete else 0


def nothing_to_resume(options: Options) -> None:
    """Say that no rotation has anything left."""

    def pieces(form: str) -> Iterator[str]:
        if form == "json":
            yield '{"formatVersion": 1, "kind": "nothing"}\n'
        else:
            yield "Nothing to resume: the last rotation has left no device with its old token.\n"

    emit(options, pieces)


def _tell(report: RotationReport) -> None:
    tell_event("rotated", report_facts(report))
