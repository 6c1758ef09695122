"""The commands of ``github``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from fleetsync.cli.forge import (
    append_to,
    comment_texts,
    file_text,
    hidden_line,
    needed,
    plan_comment,
    told_plan,
)
from fleetsync.cli.options import common_options, current_options, size_option
from fleetsync.cli.progress import notice
from fleetsync.errors import ForgeError, UsageError
from fleetsync.forge.annotation import annotation_lines
from fleetsync.forge.github import (
    Merge,
    Proposal,
    Runs,
    account,
    applied_revision,
    approved_digest,
    close_proposal,
    open_proposal,
    thread,
)
from fleetsync.forge.rest import Rest
from fleetsync.forge.sticky import keep_comment
from fleetsync.settings.fleet_file import load_settings

_BOT = "github-actions[bot]"

plan_argument = click.argument(
    "plan_file", metavar="PLAN.json", type=click.Path(path_type=Path, dir_okay=False)
)
author_option = click.option(
    "--author",
    default=_BOT,
    show_default=True,
    metavar="LOGIN",
    help="Whose comment counts: the account of the token.",
)


@click.group()
def github() -> None:
    """Tell a plan on GitHub, and ask it what was approved.

    These commands are for a step of GitHub Actions: they read what its runner sets, and the token
    from GITHUB_TOKEN.

    \b
    Examples:
      fleetsync github comment plan.json
      fleetsync github summary plan.json
      fleetsync github approved
    """  # noqa: D301  # \b is click's sign to keep line breaks


@github.command()
@common_options
@size_option
@click.argument(
    "plan_file",
    required=False,
    metavar="[PLAN.json]",
    type=click.Path(path_type=Path, dir_okay=False),
)
@click.option(
    "--body",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tell the Markdown in FILE instead of a plan.",
)
@author_option
def comment(plan_file: Path | None, body: Path | None, author: str) -> None:
    """Keep one comment of the fleet on the pull request that this job runs for."""
    texts = comment_texts(plan_file, body, current_options())
    repository = needed("GITHUB_REPOSITORY")
    rest = Rest(account(os.environ))
    done = keep_comment(rest, thread(repository, _pull_request(), author), texts)
    notice(f"the comment on the pull request: {done}")


@github.command()
@common_options
@plan_argument
def annotate(plan_file: Path) -> None:
    """Point at the lines of manifests that a plan is about."""
    folder = os.path.normpath(current_options().folder)
    with told_plan(plan_file) as view:
        for line in annotation_lines(view, folder):
            click.echo(line, nl=False)


@github.command()
@common_options
@size_option
@plan_argument
def summary(plan_file: Path) -> None:
    """Add a plan to the summary of the job."""
    append_to("GITHUB_STEP_SUMMARY", plan_comment(plan_file, current_options()))


@github.command()
@common_options
@plan_argument
def outputs(plan_file: Path) -> None:
    """Set the outputs digest, changes, withheld and refused of the step."""
    with told_plan(plan_file) as view:
        changes = sum(sum(sizes.values()) for sizes in view.sizes.values())
        told = {
            "digest": view.digest,
            "changes": changes,
            "withheld": view.withheld,
            "refused": "true" if view.refusals else "false",
        }
    append_to("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in told.items()))


@github.command()
@common_options
@author_option
def approved(author: str) -> None:
    """Print the digest shown in the pull request that GITHUB_SHA merged; exit code 4 if none.

    It must have been merged into the branch GITHUB_REF_NAME.
    """
    fleet = load_settings(current_options().fleet_path).fleet
    names = "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF_NAME"
    merge = Merge(*map(needed, names))
    rest = Rest(account(os.environ))
    click.echo(approved_digest(rest, merge, like=hidden_line(fleet), author=author))


@github.command()
@common_options
@click.option("--workflow", required=True, metavar="FILE", help="The workflow that applies.")
@click.option("--branch", default="main", show_default=True, metavar="NAME", help="Its branch.")
def applied(workflow: str, branch: str) -> None:
    """Print the commit that was applied last, by a run that ended well; exit code 4 if none."""
    runs = Runs(needed("GITHUB_REPOSITORY"), workflow, branch)
    click.echo(applied_revision(Rest(account(os.environ)), runs))


@github.command()
@common_options
@size_option
@click.option("--branch", required=True, metavar="NAME", help="The branch with the change.")
@click.option("--title", metavar="TEXT", help="The title of the pull request.")
@click.option(
    "--body",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Markdown that explains the change.",
)
@click.option("--withdraw", "is_withdrawn", is_flag=True, help="Close the pull request.")
def propose(branch: str, title: str | None, body: Path | None, is_withdrawn: bool) -> None:
    """Keep one pull request of a branch: open it, bring it up to date, or close it."""
    repository = needed("GITHUB_REPOSITORY")
    if is_withdrawn:
        done = close_proposal(Rest(account(os.environ)), repository, branch)
    elif title is None or body is None:
        raise UsageError("--title and --body are needed to propose a change")
    else:
        proposal = Proposal(branch, title, file_text(body, current_options()))
        done = open_proposal(Rest(account(os.environ)), repository, proposal)
    notice(f"the pull request of the branch: {done}")


def _pull_request() -> int:
    """Read the number of the pull request from the event that started the job."""
    path = Path(needed("GITHUB_EVENT_PATH"))
    try:
        event: Any = json.loads(path.read_bytes())
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ForgeError("this job was not started by a pull request") from None
