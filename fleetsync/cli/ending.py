"""Tell what became of a plan, in every form that was asked for, and end with the right code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import click

from fleetsync.cli.options import Options
from fleetsync.cli.output import emit
from fleetsync.cli.page_assets import page_assets
from fleetsync.cli.run_events import tell_report
from fleetsync.cli.streams import say
from fleetsync.errors import FleetsyncError, InterruptedRunError
from fleetsync.escape import shown_lines
from fleetsync.report.html.report import report_html
from fleetsync.report.markdown.report import report_markdown
from fleetsync.report.outcome import Report, render_report, report_text
from fleetsync.report.words import counted

PARTLY = 6
"""The exit code of an apply that left something undone."""


def report_pieces(report: Report, options: Options, form: str) -> Iterator[str]:
    """Write a report in one form."""
    if form == "json":
        yield from report_text(report)
    elif form == "markdown":
        again, whole = _again(report, options), options.command("journal", "RUN", "-v")
        yield report_markdown(report, again=again, whole=whole, max_bytes=options.max_bytes)
    elif form == "html":
        again, whole = _again(report, options), options.command("journal", "RUN", "-v")
        yield from report_html(report, page_assets(), again=again, whole=whole)
    else:
        yield render_report(report, full=options.verbose, again=_again(report, options))


def _again(report: Report, options: Options) -> str:
    if report.plan.undoes is not None:
        return options.command("undo", report.plan.undoes)
    return f"{options.command('plan')}, then {options.command('apply')}"


def finish(report: Report, options: Options) -> int:
    """Tell what became of the plan, then how the run ended."""
    tell_report(report)
    try:
        emit(options, partial(report_pieces, report, options), lost=_standing(report, options))
    except FleetsyncError as error:
        if report.fatal is None:
            raise
        say(f"Error: {shown_lines(str(error))}")
    if report.fatal is not None:
        raise_fatal(report.fatal, something_done=report.changed > 0)
    return PARTLY if report.incomplete else 0


def _standing(report: Report, options: Options) -> str:
    """Say how things stand, for the case that the report itself cannot be written."""
    done = counted(report.changed, "change was", "changes were")
    return f"{done} carried out all the same; see what is left: {options.command('plan')}"


def raise_fatal(fatal: FleetsyncError, *, something_done: bool) -> None:
    """Say what ended the run; a run that changed something and failed is partly applied."""
    if something_done and not isinstance(fatal, InterruptedRunError):
        say(f"Error: {shown_lines(str(fatal))}")
        click.get_current_context().exit(PARTLY)
    raise fatal
