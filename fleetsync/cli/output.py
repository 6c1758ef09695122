"""Put results where they belong: the asked form on stdout, other forms into files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from fleetsync.cli.options import Options
from fleetsync.errors import FileError

Render = Callable[[str], Iterable[str]]
"""Gives a result in a form, in pieces."""

_COLORS = {"+": "green", "~": "yellow", "-": "red", "!": "red"}
_WORDS = {"DELETE": "red", "Refused:": "red", "Warning:": "yellow", "Create": "green"}


def emit(options: Options, render: Render) -> None:
    """Write a result to stdout, and in every other form that ``--output`` asked for."""
    for name, path in options.outputs:
        write_file(path, render(name))
    colored = options.format == "text" and options.color and sys.stdout.isatty()
    for piece in render(options.format):
        click.echo(colorize(piece) if colored else piece, nl=False)


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write text to a file; raises FileError."""
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from error


def colorize(text: str) -> str:
    """Colour each line by how it begins; what it quotes is escaped, so it cannot begin a line."""
    return "".join(map(_colored, text.splitlines(keepends=True)))


def _colored(line: str) -> str:
    word = line.split(" ", 1)[0]
    color = _WORDS.get(word)
    if color is None and line.startswith("  "):
        color = _COLORS.get(line[2:3])
    return click.style(line, fg=color) if color else line
