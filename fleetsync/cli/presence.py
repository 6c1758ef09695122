"""Look whether devices that a plan would delete are connected, or when they were seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import click

from fleetsync.api.presence import SINGLY, Client
from fleetsync.api.registry import Registry
from fleetsync.cli.device_name import read_device_name
from fleetsync.cli.options import Decorated
from fleetsync.diff.change import Change
from fleetsync.errors import ApiError, UnreachableError
from fleetsync.model import DeviceKey
from fleetsync.model.presence import UNKNOWN, Presence, PresenceState
from fleetsync.plan import Plan
from fleetsync.plan.connected import Sightings, deleted_devices, with_sightings


def _keys(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> frozenset[DeviceKey]:
    return frozenset(read_device_name(ctx, parameter, value) for value in values)


def named_option(command: Decorated) -> Decorated:
    """Add the option that names connected devices which may be deleted all the same."""
    return click.option(
        "--allow-delete-connected",
        "named",
        multiple=True,
        metavar="TYPE/DEVICE",
        callback=_keys,
        help="Delete this device although it is connected; repeatable.",
    )(command)


def looked_at(made: Plan, registry: Registry, named: Collection[DeviceKey] = ()) -> Plan:
    """Look whom a plan would delete, and refuse what is connected; asks nothing without deletes."""
    deletes = deleted_devices(made)
    return with_sightings(made, _sightings(made.org, deletes, registry), named) if deletes else made


def _sightings(org: str, deletes: Sequence[Change], registry: Registry) -> Sightings:
    before = registry.requests
    clients = [Client(change.key, change.gateway) for change in deletes]
    try:
        found, untold = registry.presences(org, clients), ""
    except (ApiError, UnreachableError) as error:
        found, untold = {}, str(error)
    again = 0 if untold else registry.requests - before
    if len(deletes) <= SINGLY:
        found = _with_times([client.key for client in clients], found, registry)
    return Sightings(found, untold, registry.requests - before, again)


def _with_times(
    keys: Sequence[DeviceKey], found: Mapping[DeviceKey, Presence], registry: Registry
) -> dict[DeviceKey, Presence]:
    """Add when a device was last heard of, from its connection log, where no state tells it."""
    told = {key: found.get(key, UNKNOWN) for key in keys}
    timeless = [key for key, presence in told.items() if _lacks_time(presence)]
    try:
        times = registry.last_logged(timeless)
    except UnreachableError:
        return told
    return {key: _seen(presence, times.get(key)) for key, presence in told.items()}


def _lacks_time(presence: Presence) -> bool:
    return presence.state is not PresenceState.CONNECTED and presence.seen_at is None


def _seen(presence: Presence, at: str | None) -> Presence:
    """Add the time of a log's newest entry: one that has a log was seen, whatever a state says."""
    if at is None:
        return presence
    never = presence.state is PresenceState.NEVER
    return Presence(PresenceState.DISCONNECTED if never else presence.state, at)
