"""A flag that a signal handler may raise at any moment, whatever it interrupts."""

from __future__ import annotations

import time

_SLICE_SECONDS = 0.1


class Stop:
    """Tells that no further work is to be begun.

    It has no lock: a handler runs in the midst of what the main thread does, and the lock inside of
    an Event would be waited for by the very thread that holds it.
    """

    def __init__(self) -> None:
        self._raised = False

    def set(self) -> None:
        """Raise the flag, for good."""
        self._raised = True

    def is_set(self) -> bool:
        """Tell whether it is raised."""
        return self._raised

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is raised; tell whether it is."""
        ends_at = time.monotonic() + seconds
        while not self._raised and (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE_SECONDS))
        return self._raised
