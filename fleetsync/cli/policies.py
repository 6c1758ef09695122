"""Have a plan judged by the policies of fleet.yaml, commands included."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from fleetsync.cli.policy_command import plan_file, run_command
from fleetsync.cli.progress import Progress, notice
from fleetsync.model import DesiredFleet, LiveFleet
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from fleetsync.plan.plan import with_policies
from fleetsync.plan.policy import PolicyOutcome
from fleetsync.policy.command import command_outcome, with_places
from fleetsync.policy.judge import Matter, judge
from fleetsync.policy.policy import Ask, Command, Policy
from fleetsync.settings.settings import Settings


def require_extras(policies: Sequence[Policy]) -> None:
    """Raise ExtraMissingError, before any work is done, if a policy could not be asked."""
    for policy in policies:
        if isinstance(policy.test, Ask):
            policy.test.rule.require()


def judged(made: Plan, settings: Settings, desired: DesiredFleet, live: LiveFleet) -> Plan:
    """Add what the policies say, by the time that it is now; no policies, no change."""
    policies = settings.policies
    if not policies:
        return made
    with Progress("asking the policies") as progress:
        found = judge(policies, Matter(made, desired, live, datetime.now(UTC)), progress.update)
    found |= _ask_commands(policies, made, settings)
    return with_policies(made, [found[policy.name] for policy in policies])


def _ask_commands(
    policies: Sequence[Policy], made: Plan, settings: Settings
) -> dict[str, PolicyOutcome]:
    commands = [(each, each.test) for each in policies if isinstance(each.test, Command)]
    if not commands:
        return {}
    outcomes = {}
    with plan_file(plan_text(made)) as file:
        for policy, command in commands:
            notice(f"asking policy {policy.name}: {command.words[0]}")
            ending = run_command(command, file, folder=settings.folder, env=os.environ)
            outcomes[policy.name] = with_places(command_outcome(policy, ending), made)
    return outcomes
