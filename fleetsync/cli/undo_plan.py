"""Plan to take a run back: read what it concerned, and say whose token nobody knows."""

from __future__ import annotations

from collections.abc import Collection

from fleetsync.api.registry import Registry
from fleetsync.cli.events import tell_event
from fleetsync.cli.policies import judged
from fleetsync.cli.presence import looked_at
from fleetsync.cli.progress import Progress, notice
from fleetsync.cli.session import Look, plan_rules, reading, utc_now
from fleetsync.cli.undo_target import Target, check_it_fits
from fleetsync.diff.change import Action, Change
from fleetsync.diff.undo import concerned, moved
from fleetsync.diff.undo_warning import some
from fleetsync.listing import read_memory
from fleetsync.live import read_fleet
from fleetsync.model import DesiredFleet, DeviceKey, Kind
from fleetsync.model.key import client_id
from fleetsync.model.value import EMPTY
from fleetsync.plan import Plan
from fleetsync.plan.undo import make_undo_plan
from fleetsync.report.words import counted, counted_kind, listed
from fleetsync.settings.settings import Settings
from fleetsync.tokens.reading import clients_with_token

_NEW_TOKENS = (
    "registered again with a new token, which has to be brought to the device, as nobody knows the"
    " old one"
)


def look_and_plan_undo(
    target: Target, settings: Settings, registry: Registry, named: Collection[DeviceKey]
) -> Plan:
    """Read the types that the run concerned, and say what takes it back.

    ``named`` are the devices that may be deleted although they are connected.

    Raises StalePlanError if the run was one of another fleet or org.
    """
    run = target.run
    tell_event("reading")
    with Progress("reading the org", event="read") as progress:
        how = reading(settings, progress, Look(these=moved(run)))
        live = read_fleet(registry, concerned(run), how)
    check_it_fits(run, fleet=settings.fleet, org=live.org)
    made = make_undo_plan(
        run,
        live,
        rules=plan_rules(settings),
        created_at=utc_now(),
        since=target.since,
    )
    made = _with_all_sizes(_with_token_warning(made, settings), settings)
    made = looked_at(made, registry, named)
    return judged(made, settings, DesiredFleet(EMPTY, EMPTY, EMPTY, ""), live)


def tell_target(target: Target) -> None:
    """Say on stderr what is taken back."""
    head = target.run.head
    what = head.command if head.undoes is None else f"undo of {head.undoes}"
    aims = [_aim(what, count) for what, count in head.counts.items() if count]
    notice(f"taking back run {head.run}, the {what} of {target.run.started_at}: {listed(aims)}")
    if target.later:
        runs = counted(target.later, "newer apply is", "newer applies are")
        notice(f"{runs} not taken back: what changed since stays")


def _aim(what: str, count: int) -> str:
    kind, _, action = what.partition(" ")
    return f"{action} {counted_kind(count, Kind(kind))}" if kind in set(Kind) else what


def _with_token_warning(made: Plan, settings: Settings) -> Plan:
    creates = [c for c in made.changes if c.kind is Kind.DEVICE and c.action is Action.CREATE]
    if not creates:
        return made
    known = clients_with_token(settings.secrets.file)
    unknown = [change.name for change in creates if _client(change, made.org) not in known]
    warning = (f"{_NEW_TOKENS}: {some(unknown)}",) if unknown else ()
    return made._replace(warnings=(*warning, *made.warnings))


def _client(change: Change, org: str) -> str:
    return client_id(org, change.key, gateway=change.gateway)


def _with_all_sizes(made: Plan, settings: Settings) -> Plan:
    """Add what is remembered of lists that were not read now, so that it is not forgotten."""
    if made.sizes is None:
        return made
    before = read_memory(settings.folder).orgs.get(made.org)
    others = EMPTY if before is None else before.devices
    return made._replace(sizes=made.sizes._replace(devices={**others, **made.sizes.devices}))
