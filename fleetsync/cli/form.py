"""Give a plan in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.cli.options import Options
from fleetsync.cli.page_assets import page_assets
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.view import PlanView, view_of
from fleetsync.report.html.plan import plan_html
from fleetsync.report.markdown.plan import plan_markdown
from fleetsync.report.text import render_plan


def plan_pieces(
    made: Plan, options: Options, form: str, next_step: str, whole: str = ""
) -> Iterator[str]:
    """Give a plan in a form; ``whole`` is the command that shows it unfolded."""
    if form == "json":
        yield from plan_text(made)
    else:
        again = ("plan",) if made.undoes is None else ("undo", "--plan", made.undoes)
        whole = whole or options.command(*again, "-v")
        yield from view_pieces(view_of(made), options, form, next_step, whole)


def view_pieces(
    view: PlanView, options: Options, form: str, next_step: str, whole: str
) -> Iterator[str]:
    """Give what is shown of a plan in one of the forms for people."""
    if form == "markdown":
        yield plan_markdown(view, whole=whole, max_bytes=options.max_bytes)
    elif form == "html":
        yield from plan_html(view, page_assets(), whole=whole)
    else:
        yield from render_plan(view, full=options.verbose, next_step=next_step)
