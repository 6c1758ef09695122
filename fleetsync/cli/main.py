"""Start a command, importing that one alone, and turn errors into exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

import fleetsync
from fleetsync.cli.options import common_options
from fleetsync.errors import FleetsyncError, InterruptedRunError
from fleetsync.escape import shown_lines

COMMANDS = {
    "validate": "Check fleet.yaml and the manifests; asks no org.",
    "plan": "Show what would change in the org; sends GET requests alone.",
    "apply": "Change the org into what the manifests say.",
    "emulator": "Serve an emulated org over HTTP until Ctrl-C or SIGTERM.",
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
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    try:
        result = cli.main(arguments, prog_name="fleetsync", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return _stop_writing()
    except (FleetsyncError, click.Abort, KeyboardInterrupt, OSError) as error:
        return _fail(_as_ours(error))
    return result if isinstance(result, int) else 0


def _as_ours(error: BaseException) -> FleetsyncError:
    """Give any failure that a user can meet in our own words."""
    if isinstance(error, FleetsyncError):
        return error
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        words = error.strerror or type(error).__name__
        return FleetsyncError(f"{where}{words}; nothing more was done")
    return InterruptedRunError("interrupted")


def _fail(error: FleetsyncError) -> int:
    text = str(error)
    if text:
        click.echo(f"Error: {shown_lines(text)}", err=True)
    return error.exit_code


def _stop_writing() -> int:
    """Say no more: the reader of our output went away, as ``head`` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
