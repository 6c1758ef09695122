"""Go on with a plan only if nothing speaks against it and somebody said so."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from fleetsync.apply.outcome import not_tried
from fleetsync.cli.ending import report_pieces
from fleetsync.cli.form import plan_pieces
from fleetsync.cli.options import Options
from fleetsync.cli.output import emit, write_outputs
from fleetsync.cli.question import can_ask, is_wanted
from fleetsync.cli.run_events import tell_report
from fleetsync.cli.streams import stderr_columns, tell
from fleetsync.errors import RefusedError
from fleetsync.plan import Plan
from fleetsync.report.outcome import make_report
from fleetsync.report.terminal.paint import for_eyes
from fleetsync.report.text import refusal_line
from fleetsync.report.words import counted


class Wish(NamedTuple):
    """What the command line said beforehand: yes to everything, or to so many deletes."""

    yes: bool
    allow_deletes: int


def confirm(made: Plan, wish: Wish, options: Options) -> None:
    """Show the plan and ask; RefusedError, told in every form, if it shall not be carried out."""
    try:
        _confirm(made, wish, options)
    except RefusedError as error:
        _tell_refusal(made, error, options)
        raise


def _confirm(made: Plan, wish: Wish, options: Options) -> None:
    """Show the plan, and go on only if nothing speaks against it and somebody said so."""
    standing = tuple(refusal for refusal in made.refusals if refusal.stands(wish.allow_deletes))
    granted = _granted(len(made.refusals) - len(standing), wish)
    pieces = partial(plan_pieces, made._replace(refusals=standing), options, next_step=granted)
    if options.format == "text":
        emit(replace(options, outputs=()), pieces, lost="nothing was changed")
    if standing:
        raise RefusedError("\n".join(map(refusal_line, standing)))
    if wish.yes:
        return
    if not can_ask():
        raise RefusedError(_unasked(made))
    if options.format != "text":  # stdout is for a machine, but somebody has to see it
        text = for_eyes(pieces("text"), columns=stderr_columns(), color=False)
        tell("".join(text), nl=False)
    if not is_wanted():
        raise RefusedError("not confirmed; nothing was changed")


def _unasked(made: Plan) -> str:
    words = "nobody can be asked here: run again with --yes"
    if made.undoes is not None:
        return words
    saved = "(fleetsync plan --out PLAN.json, then fleetsync apply PLAN.json)"
    return f"{words}, or apply a saved plan {saved}"


def _granted(lifted: int, wish: Wish) -> str:
    if not lifted:
        return ""
    refusals = counted(lifted, "refusal", "refusals")
    return f"Granted: --allow-deletes {wish.allow_deletes} lifts {refusals}."


def _tell_refusal(made: Plan, error: RefusedError, options: Options) -> None:
    """Report that nothing was tried, in the forms that have not shown the plan already."""
    outcomes = [not_tried(change, "refused") for change in (*made.changes, *made.records)]
    report = make_report(made, outcomes, fatal=error, calls=0, secrets_file="")
    tell_report(report)
    pieces = partial(report_pieces, report, options)
    if options.format != "text":
        emit(options, pieces, lost="nothing was changed")
    else:
        write_outputs(options, pieces, lost="nothing was changed")
