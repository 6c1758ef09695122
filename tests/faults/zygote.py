"""Be the parent of many quick runs of fleetsync: import all of it once, then fork for each run.

Started as ``python -m tests.faults.zygote``; takes an Order as a line of JSON on stdin, and answers
each with an End on stdout. It has no threads, so that forking it is sound.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

import fleetsync
from fleetsync.cli.main import main
from tests.faults.doors import Doors, Fate

HUNG = 1000
"""Stands for the exit code of a run that did not end."""

_PATIENCE = 60.0
_GLANCE = 0.001


class Order(NamedTuple):
    """A run to be made: where its output goes, and how it is to die, if it is to die."""

    arguments: list[str]
    folder: str
    stdout: str
    stderr: str
    at: int = 0
    side: str = "before"
    kill_after: float = 0.0
    passed: str = ""
    """Where to write the names of the doors that were passed, once the run has ended."""


class End(NamedTuple):
    """How a run ended: its exit code, negative for a signal, and how long it took."""

    code: int
    seconds: float


def serve() -> None:
    """Carry out orders until there are no more."""
    for module in pkgutil.walk_packages(fleetsync.__path__, "fleetsync."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    gc.freeze()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            _be_fleetsync(order)
        code = _wait(child, order.kill_after)
        print(json.dumps(End(code, time.monotonic() - begun)._asdict()), flush=True)  # noqa: T201


def _be_fleetsync(order: Order) -> NoReturn:
    """Run the command line as its own process would, and leave without coming back."""
    code = 70
    try:
        _redirect(order)
        doors = Doors(Fate(order.at, order.side))
        doors.install()
        sys.argv = ["fleetsync", *order.arguments]
        try:
            main()
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 1
        passed = list(doors.passed)
        sys.stdout.flush()
        sys.stderr.flush()
        if order.passed:
            Path(order.passed).write_text(json.dumps(passed), "utf-8")
    except BaseException:  # noqa: BLE001 - it is told, and nothing may come back
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(code)


def _redirect(order: Order) -> None:
    os.chdir(order.folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (path, how) in enumerate(
        [(os.devnull, os.O_RDONLY), (order.stdout, flags), (order.stderr, flags)]
    ):
        descriptor = os.open(path, how, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)  # the old one holds orders


def _wait(child: int, kill_after: float) -> int:
    """Give the exit code; kill the child at its moment, or when it does not end."""
    begun = time.monotonic()
    hung = False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return HUNG if hung else os.waitstatus_to_exitcode(status)
        passed = time.monotonic() - begun
        hung = passed > _PATIENCE
        if hung or 0 < kill_after <= passed:
            os.kill(child, signal.SIGKILL)
        time.sleep(_GLANCE)


if __name__ == "__main__":
    serve()
