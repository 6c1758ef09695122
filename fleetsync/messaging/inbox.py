"""Keep what came in until somebody takes it: bounded, so that a slow reader costs no memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import NamedTuple

CAPACITY = 10_000
"""Messages that wait at most; the platform leaves 2,000 unacknowledged (platform page 8)."""


class Raw(NamedTuple):
    """A message as it came; ``receipt`` is what acknowledges it, None where nothing does."""

    topic: str
    payload: bytes
    retained: bool
    receipt: tuple[int, int] | None = None


class Inbox:
    """A queue for one reader.

    Full, it drops and counts what may be lost (QoS 0), and makes wait for room what may not: the
    broker then holds the rest back, since nothing is acknowledged.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Hold at most ``capacity`` messages."""
        self._capacity = capacity
        self._waiting: deque[Raw] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._failure: Exception | None = None
        self.dropped = 0

    def put(self, raw: Raw) -> None:
        """Add a message; waits for room if it must not be lost, and drops it otherwise."""
        with self._changed:
            if raw.receipt is None and len(self._waiting) >= self._capacity:
                self.dropped += 1
                return
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < self._capacity)
            if not self._closed:
                self._waiting.append(raw)
                self._changed.notify_all()

    def take(self, timeout: float | None = None) -> Raw | None:
        """Give the next message; None after ``timeout`` seconds or, once it is empty, if closed.

        Raises what ``fail`` was given, as soon as nothing is left to take.
        """
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._waiting:
                if self._failure is not None:
                    raise self._failure
                left = None if end is None else end - time.monotonic()
                if self._closed or (left is not None and left <= 0):
                    return None
                self._changed.wait(left)
            self._changed.notify_all()
            return self._waiting.popleft()

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._waiting)

    @property
    def closed(self) -> bool:
        """Tell whether nothing more will come."""
        return self._closed

    def fail(self, error: Exception) -> None:
        """Let the reader know why nothing more comes."""
        with self._changed:
            self._failure = error
            self._changed.notify_all()

    def close(self) -> None:
        """Take nothing more in, and let nobody wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
