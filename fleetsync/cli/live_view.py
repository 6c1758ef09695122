"""Show an apply while it works, drawn in place: what a person sees who asked for ``--watch``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from fleetsync.cli.drawing import DRAWING
from fleetsync.cli.events import join_audience, leave_audience
from fleetsync.cli.options import Options
from fleetsync.cli.screen import allows_color
from fleetsync.cli.streams import stderr_columns
from fleetsync.report.event import Facts
from fleetsync.report.terminal.live import Board, frame, noted
from fleetsync.stop import Stop

_REDRAW_SECONDS = 0.2
_STOPPED_SECONDS = 2.0
"""Who draws nothing for so long was stopped by Ctrl-Z: the shell has written below the view."""


class LiveView:
    """Listens to what is told, and draws it a few times a second."""

    def __init__(self, *, color: bool) -> None:
        self._color = color
        self._board = Board()
        self._drawn_at = time.monotonic()

    @contextmanager
    def showing(self, stop: Stop) -> Iterator[None]:
        """Draw while the block runs; ``stop`` tells that a signal came. Nothing stays behind."""
        ended = Event()
        thread = Thread(target=self._draw_until, args=(ended, stop), daemon=True)
        join_audience(self._hear)
        DRAWING.held = True
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            leave_audience(self._hear)
            DRAWING.held = False
            DRAWING.clear()

    def _hear(self, name: str, facts: Facts) -> None:
        self._board = noted(self._board, name, facts, time.monotonic())

    def _draw_until(self, ended: Event, stop: Stop) -> None:
        while not ended.wait(_REDRAW_SECONDS):
            self._draw(stopping=stop.is_set())
        if stop.is_set():  # who pressed Ctrl-C sees that it was heard, however soon all has ended
            self._draw(stopping=True)

    def _draw(self, *, stopping: bool) -> None:
        if not self._board.stages:
            return
        columns, rows, now = stderr_columns(), _rows(), time.monotonic()
        if now - self._drawn_at > _STOPPED_SECONDS:
            DRAWING.leave()
        self._drawn_at = now
        # A row less than there are, or the terminal would scroll; a column less, or it would wrap.
        lines = frame(self._board, now, columns=columns - 1, rows=rows - 1, stopping=stopping)
        DRAWING.draw(lines, columns, color=self._color)


def live_view(options: Options) -> LiveView | None:
    """Give the view, or None where stderr is no terminal that can redraw."""
    return LiveView(color=allows_color(options)) if stderr_columns() else None


def _rows() -> int:
    try:
        return max(2, os.get_terminal_size(sys.stderr.fileno()).lines)
    except OSError:
        return 24
