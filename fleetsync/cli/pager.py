"""Show long text through a pager, as git does: only on a terminal, and gone without a trace."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fleetsync.cli.options import Options

_LESS = "FRX"
"""For less: end at once where all fits, let colours through, leave the text on the screen.

A LESS of the user's own counts in its place; colours are let through all the same.
"""
_NONE = {"", "cat"}


def pager_command(options: Options) -> list[str]:
    """Give the pager to use; empty where there is none, or nobody who could turn pages."""
    if not (options.pager and sys.stdin.isatty() and sys.stdout.isatty()):
        return []
    if os.environ.get("TERM", "dumb") == "dumb":
        return []
    wished = os.environ.get("PAGER", "less").strip()
    try:
        command = [] if wished in _NONE else shlex.split(wished)
    except ValueError:  # a quote that is not closed
        return []
    if not command or not shutil.which(command[0]):
        return []
    return [*command, "-R"] if Path(command[0]).name == "less" else command


def page(command: list[str], lines: Iterable[str]) -> None:
    """Feed lines to a pager until it has all or was left; who leaves it early has seen enough.

    Raises OSError if it cannot be started.
    """
    environment = {**os.environ, "LESS": os.environ.get("LESS", _LESS)}
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as pager,  # noqa: S603 - the user's own choice
        _keys_are_the_pagers(),
    ):
        try:
            _feed(pager.stdin, lines)
        except KeyboardInterrupt:  # SIGTERM or SIGHUP: Ctrl-C is a key of the pager
            pager.terminate()
            raise


def _feed(stdin: IO[bytes] | None, lines: Iterable[str]) -> None:
    if stdin is None:
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        for line in lines:
            stdin.write(line.encode(encoding, "backslashreplace"))
    except BrokenPipeError:
        pass
    finally:
        with suppress(BrokenPipeError):
            stdin.close()


@contextmanager
def _keys_are_the_pagers() -> Iterator[None]:
    """Let Ctrl-C stop what the pager does, not us: it would fight with the shell for the keys."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
