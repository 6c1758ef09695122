"""Hold what is due against the digest that somebody approved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from fleetsync.errors import StalePlanError

if TYPE_CHECKING:
    from fleetsync.plan import Plan

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _checked(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    del parameter
    if value is not None and _DIGEST.fullmatch(value) is None:
        raise click.BadParameter("must be sha256: and 64 hex digits, as a plan tells it", ctx)
    return value


digest_option = click.option(
    "--plan-digest",
    metavar="DIGEST",
    callback=_checked,
    help="Carry out the plan of this digest (sha256:...) without asking, or nothing.",
)
"""Adds the option to a command that carries out a plan."""


def check_digest(plan: Plan, approved: str | None) -> None:
    """Raise StalePlanError if something is due, and it is not what was approved."""
    if approved is None or plan.empty or plan.digest == approved:
        return
    raise StalePlanError(
        f"what is due now is not what was approved: its digest is {plan.digest}, not {approved}; "
        "the org or the manifests changed, so nothing was done: review a new plan and approve that"
    )
