"""Tell those who listen what a command does while it does it: streams for machines, a live view.

There is one audience, as there is one stderr: whoever has something to tell tells it here, and no
option for it is handed around. Where nobody listens, telling costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import RLock

import click

import fleetsync
from fleetsync.cli.drawing import DRAWING
from fleetsync.cli.event_stream import EventStream, file_stream, stdout_stream
from fleetsync.cli.options import JSONL, Options
from fleetsync.cli.streams import tell
from fleetsync.errors import FleetsyncError, ManifestError
from fleetsync.report.event import Facts

Listener = Callable[[str, Facts], None]


class _Audience:
    """Those who hear of events, and how their streams end."""

    def __init__(self) -> None:
        self._lock = RLock()  # a listener may have something to tell itself
        self._listeners: tuple[Listener, ...] = ()
        self.streams: tuple[EventStream, ...] = ()
        self.has_run = False

    @property
    def is_there(self) -> bool:
        return bool(self._listeners)

    def join(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def leave(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each != listener)

    def hear(self, name: str, facts: Facts) -> None:
        with self._lock:
            self.has_run = self.has_run or name == "run"
            for listener in self._listeners:
                listener(name, facts)

    def part(self) -> tuple[EventStream, ...]:
        """Send all away; give the streams that were written to."""
        with self._lock:
            streams, self.streams, self._listeners, self.has_run = self.streams, (), (), False
            return streams


_AUDIENCE = _Audience()

join_audience = _AUDIENCE.join
leave_audience = _AUDIENCE.leave


def is_heard() -> bool:
    """Tell whether anybody listens, for what would cost much to tell."""
    return _AUDIENCE.is_there


def is_any_stream_lost() -> bool:
    """Tell whether a stream can be written no longer, for a command that only looks."""
    return any(stream.fault is not None for stream in _AUDIENCE.streams)


def tell_event(name: str, facts: Facts | None = None) -> None:
    """Tell what happened to all who listen."""
    if _AUDIENCE.is_there:
        _AUDIENCE.hear(name, facts or {})


def begin_events(options: Options) -> None:
    """Open the streams that were asked for, once it is sure that files may be written; FileError.

    Those who are still there listened to a command that ended in the midst of its words.
    """
    _AUDIENCE.part()
    streams = [stdout_stream()] if options.format == JSONL else []
    streams += [file_stream(path) for form, path in options.outputs if form == JSONL]
    _AUDIENCE.streams = tuple(streams)
    if options.format == JSONL and sys.stdout.isatty():
        join_audience(_make_room)
    for stream in streams:
        join_audience(stream.hear)
    command = click.get_current_context().info_name
    tell_event("start", {"command": command, "fleetsync": fleetsync.__version__})


def _make_room(_name: str, _facts: Facts) -> None:
    """Take away what is drawn: an event would stand behind it on the same terminal."""
    DRAWING.clear()


def end_events(code: int, error: FleetsyncError | None) -> int:
    """Tell how the command ended; give the exit code, which is 1 where a stream is not whole."""
    if isinstance(error, ManifestError):
        for problem in error.problems:
            tell_event("problem", problem._asdict())
    tell_event("end", {"exitCode": code, "error": str(error) if error else None})
    has_run = _AUDIENCE.has_run
    for stream in _AUDIENCE.part():
        if stream.fault is None:
            stream.close()
        elif error is None:
            _tell_fault(stream, stream.fault, has_run=has_run)
            code = code if has_run and code else 1
    return code


def _tell_fault(stream: EventStream, fault: OSError, *, has_run: bool) -> None:
    """Say that a stream is not whole; who left a command that only looks wants to hear nothing."""
    stands = "what was carried out stands: see fleetsync journal"
    if has_run or not isinstance(fault, BrokenPipeError):
        words = f"{stream.name}: the events cannot be written: {fault.strerror}"
        tell(f"Error: {words}; {stands if has_run else 'choose another place, and run again'}")
