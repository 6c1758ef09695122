"""Take a device from the command line, as ``TYPE/DEVICE``."""

from __future__ import annotations

import click

from fleetsync.escape import shown
from fleetsync.model import DeviceKey
from fleetsync.model.key import ID_PATTERN

_FORM = "write TYPE/DEVICE, such as thermostat/lobby-01 (letters, digits, '.', '_' and '-')"


def read_device_name(ctx: click.Context, parameter: click.Parameter, value: str) -> DeviceKey:
    """Give the device that a word names; click reports one that names none."""
    type_id, _, device_id = value.partition("/")
    if not (ID_PATTERN.fullmatch(type_id) and ID_PATTERN.fullmatch(device_id)):
        words = f"{shown(value)[:80]!r} does not name a device: {_FORM}"
        raise click.BadParameter(words, ctx, parameter)
    return DeviceKey(type_id, device_id)


device_argument = click.argument("device", metavar="TYPE/DEVICE", callback=read_device_name)
"""Adds the argument to a command that is about one device; it arrives as a DeviceKey."""
