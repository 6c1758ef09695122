"""Name the files that no result may ever replace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fleetsync.cli.options import Options
from fleetsync.errors import ManifestError
from fleetsync.manifest import find_files, find_tables
from fleetsync.settings.fleet_file import declared_manifests, load_settings
from fleetsync.settings.settings import EmbeddedOrg, Settings

_USUAL_MANIFESTS = ("manifests",)


def precious_files(options: Options) -> Iterator[Path]:
    """Give the files of the fleet's own, as far as a fleet.yaml that is wrong lets know them.

    Nothing is read before the first file is asked for.
    """
    file = options.fleet_path
    yield file
    if options.credentials is not None:
        yield options.credentials
    try:
        # Without --org-url: an embedded org that is not asked this time is precious all the same.
        settings = load_settings(file)
    except ManifestError:
        patterns = declared_manifests(file) or _USUAL_MANIFESTS
    else:
        patterns = settings.manifests
        yield from _named(settings)
    manifests = find_files(file.parent, patterns).files
    yield from manifests
    yield from find_tables(file.parent, manifests)


def _named(settings: Settings) -> Iterator[Path]:
    yield settings.secrets.file
    if settings.ca_file is not None:
        yield settings.ca_file
    if isinstance(settings.org, EmbeddedOrg):
        yield settings.org.path
    yield from (settings.folder / each.file for each in settings.policies if each.file)
