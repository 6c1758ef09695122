"""A signal that comes at any line of the waiting ends it."""

from __future__ import annotations

import subprocess
import sys

SIGNAL_AT_EACH_LINE = """
import os, signal, sys, time
from fleetsync.cli.signals import stop_on_signals

def ends_when_struck_at(line):
    left = iter(range(line))

    def strike(frame, event, argument):
        nonlocal left
        if left and next(left, None) is None:
            left = None
            os.kill(os.getpid(), signal.SIGTERM)
        return strike

    with stop_on_signals(quiet=True) as stop:
        sys.settrace(strike)
        heard = stop.wait(60)
        sys.settrace(None)
    return heard

print({ends_when_struck_at(line) for line in range(12)})
"""


def test_a_signal_is_heard_whatever_line_of_the_waiting_it_interrupts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_AT_EACH_LINE],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == ("{True}\n", "")
