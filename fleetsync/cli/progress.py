"""Show on stderr how far the work is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import Self

from fleetsync.api.pause import Pause
from fleetsync.cli.drawing import DRAWING
from fleetsync.cli.events import tell_event
from fleetsync.cli.streams import say, stderr_columns, tell
from fleetsync.escape import shown
from fleetsync.report.words import duration

_BAR_CELLS = 30
_REDRAW_SECONDS = 0.1
_LINE_SECONDS = 10.0
_EVENT_SECONDS = 0.5


class _Pulse:
    """Tells progress as events: not each step, but the last one always."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._next = 0.0
        self._untold: dict[str, int | None] | None = None

    def beat(self, done: int, total: int | None, now: float) -> None:
        self._untold = {"done": done, "total": total}
        if now >= self._next:
            self._next = now + _EVENT_SECONDS
            self.end()

    def end(self) -> None:
        if self._event and self._untold is not None:
            tell_event(self._event, self._untold)
        self._untold = None


class Progress:
    """One task's progress; a task that is over within a moment shows nothing.

    ``paced``: its rate tells when it will be over.
    """

    def __init__(
        self,
        label: str,
        *,
        line_seconds: float = _LINE_SECONDS,
        event: str = "",
        paced: bool = True,
    ) -> None:
        self._label, self._paced = label, paced
        self._pulse = _Pulse(event)
        self._columns = stderr_columns()
        self._pause = _REDRAW_SECONDS if self._columns else line_seconds
        self._began = time.monotonic()
        self._next = self._began + self._pause

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.end()
        DRAWING.clear()

    def update(self, done: int, total: int | None) -> None:
        """Tell how many of how many are done; no ``total`` means: unknown."""
        now = time.monotonic()
        self._pulse.beat(done, total, now)
        if now < self._next or DRAWING.held:
            return
        self._next = now + self._pause
        words = self._words(done, total, now - self._began)
        if self._columns:
            line = _fitting(_bar(done, total), words, self._columns - 1)
            DRAWING.draw([line], self._columns)
        else:
            tell(words)

    def _words(self, done: int, total: int | None, seconds: float) -> str:
        words = f"{self._label}: {done:,}" + (f" of {total:,}" if total else "")
        if not self._paced:
            return words
        rate = done / seconds
        words += f", {rate:,.0f} a second"
        if total and rate:
            words += f", {duration(max(0, total - done) / rate)} left"
        return words


def notice(message: str) -> None:
    """Write one line to stderr, and tell it as an event."""
    facts: dict[str, object] = {"message": message}
    if isinstance(message, Pause):
        tell_event("waiting", {**facts, "seconds": message.seconds, "status": message.status})
        if DRAWING.held:  # the view shows it
            return
    else:
        tell_event("notice", facts)
    _say(message)


def warn(message: str) -> None:
    """Write a warning to stderr, and tell it as an event."""
    tell_event("warning", {"message": message})
    _say(f"Warning: {message}")


def _say(message: str) -> None:
    DRAWING.clear()
    say(shown(message))


def _bar(done: int, total: int | None) -> str:
    if not total:
        return ""
    full = min(_BAR_CELLS, _BAR_CELLS * done // total)
    return f"[{'#' * full}{'.' * (_BAR_CELLS - full)}] "


def _fitting(bar: str, words: str, columns: int) -> str:
    """Keep to one line, for only one can be drawn again: the words go before the bar."""
    return bar + words if len(bar) + len(words) <= columns else words[: max(columns, 0)]
