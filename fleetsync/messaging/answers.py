"""Match the broker's answers to those who wait for them, whichever of the two is first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Hear = Callable[[Any], None]
"""Takes an answer; None tells that none will come."""


class Answers:
    """Who waits for which answer, by the packet's number.

    No lock is held while something is sent or an answer is handed over: paho holds locks of its
    own while it calls back, and asks for the same ones to send.
    """

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, int], Hear] = {}
        self._early: dict[tuple[str, int], Any] = {}
        self._sending = 0
        self._losses = 0

    def expect(self, what: str, send: Callable[[], int | None], hear: Hear) -> None:
        """Send, and let ``hear`` have the answer, from another thread.

        ``send`` gives the packet's number, None if it was not sent.
        """
        with self._lock:
            self._sending += 1
            losses = self._losses
        number = None
        try:
            number = send()
        finally:
            found = self._found(what, number, losses, hear)
        if found is not None:
            hear(found[0])

    def _found(self, what: str, number: int | None, losses: int, hear: Hear) -> tuple[Any] | None:
        """Give what is known by now; if nothing is, remember who waits."""
        with self._lock:
            self._sending -= 1
            early, rest = self._early, self._sending
            if not rest:
                self._early = {}
            if number is None:
                return (None,)
            key = what, number
            if key in early:
                return (early.pop(key),)
            if losses != self._losses:
                return (None,)
            self._waiting[key] = hear
            return None

    def give(self, what: str, number: int, value: Any) -> None:  # noqa: ANN401 - what the broker said
        """Hand an answer over, or keep it while somebody may be about to wait for it."""
        with self._lock:
            hear = self._waiting.pop((what, number), None)
            if hear is None and self._sending:
                self._early[what, number] = value
        if hear is not None:
            hear(value)

    def lose_all(self) -> None:
        """Let all who wait know that no answer will come."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._losses += 1
        for hear in waiting.values():
            hear(None)
