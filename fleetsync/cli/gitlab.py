"""The commands of ``gitlab``."""

from __future__ import annotations

import json
import os
from itertools import chain
from pathlib import Path

import click

from fleetsync.cli.forge import comment_texts, told_plan
from fleetsync.cli.github import plan_argument
from fleetsync.cli.options import common_options, current_options, size_option
from fleetsync.cli.output import check_outputs, write_file
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import notice
from fleetsync.forge.gitlab import account, thread, widget_counts
from fleetsync.forge.rest import Rest
from fleetsync.forge.sticky import keep_comment


@click.group()
def gitlab() -> None:
    """Tell a plan on GitLab.

    These commands are for a job of GitLab CI/CD: they read what its runner sets, and the token from
    GITLAB_TOKEN.

    \b
    Examples:
      fleetsync gitlab note plan.json
      fleetsync gitlab widget plan.json --out widget.json
    """  # noqa: D301  # \b is click's sign to keep line breaks


@gitlab.command()
@common_options
@size_option
@plan_argument
def note(plan_file: Path) -> None:
    """Keep one note of the fleet on the merge request that this job runs for."""
    rest = Rest(account(os.environ))
    texts = comment_texts(plan_file, None, current_options())
    done = keep_comment(rest, thread(rest, os.environ), texts)
    notice(f"the note on the merge request: {done}")


@gitlab.command()
@common_options
@plan_argument
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the report.",
)
def widget(plan_file: Path, out: Path) -> None:
    """Write the numbers for the widget of a merge request (artifacts:reports:terraform)."""
    check_outputs([out], precious=chain([plan_file], precious_files(current_options())))
    with told_plan(plan_file) as view:
        counts = widget_counts(view)
    write_file(out, [json.dumps(counts), "\n"])
