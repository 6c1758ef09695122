"""What the commands that speak to a forge have in common: the plan, and the text of a comment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fleetsync.cli.form import view_pieces
from fleetsync.cli.options import FEWEST_BYTES, MAX_BYTES
from fleetsync.cli.progress import warn
from fleetsync.cli.show import opened_view
from fleetsync.errors import FileError, ForgeError, UsageError
from fleetsync.report.markdown.safe import marker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleetsync.cli.options import Options
    from fleetsync.plan.view import PlanView

_SHORTER = 16_000
_CUT = "\n\nThe rest did not fit.\n"


@contextmanager
def told_plan(path: Path) -> Iterator[PlanView]:
    """Open a plan to be told; one that was edited is told with its doubts."""
    with opened_view(path) as view:
        for doubt in view.doubts:
            warn(doubt)
        yield view


def plan_comment(path: Path, options: Options) -> str:
    """Write a plan as a comment."""
    with told_plan(path) as view:
        whole = options.command("show", str(path), "-v")
        fitting = replace(options, max_bytes=min(options.max_bytes, MAX_BYTES))
        return "".join(view_pieces(view, fitting, "markdown", "", whole))


def comment_texts(plan_file: Path | None, body: Path | None, options: Options) -> Iterator[str]:
    """Give what a comment shall say: a plan or a file, and the same shorter, if it is too long."""
    if (plan_file is None) == (body is None):
        raise UsageError("say what to tell: PLAN.json, or --body FILE")
    longest = min(options.max_bytes, MAX_BYTES)
    for size in (longest, *(each for each in (_SHORTER, FEWEST_BYTES) if each < longest)):
        fitting = replace(options, max_bytes=size)
        yield plan_comment(plan_file, fitting) if plan_file else file_text(body or Path(), fitting)


def file_text(path: Path, options: Options) -> str:
    """Read Markdown; what would be refused for its length ends where it fits."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}; name a file with Markdown in it") from error
    most = min(options.max_bytes, MAX_BYTES)
    if len(data) <= most:
        return data.decode("utf-8", "replace")
    kept = data[: most - len(_CUT)].decode("utf-8", "ignore")
    return f"{kept.rpartition(chr(10))[0]}{_CUT}"


def hidden_line(fleet: str) -> str:
    """Give the hidden line of a plan of a fleet, to know its comments by."""
    return marker("fleetsync:", fleet, "")


def needed(name: str) -> str:
    """Read a variable that every job of a forge has."""
    value = os.environ.get(name, "")
    if not value:
        raise ForgeError(f"{name} is not set: this command is for a job of the forge")
    return value


def append_to(variable: str, text: str) -> None:
    """Add text to the file that a variable of the job names."""
    path = Path(needed(variable))
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}; the runner should have made it") from error
