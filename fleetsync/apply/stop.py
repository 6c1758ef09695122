"""Stop between two requests when a signal asked for it."""

from __future__ import annotations

from fleetsync.apply.hands import Hands
from fleetsync.errors import InterruptedRunError


def raise_if_stopped(hands: Hands) -> None:
    """Raise InterruptedRunError if a signal came; the request in flight is finished by then."""
    if hands.stop.is_set():
        raise InterruptedRunError(
            "interrupted: what was begun was finished, the rest was not tried; run again to go on"
        )
