"""Settle the runs that were cut off, before a new one is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fleetsync.api.transport import Transport
from fleetsync.apply.settle import UNDECLARED, settle_run
from fleetsync.apply.settled import Settled
from fleetsync.cli.carry_out import make_hands
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.progress import notice, warn
from fleetsync.cli.session import utc_now
from fleetsync.journal.entry import CUT_OFF, End
from fleetsync.journal.file import Journal
from fleetsync.journal.folder import StoredRun, open_runs, reopen_journal, set_aside
from fleetsync.journal.run import Run
from fleetsync.model import DeviceKey
from fleetsync.report.words import counted
from fleetsync.tokens.file import TokenFile


class Earlier(NamedTuple):
    """What earlier runs have left, now that they are settled.

    ``unproven`` are tokens that stand in the secrets file for devices that were not there, by
    client id, with the mark of the run that made them. ``ready`` are the devices that those runs
    were to register and that are registered.
    """

    unproven: Mapping[str, str]
    ready: Sequence[DeviceKey]


def settle_earlier(fleet: Fleet, transport: Transport, undeclared: str = UNDECLARED) -> Earlier:
    """Settle every run of this folder and org that is not; says on stderr what it found.

    ``undeclared`` says why a device stays that ``fleet`` lacks, though nobody knows its token.
    Damaged journals are set aside: nothing is guessed from them, and all tokens stay. Raises
    FleetsyncError if the org cannot be asked.
    """
    unproven: dict[str, str] = {}
    ready: list[DeviceKey] = []
    for stored in open_runs(fleet.settings.folder):
        if stored.damaged:
            place = set_aside(stored)
            warn(
                f"{stored.path}: the journal is damaged ({stored.damaged}): it is set aside as"
                f" {place.name}, and what its run left open is not settled; every token is kept"
            )
        elif stored.run is not None:
            found = _settle(stored, stored.run, fleet, transport, undeclared)
            unproven |= found.unproven
            ready += found.ready
    return Earlier(unproven, ready)


def _settle(
    stored: StoredRun, run: Run, fleet: Fleet, transport: Transport, undeclared: str
) -> Earlier:
    with (
        reopen_journal(stored, now=utc_now) as journal,
        TokenFile.open(fleet.settings.secrets.file, org=run.head.org) as tokens,
    ):
        hands = make_hands(run.head, fleet, transport, tokens, journal)
        org = hands.registry.organization().org_id
        if org != run.head.org:
            return Earlier({}, ())  # its turn comes when that org is asked again
        _begin(run)
        settled = settle_run(run, hands, lambda key: _is_declared(key, fleet), undeclared)
        tokens.settle()
        _end(run, journal, settled)
    return Earlier(hands.unproven, settled.ready)


def _is_declared(key: DeviceKey, fleet: Fleet) -> bool:
    return key.device_id in fleet.desired.devices.get(key.type_id, {})


def _begin(run: Run) -> None:
    how = "was cut off" if run.end is None else "left something open"
    notice(f"the {run.head.command} of {run.started_at} {how}; looking what became of it")


def _end(run: Run, journal: Journal, settled: Settled) -> None:
    if run.end is None:
        journal.finish(End(CUT_OFF, {}))
    if journal.fault is not None:
        raise journal.fault
    for warning in settled.warnings:
        warn(warning)
    notice(f"settled {run.head.run}: {_words(settled)}")


def _words(settled: Settled) -> str:
    found = [
        (settled.registered, "is registered", "are registered"),
        (settled.absent, "is not", "are not"),
        (
            settled.removed,
            "was removed, for its token is lost",
            "were removed, for their tokens are lost",
        ),
        (settled.deleted, "is deleted", "are deleted"),
        (
            settled.restored,
            "was deleted for a new token and is registered again",
            "were deleted for new tokens and are registered again",
        ),
        (
            settled.tokenless,
            "is registered, but its token is lost",
            "are registered, but their tokens are lost",
        ),
    ]
    parts = [
        f"{counted(n, 'device', 'devices')} {one if n == 1 else many}"
        for n, one, many in found
        if n
    ]
    return ", ".join(parts) or "nothing was left open"
