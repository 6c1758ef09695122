"""Plan a rotation: which devices get new tokens, in which waves, and which stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from fleetsync.diff.change import Change
from fleetsync.model import DeviceKey, LiveDevice
from fleetsync.plan.cost import Cost
from fleetsync.plan.digest import plan_digest
from fleetsync.plan.limits import Refusal, RefusalCode
from fleetsync.plan.plan import Plan, PlanRules, Unmanaged
from fleetsync.plan.rotatable import Sides, Stay, Wanted
from fleetsync.plan.waves import WaveSize, cut_waves, most_at_once

_LOOKS = 3
"""Reads of each device: it and its location before it is deleted, and once more afterwards."""


class Pace(NamedTuple):
    """How to go on: the ``size`` of waves, and deletes granted beyond the limits.

    ``chunk`` devices are deleted and registered again at a time.
    """

    size: WaveSize | None = None
    allowed: int = 0
    chunk: int = 20


class Pick(NamedTuple):
    """A device that gets a new token, by the delete of it; None: nobody tells if it connects."""

    change: Change
    connected: bool | None


class Rotation(NamedTuple):
    """All that a rotation would do, and what speaks against it.

    ``plan`` is the same as deletes and creates, for limits and policies. ``unknown_states`` says in
    words why nobody knows which devices are connected; empty if it is known.
    """

    plan: Plan
    waves: tuple[tuple[Pick, ...], ...]
    stays: tuple[Stay, ...]
    unknown_states: str = ""
    takes_back: str | None = None

    @property
    def picks(self) -> Iterator[Pick]:
        """Give all devices, wave by wave."""
        return (pick for wave in self.waves for pick in wave)


class Ground(NamedTuple):
    """What a rotation is planned on.

    ``connected`` names the devices that are, or says why nobody knows. ``created_at`` is a UTC time
    stamp, ISO 8601.
    """

    sides: Sides
    connected: frozenset[DeviceKey] | str
    rules: PlanRules
    created_at: str


def make_rotation(wanted: Wanted, ground: Ground, pace: Pace) -> Rotation:
    """Choose, order, cut and weigh; pure.

    Connected devices come first, so that a small wave shows whether devices come back; of these,
    gateways last.
    """
    chosen = list(ground.sides.choose(wanted))
    connected = ground.connected
    picks = [
        Pick(each, None if isinstance(connected, str) else each.key in connected)
        for each in chosen
        if isinstance(each, Change)
    ]
    picks.sort(key=lambda pick: (not pick.connected, pick.change.gateway, pick.change.key))
    managed = sum(map(len, ground.sides.live.devices.values()))
    most = most_at_once(ground.rules.limits, managed, pace.allowed)
    waves = tuple(cut_waves(picks, pace.size, most))
    plan = _plan([pick.change for pick in picks], ground)
    return Rotation(
        plan._replace(
            digest=_digest(plan.changes, wanted),
            refusals=_refusals(waves, most, managed, ground.rules),
            cost=plan.cost._replace(write=_writes(waves, pace.chunk)),
        ),
        waves,
        tuple(each for each in chosen if isinstance(each, Stay)),
        connected if isinstance(connected, str) else "",
        wanted.takes_back,
    )


def with_warnings(rotation: Rotation, warnings: Sequence[str]) -> Rotation:
    """Add what a reviewer should know, in words."""
    whole = (*rotation.plan.warnings, *warnings)
    return rotation._replace(plan=rotation.plan._replace(warnings=whole))


def _plan(deletes: Sequence[Change], ground: Ground) -> Plan:
    desired, live = ground.sides
    return Plan(
        fleet=ground.rules.fleet,
        org=live.org,
        created_at=ground.created_at,
        manifest_digest=desired.digest,
        digest="",
        changes=(*deletes, *map(ground.sides.again, deletes)),
        records=(),
        refusals=(),
        warnings=(),
        unmanaged=Unmanaged(live.unmanaged_types, live.unmanaged_devices),
        withheld=0,
        cost=Cost(live.reads, 0, _LOOKS * len(deletes)),
        calls_per_second=ground.rules.calls_per_second,
    )


def _digest(changes: Sequence[Change], wanted: Wanted) -> str:
    digest = plan_digest(changes)
    if wanted.takes_back is None:
        return digest
    return f"sha256:{sha256(f'{digest} {wanted.takes_back}'.encode()).hexdigest()}"


def _writes(waves: Sequence[Sequence[Pick]], chunk: int) -> int:
    """Count a remove and an add for each chunk, and a PUT for each alert."""
    bulk = sum(2 * -(-len(wave) // chunk) for wave in waves)
    return bulk + sum(_raises_alert(pick.change) for wave in waves for pick in wave)


def _raises_alert(change: Change) -> bool:
    return isinstance(change.before, LiveDevice) and change.before.alert_enabled


def _refusals(
    waves: Sequence[Sequence[Pick]], most: int, managed: int, rules: PlanRules
) -> tuple[Refusal, ...]:
    """Hold the waves against the limits on deletes: for a moment, devices are deleted."""
    largest = max(map(len, waves), default=0)
    if largest <= most:
        return ()
    limits = rules.limits
    words = (
        f"a wave deletes {largest} of {managed} devices to register them again, more than the"
        f" limits of {limits.delete_percent:g} % and {limits.delete_count}."
        f" If that is meant, rotate with --allow-deletes {largest}, or with a smaller --wave"
    )
    return (Refusal(RefusalCode.DELETE_LIMIT, words, largest),)
