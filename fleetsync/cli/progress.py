"""Show on stderr how far the work is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Self

import click

from fleetsync.escape import shown
from fleetsync.report.words import duration

_BAR_CELLS = 30
_REDRAW_SECONDS = 0.1
_LINE_SECONDS = 10.0


class Progress:
    """One task's progress; a task that is over within a moment shows nothing."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._next = self._began + (_REDRAW_SECONDS if self._terminal else _LINE_SECONDS)
        self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            click.echo("\r\x1b[K", nl=False, err=True)

    def update(self, done: int, total: int | None) -> None:
        """Tell how many of how many are done; no ``total`` means: unknown."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_REDRAW_SECONDS if self._terminal else _LINE_SECONDS)
        words = self._words(done, total, now - self._began)
        if self._terminal:
            self._drawn = True
            click.echo(f"\r\x1b[K{_bar(done, total)} {words}", nl=False, err=True)
        else:
            click.echo(words, err=True)

    def _words(self, done: int, total: int | None, seconds: float) -> str:
        rate = done / seconds
        words = f"{self._label}: {done:,}" + (f" of {total:,}" if total else "")
        words += f", {rate:,.0f} a second"
        if total and rate:
            words += f", {duration(max(0, total - done) / rate)} left"
        return words


def notice(message: str) -> None:
    """Write one line to stderr."""
    click.echo(shown(message), err=True)


def warn(message: str) -> None:
    """Write a warning to stderr."""
    click.echo(f"Warning: {shown(message)}", err=True)


def _bar(done: int, total: int | None) -> str:
    if not total:
        return ""
    full = min(_BAR_CELLS, _BAR_CELLS * done // total)
    return f"[{'#' * full}{'.' * (_BAR_CELLS - full)}]"
