"""Lock others out before a command changes anything, and open the way to the org."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import NamedTuple

from fleetsync.api.transport import Transport
from fleetsync.cli.options import Options
from fleetsync.cli.progress import notice
from fleetsync.cli.session import open_connection, utc_now
from fleetsync.journal.folder import next_run_id
from fleetsync.lock.folder import lock_fleet
from fleetsync.lock.org import Want, lock_org
from fleetsync.settings import Settings


class Held(NamedTuple):
    """The fleet's locks: the way to the org, and the run's id.

    ``release`` gives the locks back before the end; the org may still be read then.
    """

    transport: Transport
    run: str
    release: Callable[[], None]


@contextmanager
def held_org(options: Options, settings: Settings, wait: float) -> Iterator[Held]:
    """Hold the fleet's locks while the block runs, or until they are given back.

    The folder is locked first, then the org if fleet.yaml says so; ``wait`` is how many seconds to
    wait for both together. Raises LockedError.
    """
    ends_at = time.monotonic() + wait
    with ExitStack() as locks:
        lock = locks.enter_context(
            lock_fleet(settings.folder, now=utc_now(), wait=wait, notify=notice)
        )
        with (
            open_connection(options, settings) as connection,
            Transport(connection, notify=notice) as transport,
            closing(locks),  # the lock in the org is given back over this connection
        ):
            run = next_run_id(settings.folder)
            if settings.lock == "folder":
                yield Held(transport, run, locks.close)
                return
            lock.note_run(run)
            left = max(0.0, ends_at - time.monotonic())
            want = Want(settings.fleet, run, left, notice, own_runs=lock.earlier)
            yield Held(locks.enter_context(lock_org(transport, want)), run, locks.close)


@contextmanager
def locked_org(
    options: Options, settings: Settings, wait: float
) -> Iterator[tuple[Transport, str]]:
    """Hold the fleet's locks while the block runs; give the way to the org, and the run's id."""
    with held_org(options, settings, wait) as held:
        yield held.transport, held.run
