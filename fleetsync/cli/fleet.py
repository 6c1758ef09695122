"""Read the files of a fleet, for commands that ask an org and for those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fleetsync.cli.options import Options
from fleetsync.cli.policies import require_extras
from fleetsync.errors import ManifestError, Problem
from fleetsync.manifest.load import load_fleet
from fleetsync.model import DesiredFleet
from fleetsync.settings.fleet_file import declared_manifests, load_settings
from fleetsync.settings.settings import Settings


class Fleet(NamedTuple):
    """What the files say: fleet.yaml and the manifests."""

    settings: Settings
    desired: DesiredFleet


def open_fleet(options: Options) -> Fleet:
    """Read and check all files; raises ManifestError with every problem of every file."""
    try:
        settings = load_settings(options.fleet_path, org_url=options.org_url)
    except ManifestError as error:
        raise ManifestError([*error.problems, *_problems_of_manifests(options)]) from error
    require_extras(settings.policies)
    desired = load_fleet(settings.folder, settings.manifests, fleet_file=settings.file)
    return Fleet(settings, desired)


def _problems_of_manifests(options: Options) -> Sequence[Problem]:
    """Find what is wrong with the manifests of a fleet.yaml that is itself wrong."""
    file = options.fleet_path
    patterns = declared_manifests(file)
    try:
        if patterns is not None:
            load_fleet(file.parent, patterns, fleet_file=file)
    except ManifestError as error:
        return error.problems
    return ()
