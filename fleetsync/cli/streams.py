"""Keep the standard streams usable, wherever they lead: nowhere, to a full disk, to old locales."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

import click

from fleetsync.report.terminal.fold import folded

_STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}
"""The standard streams in the order of their descriptors, with their modes."""


def prepare_streams() -> None:
    """Give each stream that is closed a place to go, and each character a way to be written.

    A closed descriptor would go to the next file that is opened, such as the secrets file, and
    words for stderr would end up in there.
    """
    for number, (name, mode) in enumerate(_STREAMS.items()):
        if getattr(sys, name) is None:
            _lead_nowhere(number)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _lead_nowhere(number: int) -> None:
    descriptor = os.open(os.devnull, os.O_RDWR)
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)


def tell(text: str, *, nl: bool = True) -> None:
    """Write to stderr; that nobody can hear it is no reason to stop working."""
    with suppress(OSError):
        click.echo(text, nl=nl, err=True)


def say(text: str) -> None:
    """Write lines to stderr, folded where a terminal is narrower."""
    columns = stderr_columns()
    for line in text.split("\n"):
        tell("\n".join(folded(line, columns)) if columns else line)


def give_up_stdout() -> None:
    """Let all further output vanish, also what Python would still write when it ends."""
    with suppress(OSError):  # a stdout that is no file has nothing to give up
        _lead_nowhere(sys.stdout.fileno())
        sys.stdout.flush()


def stderr_columns() -> int:
    """Give the width of the terminal that stderr leads to; 0 if it is none that can redraw."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return 0
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
