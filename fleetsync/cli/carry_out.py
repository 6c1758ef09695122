"""Carry out a plan that nothing speaks against, and show how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Transport
from fleetsync.apply import Hands, Outcome, apply_plan
from fleetsync.apply.hands import no_age
from fleetsync.apply.journaled import JournaledWriter
from fleetsync.cli.events import tell_event
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.live_view import LiveView
from fleetsync.cli.memory import remember_after, remember_before
from fleetsync.cli.progress import Progress, warn
from fleetsync.cli.run_events import telling
from fleetsync.cli.session import utc_now
from fleetsync.cli.signals import stop_on_signals
from fleetsync.diff.change import Action
from fleetsync.errors import InterruptedRunError, JournalError, SecretsError
from fleetsync.journal.entry import DONE, End, Head
from fleetsync.journal.file import Journal
from fleetsync.journal.folder import forget_old_runs, open_journal
from fleetsync.journal.plan_copy import drop_plan, drop_plans, keep_plan
from fleetsync.model import DeviceKey, Kind
from fleetsync.plan import Plan
from fleetsync.plan.document import plan_text
from fleetsync.report.event_facts import stages_of
from fleetsync.report.outcome import Report, make_report
from fleetsync.settings import Settings
from fleetsync.tokens.file import TokenFile


class Task(NamedTuple):
    """What is to be carried out, by which command, and which run it takes back, if it does.

    ``run`` is the id that the lock in the org names as well. ``unproven`` are tokens that a run has
    left which was cut off, by client id, with its mark. ``age`` gives the seconds since the org was
    read. ``view`` shows it on a terminal meanwhile. ``named`` may be deleted although connected.
    """

    plan: Plan
    run: str
    command: str = "apply"
    undoes: str | None = None
    unproven: Mapping[str, str] = MappingProxyType({})
    age: Callable[[], float] = no_age
    view: LiveView | None = None
    named: frozenset[DeviceKey] = frozenset()


def carry_out(task: Task, fleet: Fleet, transport: Transport) -> Report:
    """Change the org as planned, and say what became of each change."""
    made, folder = task.plan, fleet.settings.folder
    head = _head(task, fleet)
    with (
        TokenFile.open(fleet.settings.secrets.file, org=made.org) as tokens,
        stop_on_signals(quiet=task.view is not None) as stop,
        task.view.showing(stop) if task.view else nullcontext(),
    ):
        for damage in tokens.damage:
            warn(damage)
        tokens.check_room(made.counts.get((Kind.DEVICE.value, Action.CREATE.value), 0))
        with _noted(made, head, folder) as journal:
            hands = make_hands(head, fleet, transport, tokens, journal)
            hands.stop, hands.age = stop, task.age
            hands.unproven |= task.unproven
            hands.named = task.named
            remember_before(folder, made)
            tell_event("run", _facts(task))
            report = _work(made, hands, transport, fleet.settings)
            remember_after(folder, made, report.outcomes)
            if not isinstance(report.fatal, SecretsError):  # else the next apply looks at it all
                journal.finish(End(_ended(report), _count(report)))
            if _ended(report) == DONE:
                drop_plans(folder)
    return report._replace(stopped=stop.is_set())


def _facts(task: Task) -> dict[str, object]:
    made = task.plan
    return {
        "run": task.run,
        "command": task.command,
        "fleet": made.fleet,
        "org": made.org,
        "undoes": task.undoes,
        "changes": len(made.changes),
        "records": len(made.records),
        "callsPerSecond": made.calls_per_second,
        "stages": [stage._asdict() for stage in stages_of(made)],
    }


def _noted(made: Plan, head: Head, folder: Path) -> Journal:
    """Begin the journal, beside the plan that is to be carried out; JournalError."""
    if head.undoes is None:  # an undo is planned afresh each time
        keep_plan(folder, head.run, plan_text(made))
    try:
        journal = open_journal(folder, head, now=utc_now)
    except JournalError:
        drop_plan(folder, head.run)
        raise
    drop_plans(folder, but=head.run)
    return journal


def make_hands(
    head: Head, fleet: Fleet, transport: Transport, tokens: TokenFile, journal: Journal
) -> Hands:
    """Give a run what it works with."""
    credentials = transport.connection.credentials
    return Hands(
        org=head.org,
        registry=Registry(transport),
        writer=JournaledWriter(transport, journal),
        tokens=tokens,
        journal=journal,
        run=head.run,
        now=utc_now,
        platform_tokens=head.tokens == "platform",
        undoes=head.undoes,
        api_key=credentials.key if credentials else None,
    )


def _head(task: Task, fleet: Fleet) -> Head:
    made = task.plan
    return Head(
        run=task.run,
        command=task.command,
        fleet=made.fleet,
        org=made.org,
        plan=made.digest,
        tokens=fleet.settings.secrets.tokens,
        counts={f"{kind} {action}": count for (kind, action), count in made.counts.items()},
        undoes=task.undoes,
        manifests=made.manifest_digest if task.undoes is None else None,
    )


def _work(made: Plan, hands: Hands, transport: Transport, settings: Settings) -> Report:
    before = transport.requests
    outcomes = telling(apply_plan(made, hands), made, lambda: transport.requests - before)
    ended = _with_progress(outcomes, len(made.changes) + len(made.records))
    hands.fatal = tidy_up(hands, settings.folder) or hands.fatal or hands.journal.fault
    return make_report(
        made,
        ended,
        fatal=hands.fatal,
        calls=transport.requests - before,
        secrets_file=str(settings.secrets.file),
    )


def _count(report: Report) -> dict[str, int]:
    return dict(Counter(outcome.status.value for outcome in report.outcomes))


def _ended(report: Report) -> str:
    if isinstance(report.fatal, InterruptedRunError):
        return "interrupted"
    if report.fatal is None and not report.incomplete:
        return DONE
    return "partly" if report.changed else "failed"


def tidy_up(hands: Hands, folder: Path) -> SecretsError | None:
    """Forget old runs, and tidy up the secrets file; a failure must not keep the report away."""
    try:
        hands.tokens.forget_retired(forget_old_runs(folder, but=hands.undoes))
    except JournalError as error:
        hands.fatal = hands.fatal or error
    try:
        hands.tokens.settle()
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
