"""Turn the first SIGINT or SIGTERM into a wish to stop; a second one stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(notice: Callable[[str], None]) -> Iterator[Event]:
    """Give an event that the first signal sets; the handlers are put back at the end."""
    stop = Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        stop.set()
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        notice(f"{signal.Signals(number).name}: finishing what was begun; once more stops at once")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
