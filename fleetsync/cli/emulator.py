"""Run the emulator until a signal stops it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from fleetsync.cli.options import Options, common_options, current_options
from fleetsync.cli.output import emit
from fleetsync.cli.progress import warn
from fleetsync.emulator.behaviour import describe_behaviour, parse_behaviour
from fleetsync.escape import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleetsync.emulator.authority import Authority
    from fleetsync.emulator.behaviour import Behaviour
    from fleetsync.emulator.running import Emulator

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command()
@common_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; 0, the default, takes a free one.",
)
@click.option(
    "--mqtt",
    "mqtt_port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Speak MQTT on this port, too; 0 takes a free one. Without it there is no MQTT.",
)
@click.option(
    "--tls",
    "ca_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CA_FILE",
    help="Speak nothing but TLS; the certificate of a CA made for this run goes into this file.",
)
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="SQLite file that keeps the org; made if missing. Without it the org is in memory.",
)
@click.option("--org", default="embedded", show_default=True, metavar="ID", help="Id of the org.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a switch or a fault, for example pageCap=25 or resetAfterWrite=20%; repeatable.",
)
@click.option(
    "--list-switches", is_flag=True, help="List switches and faults with their values, and end."
)
def emulator(
    host: str,
    port: int,
    mqtt_port: int | None,
    ca_file: Path | None,
    db: Path | None,
    org: str,
    assignments: tuple[str, ...],
    list_switches: bool,
) -> None:
    """Serve an emulated org over HTTP and MQTT until Ctrl-C or SIGTERM.

    When it is ready it prints one line with its addresses. WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN, if
    both are set, are the only credentials it takes; else it takes any. Faults make it fail on
    purpose, to rehearse; GET /emulator/faults shows those that struck.

    \b
    Example:
      fleetsync emulator --port 8080 --db .fleetsync/org.db --set metadataPut=merge
      fleetsync emulator --port 8443 --mqtt 8883 --tls ca.pem
      fleetsync emulator --port 8080 --set anyFault=20% --set faultsOn=POST,PUT --set faultSeed=7
    """  # noqa: D301  # \b is click's sign to keep line breaks
    options = current_options()
    if list_switches:
        emit(options, _switches, pager=True)
        return
    asked = _Asked(host, port, mqtt_port, ca_file, db, org)
    _serve(parse_behaviour(assignments), asked, options)


class _Asked(NamedTuple):
    """Where the emulator is to listen, and what it is to hold."""

    host: str
    port: int
    mqtt_port: int | None
    ca_file: Path | None
    db: Path | None
    org: str


def _switches(form: str) -> Iterator[str]:
    """Give switches and faults: name, values with the default, meaning."""
    if form == "json":
        yield json.dumps(_switch_table(), indent=2) + "\n"
        return
    for position, group in enumerate(describe_behaviour()):
        yield "\n" if position else ""
        yield f"{group.title}.\n"
        for each in group.settings:
            yield f"{each.name} ({each.values}; default {each.default or 'none'})\n"
            yield f"    {each.meaning}\n"


def _switch_table() -> list[dict[str, str]]:
    return [
        {"group": group.name, **each._asdict()}
        for group in describe_behaviour()
        for each in group.settings
    ]


def _ready(asked: _Asked, running: Emulator, form: str) -> Iterator[str]:
    """Give the one line that says where the emulator is."""
    scheme = "mqtts" if asked.ca_file else "mqtt"
    host = f"[{asked.host}]" if ":" in asked.host else asked.host
    mqtt = f"{scheme}://{host}:{running.mqtt_port}" if running.mqtt_port else None
    if form == "json":
        addresses = {
            "url": running.url,
            "mqtt": mqtt,
            "caFile": asked.ca_file and str(asked.ca_file),
        }
        given = {name: address for name, address in addresses.items() if address}
        yield json.dumps({"org": asked.org, **given}) + "\n"
        return
    yield f"fleetsync emulator: org {shown(asked.org)} at {running.url}"
    yield f", {mqtt}" if mqtt else ""
    yield f", caFile: {shown(str(asked.ca_file))}\n" if asked.ca_file else "\n"


def read_accounts(env: Mapping[str, str]) -> dict[str, str] | None:
    """Return the only account that the emulator takes, or None for any."""
    key, token = env.get("WIOTP_AUTH_KEY"), env.get("WIOTP_AUTH_TOKEN")
    return {key: token} if key and token else None


def _serve(behaviour: Behaviour, asked: _Asked, options: Options) -> None:
    # Imported here, so that --help and --list-switches work where the extra is not installed.
    from fleetsync.emulator.running import Place, run_emulator  # noqa: PLC0415 - see above
    from fleetsync.emulator.state import OrgState  # noqa: PLC0415 - see above

    accounts = read_accounts(os.environ)
    if asked.host not in _LOOPBACK and accounts is None:
        warn("any API key is accepted, from other machines too")
    with ExitStack() as stack:
        wait_for_end = stack.enter_context(_signals_kept())
        switches, faults = behaviour
        opened = OrgState.open(asked.db, org=asked.org, switches=switches, faults=faults)
        state = stack.enter_context(opened)
        place = Place(asked.host, asked.port, asked.mqtt_port, _make_authority(asked))
        running = stack.enter_context(run_emulator(state, place, accounts=accounts))
        emit(options, partial(_ready, asked, running))
        wait_for_end()


def _make_authority(asked: _Asked) -> Authority | None:
    """Make a CA and write its certificate, if there is to be TLS."""
    if asked.ca_file is None:
        return None
    from fleetsync.emulator.authority import Authority  # noqa: PLC0415 - as above

    authority = Authority(asked.host, asked.org)
    authority.write_certificate(asked.ca_file)
    return authority


@contextmanager
def _signals_kept() -> Iterator[Callable[[], object]]:
    """Keep SIGINT and SIGTERM back, in all threads; give what waits for one of them.

    A handler would have to wake the main thread, and one that comes just before that begins to wait
    does not. What is kept back is there when it is waited for.
    """
    ends = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        yield partial(signal.sigwait, ends)
    finally:
        while signal.sigtimedwait(ends, 0) is not None:
            pass  # one that comes twice says nothing new
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
