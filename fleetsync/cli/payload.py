"""Take what shall be sent from the command line: JSON, text or bytes, as an argument or a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from fleetsync.cli.options import Decorated
from fleetsync.errors import FileError, UsageError
from fleetsync.escape import shown
from fleetsync.messaging.codec import MAX_PAYLOAD

FORMATS = ("json", "text", "bin")


def payload_options(command: Decorated) -> Decorated:
    """Add the options that say what is sent, and how."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--data-format",
        type=click.Choice(FORMATS),
        default="json",
        show_default=True,
        help="What the data is; the topic says so.",
    ),
    click.option(
        "--file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Send what this file holds; - for stdin.",
    ),
    click.option(
        "--qos",
        type=click.IntRange(0, 1),
        default=1,
        show_default=True,
        help="1: wait until the platform has it; 0: do not.",
    ),
)


def read_payload(data: str | None, file: Path | None, data_format: str) -> Any:  # noqa: ANN401
    """Give what is to be sent: a JSON value, text or bytes; UsageError, FileError."""
    if (data is not None) and (file is not None):
        raise UsageError("give the data on the command line or in --file, not both")
    if data_format == "bin" and file is None:
        raise UsageError("bytes do not go on a command line: name a file with --file FILE")
    raw = None if file is None else _read(file)
    if data_format == "bin":
        return raw
    text = data if raw is None else _text(raw, file)
    if data_format == "text":
        return text or ""
    return {} if text is None else _json(text)


def _read(file: Path) -> bytes:
    """Read no more than can be sent; one byte more tells that there is too much."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_PAYLOAD + 1)
        with file.open("rb") as opened:
            return opened.read(MAX_PAYLOAD + 1)
    except OSError as error:
        raise FileError(f"{shown(str(file))}: cannot be read: {error.strerror}") from error


def _text(raw: bytes, file: Path | None) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FileError(
            f"{shown(str(file))}: no UTF-8; send bytes with --data-format bin"
        ) from None


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        words = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"
        raise UsageError(
            f"the data is no JSON: {words}; quote it for the shell, as in '{{\"delay\": 5}}', or"
            " use --data-format text"
        ) from None
