"""Carry out a plan that nothing speaks against, and show how far it is."""

from __future__ import annotations

from collections.abc import Iterator

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Transport
from fleetsync.api.writer import RegistryWriter
from fleetsync.apply import Hands, Outcome, apply_plan
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.progress import Progress, warn
from fleetsync.cli.session import utc_now
from fleetsync.cli.signals import stop_on_signals
from fleetsync.diff.change import Action
from fleetsync.errors import SecretsError
from fleetsync.model import Kind
from fleetsync.plan import Plan
from fleetsync.report.outcome import Report, make_report
from fleetsync.tokens.file import TokenFile


def carry_out(made: Plan, fleet: Fleet, transport: Transport) -> Report:
    """Change the org as planned, and say what became of each change."""
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
