"""Find the state that manifests and org come from: a revision of git, or the last apply."""

from __future__ import annotations

from fleetsync.cli.fleet import Fleet
from fleetsync.cli.progress import warn
from fleetsync.drift.base import Base, BaseKind, written_by
from fleetsync.errors import JournalError, ManifestError, SecretsError, UsageError
from fleetsync.journal.entry import DONE, ROTATE
from fleetsync.journal.folder import read_stored_run, run_names
from fleetsync.journal.run import Run
from fleetsync.manifest.load import load_fleet
from fleetsync.model import DeviceKey
from fleetsync.revision import opened_revision
from fleetsync.settings.fleet_file import load_settings
from fleetsync.tokens.reading import registered_devices


def base_of_revision(fleet: Fleet, revision: str) -> Base:
    """Read the manifests as of a revision, which was applied last; raises UsageError, FileError."""
    with opened_revision(fleet.settings.file, revision) as opened:
        file = opened.fleet_file
        try:
            then = load_settings(file)
            loaded = load_fleet(then.folder, then.manifests, fleet_file=then.file)
        except ManifestError as error:
            raise UsageError(
                f"--since {revision}: the manifests of that revision are not valid (links in it"
                f" are not followed), so they are no base: {error.problems[0]}"
            ) from error
    return Base(BaseKind.REVISION, f"{revision} ({opened.commit[:12]})", loaded)


def base_of_journal(fleet: Fleet, org: str) -> Base:
    """Give what the newest run on this fleet and org proves, if it was an apply that ended well."""
    registered = _registered(fleet, org)
    run = _newest(fleet, org)
    if run is None or run.head.undoes is not None or run.end is None or run.end.ended != DONE:
        return Base(registered=registered)
    if run.head.manifests == fleet.desired.digest:
        return Base(BaseKind.APPLIED, run.head.run, fleet.desired)
    return Base(BaseKind.RUN, run.head.run, None, written_by(run), registered)


def _newest(fleet: Fleet, org: str) -> Run | None:
    folder = fleet.settings.folder
    try:
        for name in run_names(folder):
            stored = read_stored_run(folder, name)
            if stored.damaged:
                return None
            run = stored.run
            if run is not None and run.head.command == ROTATE:
                continue  # it changed tokens alone
            if run is not None and (run.head.fleet, run.head.org) == (fleet.settings.fleet, org):
                return run
    except JournalError as error:
        warn(str(error))
    return None


def _registered(fleet: Fleet, org: str) -> frozenset[DeviceKey]:
    """Name the devices that have a valid token; no token is looked at, let alone shown."""
    try:
        return registered_devices(fleet.settings.secrets.file, org)
    except SecretsError as error:
        warn(f"{error}; nobody can tell by it which devices were registered once")
        return frozenset()
