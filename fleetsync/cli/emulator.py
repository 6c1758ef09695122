"""Run the emulator until a signal stops it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetsync.emulator.switches import describe_switches, parse_switches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.emulator.switches import Switches

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; 0, the default, takes a free one.",
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
    help="Set a switch, for example pageCap=25; repeatable.",
)
@click.option("--list-switches", is_flag=True, help="List the switches and their values, and end.")
def emulator(
    host: str,
    port: int,
    db: Path | None,
    org: str,
    assignments: tuple[str, ...],
    list_switches: bool,
) -> None:
    """Serve an emulated org over HTTP until Ctrl-C or SIGTERM.

    When it is ready it prints one line with its address. WIOTP_AUTH_KEY and WIOTP_AUTH_TOKEN, if
    both are set, are the only credentials it takes; else it takes any.

    \b
    Example:
      fleetsync emulator --port 8080 --db .fleetsync/org.db --set metadataPut=merge
    """  # noqa: D301  # \b is click's sign to keep line breaks
    if list_switches:
        click.echo(switch_table())
        return
    _serve(parse_switches(assignments), host=host, port=port, db=db, org=org)


def switch_table() -> str:
    """Return the switches as lines of text: name, values with the default, meaning."""
    lines = []
    for switch in describe_switches():
        lines.append(f"{switch.name} ({switch.values}; default {switch.default})")
        lines.append(f"    {switch.meaning}")
    return "\n".join(lines)


def read_accounts(env: Mapping[str, str]) -> dict[str, str] | None:
    """Return the only account that the emulator takes, or None for any."""
    key, token = env.get("WIOTP_AUTH_KEY"), env.get("WIOTP_AUTH_TOKEN")
    return {key: token} if key and token else None


def _serve(switches: Switches, *, host: str, port: int, db: Path | None, org: str) -> None:
    # Imported here, so that --help and --list-switches work where the extra is not installed.
    from fleetsync.emulator.running import run_emulator  # noqa: PLC0415 - see above
    from fleetsync.emulator.state import OrgState  # noqa: PLC0415 - see above

    stopped = _stop_on_signal()
    accounts = read_accounts(os.environ)
    if host not in _LOOPBACK and accounts is None:
        click.echo("warning: any API key is accepted, from other machines too", err=True)
    with ExitStack() as stack:
        state = stack.enter_context(OrgState.open(db, org=org, switches=switches))
        running = stack.enter_context(run_emulator(state, host=host, port=port, accounts=accounts))
        click.echo(f"fleetsync emulator: org {org} at {running.url}")
        stopped.wait()


def _stop_on_signal() -> threading.Event:
    """Return an event that SIGINT or SIGTERM sets."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped
