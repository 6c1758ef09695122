"""Open the org that a command works with, and say how it is read and planned for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from fleetsync.api.connection import Connection
from fleetsync.api.retry import PATIENT
from fleetsync.cli.options import Options
from fleetsync.cli.progress import Progress, notice, warn
from fleetsync.journal.unsure import unsure_locations
from fleetsync.listing import read_memory
from fleetsync.live import Reading
from fleetsync.model import DeviceKey
from fleetsync.model.credentials import Credentials
from fleetsync.plan import Limits, PlanRules
from fleetsync.settings import EmbeddedOrg, OrgId, Settings, find_credentials


def plan_rules(settings: Settings) -> PlanRules:
    """Give what of the settings steers planning."""
    limits = settings.limits
    return PlanRules(
        fleet=settings.fleet,
        prune=settings.prune,
        limits=Limits(limits.delete_percent, limits.delete_count),
        calls_per_second=settings.calls_per_second,
    )


@contextmanager
def open_connection(options: Options, settings: Settings) -> Iterator[Connection]:
    """Give the connection to the fleet's org; the embedded one is opened from its file."""
    if isinstance(settings.org, EmbeddedOrg):
        with _embedded(settings, settings.org) as connection:
            yield connection
        return
    found = find_credentials(os.environ, options.credentials)
    for warning in found.warnings:
        warn(warning)
    org = settings.org
    url = f"https://{org.org_id}.{org.domain}" if isinstance(org, OrgId) else org.url
    yield Connection(
        base_url=url,
        credentials=found.credentials,
        ca_file=settings.ca_file,
        calls_per_second=settings.calls_per_second,
        connect_timeout=options.waits.connect,
        read_timeout=options.waits.read,
        retry=options.waits.retry or PATIENT,
    )


@contextmanager
def _embedded(settings: Settings, org: EmbeddedOrg) -> Iterator[Connection]:
    # Imported here: only a fleet with an embedded org pays for it.
    from fleetsync.emulator.app import make_app  # noqa: PLC0415
    from fleetsync.emulator.inprocess import InProcessAdapter  # noqa: PLC0415
    from fleetsync.emulator.state import OrgState  # noqa: PLC0415

    with OrgState.open(org.path) as state:
        yield Connection(
            base_url="http://localhost",
            credentials=Credentials("a-embedded-0000000000", "embedded"),
            calls_per_second=settings.calls_per_second,
            adapter=InProcessAdapter(make_app(state, None)),
        )


class Look(NamedTuple):
    """Which locations to read besides those that no mark tells: all, some by chance, or these."""

    refresh: bool = False
    verify: int = 0
    these: frozenset[DeviceKey] = frozenset()


def reading(settings: Settings, progress: Progress, look: Look) -> Reading:
    """Say how the org is to be read, and what is remembered of its lists."""
    memory = read_memory(settings.folder)
    if memory.damage:
        warn(memory.damage)
    return Reading(
        expected_org=settings.org.org_id if isinstance(settings.org, OrgId) else None,
        refresh_locations=look.refresh,
        verify_locations=look.verify,
        locations=look.these | unsure_locations(settings.folder),
        progress=progress.update,
        remembered=memory.orgs,
        notify=notice,
    )


def utc_now() -> str:
    """Give the time as the platform writes it (platform page 11.28)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
