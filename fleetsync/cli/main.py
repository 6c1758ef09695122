"""Start a command, importing that one alone, and turn errors into exit codes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import click

import fleetsync
from fleetsync.cli.events import end_events
from fleetsync.cli.options import Options, common_options
from fleetsync.cli.output import ReaderGoneError
from fleetsync.cli.signals import interrupt_on_signals
from fleetsync.cli.streams import give_up_stdout, prepare_streams, say
from fleetsync.errors import FleetsyncError, InterruptedRunError
from fleetsync.escape import shown_lines

COMMANDS = {
    "validate": "Check fleet.yaml and the manifests; asks no org.",
    "plan": "Show what would change in the org; sends GET requests alone.",
    "drift": "Show what the org has that git did not say; sends GET requests alone.",
    "apply": "Change the org into what the manifests say.",
    "show": "Show a saved plan, in every form that `plan` has.",
    "undo": "Take back what an apply changed, from its journal.",
    "journal": "Show what earlier applies did, and what they left open.",
    "rotate": "Give devices new tokens, in waves that wait for devices to come back.",
    "status": "Show how many devices are registered, were ever seen, are connected, report errors.",
    "logs": "Show a device's connection log, diagnostic log and error codes.",
    "watch": "Show what devices publish, and which connect and go, as it happens.",
    "send": "Send a command to a device.",
    "publish": "Publish an event for a device.",
    "github": "Tell a plan on GitHub, and ask it what was approved.",
    "gitlab": "Tell a plan on GitLab.",
    "emulator": "Serve an emulated org over HTTP and MQTT until Ctrl-C or SIGTERM.",
}
"""Each command with its help in one line, so that --help imports none of them."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # click's signature
        """Name the commands in the order of a user's first day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; ``fleetsync.cli.NAME`` holds it under its own name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"fleetsync.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:  # click's signature
        """Find the command, or name the one that was meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = get_close_matches(name, COMMANDS, n=1)
            meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {name!r}; {meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(fleetsync.__version__, prog_name="fleetsync")
@common_options
def cli() -> None:
    """Keep a fleet of IoT devices in git.

    YAML manifests describe device types and devices; `plan` shows what would change in the org,
    `apply` carries it out and writes each new device's token to a private secrets file.

    \b
    Example, a first look:
      fleetsync -C examples/quickstart validate
      fleetsync -C examples/quickstart plan
      fleetsync -C examples/quickstart apply
    """  # noqa: D301  # \b is click's sign to keep line breaks


def main() -> None:
    """Run the command line; the exit codes are those of the README."""
    prepare_streams()
    interrupt_on_signals()
    code = run(sys.argv[1:])
    if code == InterruptedRunError.exit_code:
        _leave_at_once(code)
    sys.exit(code)


def _leave_at_once(code: int) -> None:
    """End with this very code: Python ends by SIGINT where the interrupt struck in an import."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(arguments: list[str], options: Options | None = None) -> int:
    """Run one command and give its exit code; ``options`` are what counts where none is given."""
    code, error = _run(arguments, options or Options())
    try:
        return end_events(code, error)
    except KeyboardInterrupt:  # the last event waited for a reader who is stuck
        return InterruptedRunError.exit_code


def _run(arguments: list[str], options: Options) -> tuple[int, FleetsyncError | None]:
    try:
        result = cli.main(arguments, prog_name="fleetsync", standalone_mode=False, obj=options)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code, None
    except click.ClickException as error:
        with suppress(OSError):  # nobody listens: the exit code tells enough
            error.show()
        return error.exit_code, FleetsyncError(error.format_message())
    except BrokenPipeError:
        give_up_stdout()
        return 1, ReaderGoneError("stdout: nobody reads it")
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nobody shall meet a traceback
        return _failed(_as_ours(error))
    return result if isinstance(result, int) else 0, None


def _as_ours(error: BaseException) -> FleetsyncError:
    """Give any failure in our own words."""
    if isinstance(error, FleetsyncError):
        return error
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return InterruptedRunError("interrupted; run again to go on")
    if isinstance(error, OSError):
        give_up_stdout()
        where = f"{error.filename}: " if error.filename else ""
        words = error.strerror or type(error).__name__
        return FleetsyncError(f"{where}{words}; nothing more was done; mend that, and run again")
    return FleetsyncError(
        f"fleetsync itself is at fault ({type(error).__name__} in {_place_of(error)}); nothing more"
        " was done; please report this line and the command that you ran"
    )


def _place_of(error: BaseException) -> str:
    """Say where it happened; the words of such an error may hold anything, so they stay unsaid."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _failed(error: FleetsyncError) -> tuple[int, FleetsyncError]:
    if not isinstance(error, ReaderGoneError):
        say(f"Error: {shown_lines(str(error))}")
    return error.exit_code, error
