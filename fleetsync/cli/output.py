"""Put results where they belong: the asked form on stdout, other forms into files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from fleetsync.cli.options import Options
from fleetsync.cli.streams import give_up_stdout
from fleetsync.errors import FileError, FleetsyncError, UsageError
from fleetsync.escape import shown

Render = Callable[[str], Iterable[str]]
"""Gives a result in a form, in pieces."""

_KEPT = {
    b'{"clientId"': "it holds device tokens, which are nowhere else",
    b'{"at": "': "it is the journal of a run, which undo and the next apply need",
    b"SQLite format 3\0": "it is a database, as an emulated org is",
    b"-----BEGIN ": "it holds a certificate or a key",
}
"""How files begin that no result replaces, of whichever fleet they are."""
_ADVICE = "choose another place, and run again"
_COLORS = {"+": "green", "~": "yellow", "-": "red", "!": "red", "*": "yellow"}
_WORDS = {"DELETE": "red", "Refused:": "red", "Warning:": "yellow", "Create": "green"}


class ReaderGoneError(FleetsyncError):
    """Whoever read our output has seen enough, as ``head`` does; nothing needs to be said."""


def emit(options: Options, render: Render, *, lost: str = "") -> None:
    """Write a result to stdout, and in every other form that ``--output`` asked for.

    ``lost`` tells how things stand if it cannot be written. Whatever fails, the rest is written;
    then FileError is raised, or ReaderGoneError where there is nothing to tell.
    """
    _write_all([partial(_show, options, render, lost), *_writes(options, render, lost)])


def write_outputs(options: Options, render: Render, *, lost: str = "") -> None:
    """Write a result only where ``--output`` asked for it; raises FileError."""
    _write_all(_writes(options, render, lost))


def _writes(options: Options, render: Render, lost: str) -> list[Callable[[], None]]:
    return [partial(_write_form, path, render, form, lost) for form, path in options.outputs]


def _write_all(writes: Iterable[Callable[[], None]]) -> None:
    errors = [error for write in writes for error in _errors_of(write)]
    if errors:
        raise errors[0]


def _errors_of(write: Callable[[], None]) -> Iterator[FleetsyncError]:
    try:
        write()
    except (FileError, ReaderGoneError) as error:
        yield error


def _show(options: Options, render: Render, lost: str) -> None:
    colored = options.format == "text" and _wants_color(options)
    try:
        for piece in render(options.format):
            click.echo(colorize(piece) if colored else piece, nl=False)
        sys.stdout.flush()
    except OSError as error:
        give_up_stdout()
        if isinstance(error, BrokenPipeError) and not lost:
            raise ReaderGoneError from error
        raise FileError(_words("stdout", error, lost)) from error


def _wants_color(options: Options) -> bool:
    """Colour only for eyes, and not where NO_COLOR (no-color.org) or a dumb terminal says no."""
    if not options.color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def _write_form(path: Path, render: Render, form: str, lost: str) -> None:
    write_file(path, render(form), lost=lost)


def write_file(path: Path, pieces: Iterable[str], *, lost: str = "") -> None:
    """Write text to a file; raises FileError."""
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise FileError(_words(shown(str(path)), error, lost)) from error


def _words(where: str, error: OSError, lost: str) -> str:
    return f"{where}: cannot be written: {error.strerror}; {lost or _ADVICE}"


def check_outputs(paths: Sequence[Path], *, precious: Iterable[Path]) -> None:
    """Make sure, before any work is done, that results can be written where they shall go.

    Raises UsageError for a path that is named twice or is a file of the fleet's own (``precious``),
    FileError for one that cannot be written.
    """
    if not paths:
        return
    taken = dict.fromkeys(map(os.path.realpath, precious), "is a file of the fleet's own")
    for path in paths:
        place = os.path.realpath(path)
        if place in taken:
            raise UsageError(f"{shown(str(path))} {taken[place]}: name another one for the result")
        taken[place] = "is named twice"
        _check_writable(path)


def _check_writable(path: Path) -> None:
    """Look, but touch nothing: a result that was there before stays until there is a new one."""
    try:
        obstacle = _obstacle(path)
    except OSError as error:
        obstacle = error.strerror
    if obstacle:
        raise FileError(f"{shown(str(path))}: cannot be written: {obstacle}; {_ADVICE}")


def _obstacle(path: Path) -> str | None:
    if path.is_dir():
        return "this is a folder"
    kept = _kept(path) if path.is_file() else None
    if kept:
        return kept
    if not path.parent.is_dir():
        return "its folder does not exist"
    target = path if path.exists() else path.parent
    return None if os.access(target, os.W_OK) else "you may not write there"


def _kept(path: Path) -> str | None:
    """Tell by its first bytes why a file must stay; None: it need not."""
    with path.open("rb") as file:
        head = file.read(max(map(len, _KEPT)))
    return next((words for begin, words in _KEPT.items() if head.startswith(begin)), None)


def colorize(text: str) -> str:
    """Colour each line by how it begins; what it quotes is escaped, so it cannot begin a line."""
    return "".join(map(_colored, text.splitlines(keepends=True)))


def _colored(line: str) -> str:
    word = line.split(" ", 1)[0]
    color = _WORDS.get(word)
    if color is None and line.startswith("  "):
        color = _COLORS.get(line[2:3])
    text = line.removesuffix("\n")
    return f"{click.style(text, fg=color)}{line[len(text) :]}" if color else line
