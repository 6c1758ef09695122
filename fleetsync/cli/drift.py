"""The command ``drift``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.cli.drift_base import base_of_journal, base_of_revision
from fleetsync.cli.drift_write import write_drift
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.options import FORMATS, Options, common_options, current_options, size_option
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.page_assets import page_assets
from fleetsync.cli.plan import CHANGES, location_options, look_at_org
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import notice
from fleetsync.cli.session import Look, open_connection, utc_now
from fleetsync.drift.classify import Sides, find_drift
from fleetsync.drift.finding import Accepted, Drift
from fleetsync.model import DesiredFleet, DeviceType, LiveFleet, Source
from fleetsync.model.reserved import is_reserved_type
from fleetsync.report.drift import drift_text
from fleetsync.report.drift_json import drift_json
from fleetsync.report.html.drift import drift_html
from fleetsync.report.markdown.drift import drift_markdown


@click.command()
@common_options
@size_option
@click.option(
    "--since",
    metavar="REV",
    help="Hold both sides against the manifests of this git revision, which was applied last.",
)
@click.option(
    "--exit-code",
    "by_exit_code",
    is_flag=True,
    help="Exit with 3 if the org moved, or may have; with 0 if only changes of git are pending.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Take drift over into the manifests; comments, order and every other byte stay.",
)
@click.option(
    "--unmanaged",
    is_flag=True,
    help="Also tell the devices of types that no manifest speaks of; reads their lists.",
)
@location_options
def drift(
    since: str | None,
    by_exit_code: bool,
    write: bool,
    unmanaged: bool,
    refresh_locations: bool,
    verify_locations: int,
) -> int:
    """Show what the org has that git did not say; sends GET requests alone.

    What git has that the org does not yet is told apart, as pending. Unmanaged devices are
    told with who registered them and when.

    \b
    Examples:
      fleetsync drift
      fleetsync drift --since HEAD --exit-code
      fleetsync drift --since applied --format json
      fleetsync drift --since HEAD --write
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(FORMATS)
    fleet = open_fleet(options)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    look = Look(refresh_locations, verify_locations)
    found = _found(options, fleet, look, since, unmanaged=unmanaged)
    written = write_drift(found, fleet) if write else None
    whole = options.command("drift", *(("--since", since) if since else ()), "-v")
    emit(options, lambda form: _pieces(found, written, options, form, whole))
    return CHANGES if by_exit_code and found.moved else 0


def _found(
    options: Options, fleet: Fleet, look: Look, since: str | None, *, unmanaged: bool
) -> Drift:
    settings = fleet.settings
    base = None if since is None else base_of_revision(fleet, since)
    with (
        open_connection(options, settings) as connection,
        Reader(connection, notify=notice) as reader,
    ):
        registry = Registry(reader)
        others = _nobodys_types(registry, fleet.desired) if unmanaged else {}
        live = look_at_org(_with_types(fleet, others), registry, look)
    live = _counted_again(live, others)
    base = base or base_of_journal(fleet, live.org)
    sides = Sides(fleet.desired, live, base, settings.prune)
    return find_drift(sides, fleet=settings.fleet, made_at=utc_now())


def _nobodys_types(registry: Registry, desired: DesiredFleet) -> dict[str, DeviceType]:
    """Give the types that no manifest speaks of, as if one declared them, to be read along."""
    names = registry.device_types().items.keys() - desired.types.keys()
    return {
        name: DeviceType(name, Source("", 0))
        for name in sorted(names - desired.removed_types.keys())
        if not is_reserved_type(name)
    }


def _with_types(fleet: Fleet, others: dict[str, DeviceType]) -> Fleet:
    types = {**fleet.desired.types, **others}
    return fleet._replace(desired=fleet.desired._replace(types=types))


def _counted_again(live: LiveFleet, others: dict[str, DeviceType]) -> LiveFleet:
    """Count what was read along as what it is: unmanaged."""
    return live._replace(
        unmanaged_types=live.unmanaged_types + len(others),
        unmanaged_devices=live.unmanaged_devices
        + sum(len(live.devices.get(name, ())) for name in others),
    )


def _pieces(
    found: Drift, written: Accepted | None, options: Options, form: str, whole: str
) -> Iterator[str]:
    if form == "json":
        yield from drift_json(found, written)
    elif form == "markdown":
        yield drift_markdown(found, whole=whole, max_bytes=options.max_bytes, written=written)
    elif form == "html":
        yield from drift_html(found, page_assets(), whole=whole, written=written)
    else:
        yield from drift_text(found, full=options.verbose, written=written)
