"""The command ``watch``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from fleetsync.cli.events import begin_events, is_any_stream_lost, tell_event
from fleetsync.cli.messages import application, find_place, messaging_option
from fleetsync.cli.options import JSONL, Options, common_options, current_options
from fleetsync.cli.output import check_outputs
from fleetsync.cli.precious import precious_files
from fleetsync.cli.progress import notice, warn
from fleetsync.errors import FileError
from fleetsync.escape import shown
from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.message import Message
from fleetsync.messaging.topic import ANY, check_part
from fleetsync.report.message import message_facts, message_line
from fleetsync.settings import load_settings

_KINDS = ("event", "status", "command", "app")
_SLICE = 0.5
"""Seconds after which a quiet stream looks whether it is time to end."""


@click.command()
@common_options
@click.argument("devices", nargs=-1, metavar="[TYPE[/DEVICE]]...")
@click.option("--event", "events", multiple=True, metavar="NAME", help="Only events of this name.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    help="What to show; repeatable.  [default: event, status]",
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N messages.")
@click.option(
    "--for", "seconds", type=click.FloatRange(0), metavar="SECONDS", help="End after so long."
)
@messaging_option
def watch(
    devices: tuple[str, ...],
    events: tuple[str, ...],
    kinds: tuple[str, ...],
    count: int | None,
    seconds: float | None,
    messaging_url: str | None,
) -> None:
    """Show what devices publish, and which connect and go, as it happens.

    All devices of the org, or those that are named: TYPE for all of a type. Ends at Ctrl-C, or as
    told. A lost connection is told and comes back by itself. Nothing is kept for a later watch.

    \b
    Examples:
      fleetsync watch
      fleetsync watch thermostat/lobby-01 thermostat/lobby-02 --event alarm
      fleetsync watch thermostat --format jsonl --for 3600 > hour.jsonl
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options(("text",), streams=True)
    scopes = _scopes(devices)
    for name in events:
        check_part("the event", name)
    settings = load_settings(options.fleet_path, org_url=options.org_url)
    check_outputs([path for _, path in options.outputs], precious=precious_files(options))
    place = find_place(options, settings, messaging_url)
    begin_events(options)
    with ExitStack() as stack:
        shows = [*_on_stdout(options), *_in_files(options, stack)]
        messaging = stack.enter_context(application(options, place, warn))
        _subscribe(messaging, scopes, events, frozenset(kinds or ("event", "status")))
        notice(f"watching {place.endpoint} as {messaging.client_id}; Ctrl-C ends it")
        _show(messaging, shows, count, seconds)


def _scopes(devices: Sequence[str]) -> list[tuple[str, str]]:
    scopes = []
    for name in devices or (ANY,):
        type_id, slash, device_id = name.partition("/")
        check_part("the device type", type_id, or_any=True)
        if slash:
            check_part("the device", device_id, or_any=True)
        scopes.append((type_id, device_id or ANY))
    return scopes


def _subscribe(
    messaging: ApplicationMessaging,
    scopes: Sequence[tuple[str, str]],
    events: Sequence[str],
    kinds: frozenset[str],
) -> None:
    for type_id, device_id in scopes:
        if "status" in kinds:
            messaging.subscribe_to_device_status(type_id, device_id)
        if "command" in kinds:
            messaging.subscribe_to_device_commands(type_id, device_id)
        if "event" in kinds:
            for event in events or (ANY,):
                messaging.subscribe_to_device_events(type_id, device_id, event)
    if "app" in kinds:
        messaging.subscribe_to_application_status()


def _on_stdout(options: Options) -> Iterator[Callable[[Message], None]]:
    if options.format != JSONL:
        yield _writer(sys.stdout, full=options.verbose)


def _in_files(options: Options, stack: ExitStack) -> Iterator[Callable[[Message], None]]:
    for form, path in options.outputs:
        if form != JSONL:
            yield _writer(stack.enter_context(_opened(path)), full=options.verbose)


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise FileError(
            f"{shown(str(path))}: cannot be written: {error.strerror}; choose another place"
        ) from error


def _writer(file: TextIO, *, full: bool) -> Callable[[Message], None]:
    def write(message: Message) -> None:
        file.write(message_line(message, datetime.now(UTC), full=full))

    return write


def _show(
    messaging: ApplicationMessaging,
    shows: Sequence[Callable[[Message], None]],
    count: int | None,
    seconds: float | None,
) -> None:
    """Show what comes until it is enough; a quiet stream is flushed, a busy one writes in bulk."""
    end = None if seconds is None else time.monotonic() + seconds
    told = dropped = 0
    while not _is_over(told, count, end) and not is_any_stream_lost():
        for message in messaging.messages(_wait(end)):
            for show in shows:
                show(message)
            tell_event("message", message_facts(message))
            told += 1
            if not messaging.waiting:
                sys.stdout.flush()
            if _is_over(told, count, end) or is_any_stream_lost():
                break
        dropped = _tell_dropped(messaging, dropped)
    _tell_dropped(messaging, dropped)


def _wait(end: float | None) -> float:
    left = _SLICE if end is None else end - time.monotonic()
    return max(0.0, min(_SLICE, left))


def _is_over(told: int, count: int | None, end: float | None) -> bool:
    return (count is not None and told >= count) or (end is not None and time.monotonic() >= end)


def _tell_dropped(messaging: ApplicationMessaging, before: int) -> int:
    if messaging.dropped > before:
        warn(
            f"{messaging.dropped - before:,} messages came faster than they could be shown, and"
            " were dropped; name fewer devices or events"
        )
    return messaging.dropped
