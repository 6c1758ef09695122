"""The command ``status``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fleetsync.api.registry import Registry
from fleetsync.api.transport import Reader
from fleetsync.cli.fleet import Fleet, open_fleet
from fleetsync.cli.options import (
    FORMATS,
    Options,
    common_options,
    current_options,
    size_option,
)
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.page_assets import page_assets
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import Progress, notice
from fleetsync.cli.session import open_connection, utc_now
from fleetsync.cli.status_details import errors_of, seen_by_logs
from fleetsync.errors import ApiError, UsageError
from fleetsync.escape import shown
from fleetsync.model import DesiredFleet
from fleetsync.plan.limits import some_names
from fleetsync.report.html.status import status_html
from fleetsync.report.markdown.status import status_markdown
from fleetsync.report.status import status_json, status_text
from fleetsync.status import Connections, FleetStatus, count_fleet


@click.command()
@common_options
@size_option
@click.argument("types", nargs=-1, metavar="[TYPE]...")
@click.option(
    "--errors",
    "with_errors",
    is_flag=True,
    help="Read which error each device reports: a call for each that was seen.",
)
def status(types: tuple[str, ...], *, with_errors: bool) -> None:
    """Show how many devices are registered, were ever seen, are connected, report errors.

    Of the devices that the manifests declare, all or those of TYPE, by type; and by name those that
    are not registered, were never seen, are not connected, are in alert or report an error. Sends
    GET requests alone, as many as a plan, and as many again for the connections. What the org does
    not tell is shown as "?".

    \b
    Examples:
      fleetsync status
      fleetsync status pump --errors
      fleetsync status -v
      fleetsync status --format json
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(FORMATS)
    fleet = open_fleet(options)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    desired = _narrowed(fleet.desired, types)
    found = _read(options, fleet, desired, with_errors=with_errors)
    whole = options.command("status", *types, *(["--errors"] if with_errors else []), "-v")
    emit(options, lambda form: _pieces(found, options, form, whole), pager=True)


def _narrowed(desired: DesiredFleet, types: tuple[str, ...]) -> DesiredFleet:
    """Keep the types that were named; UsageError for what no manifest declares."""
    unknown = [each for each in types if each not in desired.types]
    if unknown:
        raise UsageError(
            f"no manifest declares type {', '.join(map(shown, unknown[:5]))}; name one of"
            f" {some_names(sorted(desired.types))}"
        )
    if not types:
        return desired
    chosen = {name: devices for name, devices in desired.devices.items() if name in types}
    return desired._replace(devices=chosen)


def _read(
    options: Options, fleet: Fleet, desired: DesiredFleet, *, with_errors: bool
) -> FleetStatus:
    with (
        open_connection(options, fleet.settings) as connection,
        Reader(connection, notify=notice) as reader,
    ):
        registry = Registry(reader)
        org = registry.organization().org_id
        with Progress("reading devices") as progress:
            listing = registry.devices(desired.devices.keys(), progress=progress.update)
        connections, doubts = _connections(registry)
        types = count_fleet(desired, listing.by_type, org, connections)
        if connections.states is None:
            types = seen_by_logs(types, desired, registry)
        if with_errors:
            types = errors_of(types, desired, registry, fleet.settings.calls_per_second)
        return FleetStatus(
            fleet.settings.fleet,
            org,
            utc_now(),
            types,
            connections.unknown,
            (*listing.doubts, *doubts),
            registry.requests,
        )


def _connections(registry: Registry) -> tuple[Connections, tuple[str, ...]]:
    """Ask who is connected; an org that does not tell leaves that unknown, never 'nobody'."""
    try:
        with Progress("reading connections") as progress:
            found = registry.client_states(progress=progress.update)
    except ApiError as error:
        return Connections(None, str(error)), ()
    return Connections(found.by_client), (found.doubt,) if found.doubt else ()


def _pieces(found: FleetStatus, options: Options, form: str, whole: str) -> Iterator[str]:
    if form == "json":
        yield from status_json(found)
    elif form == "markdown":
        yield status_markdown(found, whole=whole, max_bytes=options.max_bytes)
    elif form == "html":
        yield from status_html(found, page_assets(), whole=whole)
    else:
        yield from status_text(found, full=options.verbose)
