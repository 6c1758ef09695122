"""Look whether devices that a plan would delete are connected."""

from __future__ import annotations

from collections.abc import Collection

import click

from fleetsync.api.registry import Registry
from fleetsync.cli.device_name import read_device_name
from fleetsync.cli.options import Decorated
from fleetsync.errors import ApiError
from fleetsync.model import DeviceKey
from fleetsync.model.key import client_id
from fleetsync.plan import Plan
from fleetsync.plan.connected import Presence, deleted_devices, with_presence


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
    """Refuse deletes of connected devices; asks nothing where nothing is deleted."""
    deletes = deleted_devices(made)
    if not deletes:
        return made
    before = registry.requests
    try:
        clients, unknown = registry.connected_clients(), ""
    except ApiError as error:
        clients, unknown = frozenset(), str(error)
    connected = frozenset(
        change.key
        for change in deletes
        if not clients.isdisjoint(client_id(made.org, change.key, gateway=g) for g in (False, True))
    )
    return with_presence(made, Presence(connected, unknown, registry.requests - before), named)
