"""Run the commands of policies: no shell, no credentials, no end that is waited for in vain."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from fleetsync.policy.command import Ending
from fleetsync.policy.policy import Command

_SEEN = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_ALL")
"""All that a command sees of our environment; credentials are not among it, however named."""
_KEPT_BYTES = 256 * 1024
_CHUNK_BYTES = 64 * 1024
_TICK_SECONDS = 0.1
_LINGER_SECONDS = 1.0
"""So long what a command has left behind may go on writing after it ended."""


@contextmanager
def plan_file(pieces: Iterable[str]) -> Iterator[IO[bytes]]:
    """Write a plan where commands can read it: a file without a name, which ends with us."""
    with TemporaryFile() as file:
        for piece in pieces:
            file.write(piece.encode("ascii"))
        yield file


def run_command(
    command: Command, plan: IO[bytes], *, folder: Path, env: Mapping[str, str]
) -> Ending:
    """Run a command in ``folder`` with the plan as its stdin, and tell how it ended."""
    plan.seek(0)
    try:
        # No shell, and the words are those of fleet.yaml, which is trusted as code is.
        process = subprocess.Popen(  # noqa: S603 - see above
            [_program(command.words[0], folder), *command.words[1:]],
            cwd=folder,
            env={name: env[name] for name in (*_SEEN, *command.environment) if name in env},
            stdin=plan,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that it can be stopped with all that it started
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Ending(failure=f"its command {command.words[0]} cannot be run: {reason}")
    with process:
        try:
            return _watch(process, command.timeout)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _program(word: str, folder: Path) -> str:
    return str((folder / word).absolute()) if "/" in word else word


def _watch(process: subprocess.Popen[bytes], seconds: float) -> Ending:
    """Read what the command writes until it ends; only the first of it is kept."""
    output = bytearray()
    deadline = time.monotonic() + seconds
    cut = False
    for chunk in _chunks(process, deadline):
        room = _KEPT_BYTES - len(output)
        output += chunk[:room]
        cut |= len(chunk) > room
    code = process.poll()
    if code is None:
        with suppress(subprocess.TimeoutExpired):  # it may have closed its output and work on
            code = process.wait(max(0.0, deadline - time.monotonic()))
    failure = f"its command did not end within {seconds:g} s" if code is None else ""
    return Ending(code or 0, bytes(output), failure, cut)


def _chunks(process: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """Give what is written, until nobody can write any more or there is no time left."""
    stream = process.stdout
    if stream is None:
        return
    ended_at: float | None = None
    with selectors.DefaultSelector() as ready:
        ready.register(stream, selectors.EVENT_READ)
        while (now := time.monotonic()) < deadline:
            if ended_at is None and process.poll() is not None:
                ended_at = now
            if ended_at is not None and now - ended_at > _LINGER_SECONDS:
                return
            if ready.select(min(_TICK_SECONDS, deadline - now)):
                chunk = os.read(stream.fileno(), _CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk
