"""Measure what showing a saved plan costs; run as ``python tests/benchmarks/bench_show.py 1000000``.

Each plan is shown by a process of its own, so that the memory is its own. Times on a shared machine
say little: seconds of processor time say more than those of the clock.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from fleetsync.diff.change import Action, Change, Field
from fleetsync.model import Device, LiveDevice, Location, Source
from fleetsync.plan import Plan
from fleetsync.plan.cost import Cost
from fleetsync.plan.digest import plan_digest
from fleetsync.plan.document import plan_text
from fleetsync.plan.plan import Unmanaged

TOP = Path(__file__).parent.parent.parent
TYPES = 16
SOURCE = Source("manifests/fleet.yaml", 1)
_CHUNK = 20_000


class Figures(NamedTuple):
    """What one run took: seconds of processor time, megabytes at most, bytes that it wrote."""

    seconds: float
    megabytes: float
    written: int


def create(number: int) -> Change:
    """Register a device with values of its own."""
    return _new(f"type-{number % TYPES:02}", f"device-{number:07}", number)


def create_at_random(number: int) -> Change:
    """Register a device whose id is like no other."""
    return _new(f"type-{number % TYPES:02}", f"{random.Random(number).getrandbits(96):024x}", number)


def rename(number: int) -> Change:
    """Give a device another owner, as all others get it."""
    fields = (Field("metadata.owner", "facilities", "operations"),)
    return _change(Action.UPDATE, number, f"device-{number:07}")._replace(fields=fields)


def delete_at_random(number: int) -> Change:
    """Delete a device whose id is like no other."""
    name = f"{random.Random(number).getrandbits(96):024x}"
    live = LiveDevice(f"type-{number % TYPES:02}", name, {"serialNumber": f"SN{number:08}"})
    return _change(Action.DELETE, number, name)._replace(before=live)


PLANS: dict[str, Callable[[int], Change]] = {
    "create": create,
    "create, random ids": create_at_random,
    "rename": rename,
    "delete, random ids": delete_at_random,
}


def _new(type_id: str, device_id: str, number: int) -> Change:
    info = {"serialNumber": f"SN{number:08}", "manufacturer": "ACME", "model": f"M{number % 16}"}
    place = Location(number % 1_800_000 / 10_000 - 90, number % 360 - 180.0, 3.0)
    metadata = {"floor": number % 12, "owner": "facilities", "zone": f"z{number % 40}"}
    device = Device(type_id, device_id, SOURCE, info, dict(metadata), place)
    return Change(Action.CREATE, type_id, device_id, "it is new", SOURCE, after=device)
