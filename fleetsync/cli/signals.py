"""Turn signals into an end that leaves nothing half done."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from fleetsync.errors import InterruptedRunError
from fleetsync.stop import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STDERR = 2


def interrupt_on_signals() -> None:
    """Let SIGTERM and SIGHUP do what Ctrl-C does, so that every end is told and cleaned up."""
    for number in _heard():
        signal.signal(number, signal.default_int_handler)


@contextmanager
def stop_on_signals(*, quiet: bool = False) -> Iterator[Stop]:
    """Give a flag that the first signal sets; a second signal ends the process at once.

    ``quiet``: whoever sees the flag says so. The handlers are put back at the end.
    """
    stop = Stop()

    def on_first(number: int, _frame: FrameType | None) -> None:
        stop.set()
        for each in _heard():
            signal.signal(each, _end_at_once)
        name = signal.Signals(number).name
        if not quiet:
            _write(f"{name}: finishing what was begun; once more stops at once\n")

    before = {number: signal.signal(number, on_first) for number in _heard()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heard() -> list[signal.Signals]:
    """Give the signals to act on: what nohup or a shell told us to ignore stays ignored."""
    return [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    _write("")
    os._exit(InterruptedRunError.exit_code)


def _write(text: str) -> None:
    """Write past Python's buffers: the signal may have come while one of them was in use."""
    with suppress(OSError):
        line_end = "\n" if os.isatty(_STDERR) else ""  # a bar, or the ^C that the terminal shows
        os.write(_STDERR, f"{line_end}{text}".encode())
