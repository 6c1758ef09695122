"""Lock others out before a command changes anything, and open the way to the org."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from fleetsync.api.transport import Transport
from fleetsync.cli.options import Options
from fleetsync.cli.progress import notice
from fleetsync.cli.session import open_connection, utc_now
from fleetsync.journal.folder import next_run_id
from fleetsync.lock.folder import lock_fleet
from fleetsync.lock.org import Want, lock_org
from fleetsync.settings import Settings


@contextmanager
def locked_org(
    options: Options, settings: Settings, wait: float
) -> Iterator[tuple[Transport, str]]:
    """Hold the fleet's locks while the block runs; give the way to the org, and the run's id.

    The folder is locked first, then the org if fleet.yaml says so; ``wait`` is how many seconds to
    wait for both together. Raises LockedError.
    """
    ends_at = time.monotonic() + wait
    with (
        lock_fleet(settings.folder, now=utc_now(), wait=wait, notify=notice) as lock,
        open_connection(options, settings) as connection,
        Transport(connection, notify=notice) as transport,
    ):
        run = next_run_id(settings.folder)
        if settings.lock == "folder":
            yield transport, run
            return
        lock.note_run(run)
        left = max(0.0, ends_at - time.monotonic())
        want = Want(settings.fleet, run, left, notice, own_runs=lock.earlier)
        with lock_org(transport, want) as guarded:
            yield guarded, run
