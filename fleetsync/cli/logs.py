"""The command ``logs``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

import click

from fleetsync.cli.device_name import device_argument
from fleetsync.cli.options import (
    PLAIN_FORMATS,
    Options,
    common_options,
    current_options,
    size_option,
)
from fleetsync.cli.output import check_outputs, emit
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import notice
from fleetsync.cli.question import can_ask, is_wanted
from fleetsync.cli.session import open_connection
from fleetsync.client import ApplicationClient
from fleetsync.errors import ApiError, FleetsyncError, RefusedError
from fleetsync.model import DeviceKey
from fleetsync.report.device_logs import (
    SEVERITIES,
    DeviceLogs,
    Done,
    done_json,
    done_text,
    logs_json,
    logs_text,
)
from fleetsync.report.markdown.device_logs import done_markdown, logs_markdown
from fleetsync.settings import load_settings

T = TypeVar("T")

_FORMS = (*PLAIN_FORMATS, "markdown")
_THINGS = {"diagnostics": ("diagnostics",), "errors": ("errors",), "all": ("diagnostics", "errors")}
_WORDS = {"diagnostics": "diagnostic log", "errors": "error codes"}
_NAMES = {"diagnostics": "diagnosticLog", "errors": "errorCodes"}
_MOST_CONNECTIONS = 20  # the platform gives no more in one answer (platform page 6.3)


class Entry(NamedTuple):
    """What shall be added: a message with what belongs to it, an error code, or both."""

    message: str | None
    severity: str | None
    data: str | None
    code: int | None


@click.command()
@common_options
@size_option
@device_argument
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST_CONNECTIONS),
    default=_MOST_CONNECTIONS,
    show_default=True,
    help="Show so many entries of the connection log, the newest.",
)
@click.option("--add", "message", metavar="TEXT", help="Add an entry to the diagnostic log.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="How bad it is, with --add.")
@click.option("--data", metavar="TEXT", help="What else belongs to the entry, with --add.")
@click.option("--add-error", "code", type=int, metavar="CODE", help="Add an error code.")
@click.option(
    "--clear",
    type=click.Choice([*_THINGS]),
    help="Delete the diagnostic log, the error codes, or both, for good; asks first.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask before --clear.")
def logs(
    device: DeviceKey,
    limit: int,
    message: str | None,
    severity: str | None,
    data: str | None,
    code: int | None,
    clear: str | None,
    yes: bool,
) -> None:
    """Show a device's connection log, diagnostic log and error codes.

    Or adds to the last two, or clears them; with both, they are cleared first. The platform shows
    a connection after some 30 seconds, the others after 10.

    \b
    Examples:
      fleetsync logs thermostat/lobby-01
      fleetsync logs thermostat/lobby-01 --format json
      fleetsync logs thermostat/lobby-01 --add "Filter changed" --severity information
      fleetsync logs thermostat/lobby-01 --clear all
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(_FORMS)
    if message is None and (severity, data) != (None, None):
        raise click.UsageError("--severity and --data belong to --add")
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    entry = Entry(message, severity, data, code)
    things = _THINGS[clear] if clear else ()
    if not things and (message, code) == (None, None):
        _show(options, device, limit)
    else:
        _change(options, device, things, entry, yes=yes)


def _show(options: Options, device: DeviceKey, limit: int) -> None:
    settings = load_settings(options.fleet_path, org_url=options.org_url)
    with (
        open_connection(options, settings) as connection,
        ApplicationClient(connection, notify=notice) as client,
    ):
        calls = client.diagnostics
        diagnostics = _of(device, calls.get_all_diagnostic_logs)
        errors = _of(device, calls.get_all_diagnostic_error_codes)
        log = client.connections.get_device_connection_logs(*device, {"limit": limit})
    found = DeviceLogs(device, log, diagnostics, errors)
    emit(options, lambda form: _log_pieces(found, options, form), pager=True)


def _change(
    options: Options, device: DeviceKey, things: Iterable[str], entry: Entry, *, yes: bool
) -> None:
    """Clear, then add; whatever fails, what was done before is told."""
    settings = load_settings(options.fleet_path, org_url=options.org_url)
    if things and not yes:
        _confirm(device, things)
    done: list[Done] = []
    try:
        with (
            open_connection(options, settings) as connection,
            ApplicationClient(connection, notify=notice) as client,
        ):
            for step in _steps(client, things, entry):
                done.append(_of(device, step))  # noqa: PERF401 - it counts if the next one fails
    except FleetsyncError:
        if done:
            emit(options, lambda form: _done_pieces(device, done, form))
        raise
    emit(options, lambda form: _done_pieces(device, done, form))


def _confirm(device: DeviceKey, things: Iterable[str]) -> None:
    what = " and the ".join(_WORDS[thing] for thing in things)
    if not can_ask():
        raise RefusedError("nobody can be asked here: run again with --yes")
    if not is_wanted(f"Clear the {what} of {device} for good?"):
        raise RefusedError("not confirmed; nothing was changed")


def _steps(
    client: ApplicationClient, things: Iterable[str], entry: Entry
) -> Iterator[Callable[[str, str], Done]]:
    """Give what is to be done to the device, one request each."""
    for thing in things:
        yield partial(_clear, client, thing)
    if entry.message is not None:
        yield partial(_add_log, client, entry, entry.message)
    if entry.code is not None:
        yield partial(_add_code, client, entry.code)


def _clear(client: ApplicationClient, thing: str, type_id: str, device_id: str) -> Done:
    calls = client.diagnostics
    clear = {"diagnostics": calls.clear_all_diagnostic_logs, "errors": calls.clear_all_error_codes}
    clear[thing](type_id, device_id)
    return Done("cleared", _NAMES[thing], f"cleared the {_WORDS[thing]}")


def _add_log(
    client: ApplicationClient, entry: Entry, message: str, type_id: str, device_id: str
) -> Done:
    log = {
        "message": message,
        "severity": SEVERITIES.index(entry.severity or SEVERITIES[0]),
        "data": entry.data,
    }
    client.diagnostics.add_diagnostic_log(type_id, device_id, log)
    return Done("added", _NAMES["diagnostics"], "added an entry to the diagnostic log")


def _add_code(client: ApplicationClient, code: int, type_id: str, device_id: str) -> Done:
    client.diagnostics.add_error_code(type_id, device_id, {"errorCode": code})
    return Done("added", _NAMES["errors"], f"added the error code {code}")


def _of(device: DeviceKey, call: Callable[[str, str], T]) -> T:
    try:
        return call(*device)
    except ApiError as error:
        if error.status != 404:
            raise
    raise FleetsyncError(
        f"{device}: the org has no such device, or this API key may not see it; compare the name "
        "with the manifests"
    )


def _log_pieces(found: DeviceLogs, options: Options, form: str) -> Iterable[str]:
    whole = options.command("logs", str(found.device), "-v")
    if form == "json":
        return logs_json(found)
    if form == "markdown":
        return [logs_markdown(found, whole=whole, max_bytes=options.max_bytes)]
    return logs_text(found, full=options.verbose, whole=whole)


def _done_pieces(device: DeviceKey, done: list[Done], form: str) -> Iterable[str]:
    if form == "json":
        return done_json(device, done)
    if form == "markdown":
        return done_markdown(str(device), done)
    return done_text(device, done)
