"""Plan a rotation: read the org and who is connected, and say what a reviewer should know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fleetsync.api.presence import Client
from fleetsync.api.registry import Registry
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.plan import look_at_org
from fleetsync.cli.policies import judged
from fleetsync.cli.rotation_target import to_go_back, to_go_on
from fleetsync.cli.rotation_watch import connected_devices
from fleetsync.cli.session import Look, plan_rules, utc_now
from fleetsync.diff.change import Change, Inheritance
from fleetsync.diff.undo_warning import some
from fleetsync.journal.run import Run
from fleetsync.model import DeviceKey, Kind, LiveFleet
from fleetsync.model.key import client_id
from fleetsync.plan.rotatable import Sides, Wanted, inherited
from fleetsync.plan.rotation import (
    Ground,
    Pace,
    Pick,
    Rotation,
    make_rotation,
    with_warnings,
)
from fleetsync.report.rotation import LOST
from fleetsync.report.words import counted_kind
from fleetsync.settings import Settings
from fleetsync.tokens.reading import clients_retired_by, registered_devices


class Asked(NamedTuple):
    """What the command line asked for: devices, maybe of an earlier run, and how fast."""

    wanted: Wanted
    pace: Pace
    go_on: Run | None = None
    back: Run | None = None


class Planned(NamedTuple):
    """The rotation, and what types pass on to devices that are registered again."""

    rotation: Rotation
    inherited: dict[str, Inheritance]


def look_and_plan(asked: Asked, fleet: Fleet, registry: Registry) -> Planned:
    """Read the org and plan; raises StalePlanError where an earlier run was another org's."""
    live = look_at_org(fleet, registry, Look())
    wanted = _narrowed(asked, fleet, live.org)
    if wanted.takes_back is not None:
        wanted, lost = _with_old_tokens(wanted, fleet.settings, live)
    else:
        lost = []
    sides = Sides(fleet.desired, live)
    ground = Ground(
        sides,
        _connected(asked, [*_clients(sides, wanted)], registry, live.org),
        plan_rules(fleet.settings),
        utc_now(),
    )
    made = make_rotation(wanted, ground, asked.pace)
    made = with_warnings(made, [*_warnings(made, live, fleet.settings), *lost])
    plan = judged(made.plan, fleet.settings, fleet.desired, live)
    return Planned(
        made._replace(plan=plan), {type_id: inherited(type_id, live) for type_id in live.types}
    )


def _narrowed(asked: Asked, fleet: Fleet, org: str) -> Wanted:
    name = fleet.settings.fleet
    if asked.go_on is not None:
        return to_go_on(asked.go_on, asked.wanted, fleet=name, org=org)
    if asked.back is not None:
        return to_go_back(asked.back, asked.wanted, fleet=name, org=org)
    return asked.wanted


def _clients(sides: Sides, wanted: Wanted) -> Iterator[Client]:
    for each in sides.choose(wanted):
        if isinstance(each, Change):
            yield Client(each.key, each.gateway)


def _connected(
    asked: Asked, clients: Sequence[Client], registry: Registry, org: str
) -> frozenset[DeviceKey] | str:
    """Name the devices to wait for: those connected now, and those that were before that run.

    With a token that they do not have, they cannot be connected now.
    """
    now = connected_devices(registry, org, clients)
    earlier = asked.go_on or asked.back
    if isinstance(now, str) or earlier is None or earlier.aim is None:
        return now
    then = earlier.aim.connected
    return now | {DeviceKey(type_id, device) for type_id, device in then if device is not None}


def _with_old_tokens(
    wanted: Wanted, settings: Settings, live: LiveFleet
) -> tuple[Wanted, list[str]]:
    """Leave out devices whose old token nobody knows any more."""
    clients = clients_retired_by(settings.secrets.file, wanted.takes_back or "")
    keys = {
        key
        for key in wanted.keys or ()
        if clients & {client_id(live.org, key, gateway=gateway) for gateway in (False, True)}
    }
    lost = sorted(map(str, (wanted.keys or frozenset()) - keys))
    words = [f"their old tokens are not in the secrets file, so they stay: {some(lost)}"]
    return wanted._replace(keys=frozenset(keys)), words if lost else []


def _warnings(made: Rotation, live: LiveFleet, settings: Settings) -> Iterator[str]:
    picks = list(made.picks)
    if not picks:
        return
    yield LOST
    yield from _watching(made, picks)
    if any(pick.change.gateway for pick in picks):
        yield (
            "gateways are among them: what becomes of the devices behind a gateway while it is"
            " deleted is not documented"
        )
    known = registered_devices(settings.secrets.file, live.org)
    unknown = [pick.change.name for pick in picks if pick.change.key not in known]
    if unknown:
        yield f"no old token in the secrets file to go back to: {some(unknown)}"
    yield from (f"the list of the org may not be whole: {doubt}" for doubt in live.doubts)


def _watching(made: Rotation, picks: Sequence[Pick]) -> Iterator[str]:
    if made.unknown_states:
        yield f"nobody knows which devices are connected: {made.unknown_states}"
        return
    off = sum(not pick.connected for pick in picks)
    if off:
        count = counted_kind(off, Kind.DEVICE)
        words = "is not connected, so nobody will wait for it"
        if off > 1:
            words = "are not connected, so nobody will wait for them"
        yield f"{count} {words}"
