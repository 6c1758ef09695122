"""Put the tokens of a secrets file that somebody deleted or replaced during a run in its place."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from fleetsync.tokens.compaction import append_lines, content_span, finish_compaction
from fleetsync.tokens.index import read_index
from fleetsync.tokens.line import Entry, is_blank, parse
from fleetsync.tokens.opening import check_it_is_ours, open_for_apply

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from fleetsync.tokens.index import Index
    from fleetsync.tokens.storage import Storage


class Place(Enum):
    """Where the path of the secrets file leads: to the open file, nowhere, or to another one."""

    HERE = "somebody changed the secrets file during the run"
    NOWHERE = "somebody deleted the secrets file during the run"
    ELSEWHERE = "somebody put another file in place of the secrets file during the run"


class Loss(NamedTuple):
    """What somebody did to the file, how many lines were written again, and how many are lost."""

    place: Place
    rewritten: int
    lost: int = 0

    def __str__(self) -> str:
        """Say what happened and what to do."""
        lost = f"; tokens of earlier runs are lost ({self.lost}), if no backup has them"
        return (
            f"{self.place.value}; what it lacked was written again (lines: {self.rewritten})"
            f"{lost if self.lost else ''}; find out who did (a 'git clean'?), and run again"
        )


def find_place(storage: Storage, path: Path) -> Place:
    """Tell where the path of the open file leads by now. Raises OSError."""
    try:
        return Place.HERE if storage.stands_at(path) else Place.ELSEWHERE
    except (FileNotFoundError, NotADirectoryError):
        return Place.NOWHERE


def move_into_place(storage: Storage, path: Path, written: Collection[str]) -> tuple[Storage, int]:
    """Open the file at the path, or make it, and add the lines of the open one that it lacks.

    Where both have a token of a device, that of the other file counts, unless this run wrote ours
    (``written``). Gives the new file, locked, and how many lines were added. Raises SecretsError
    and OSError; then the open file stays the one to work with.
    """
    moved = open_for_apply(path)
    try:
        finish_compaction(moved)
        index = read_index(moved, 0, moved.size())
        check_it_is_ours(moved, index, path)
        lines = list(_lacking(storage, index, written))
        append_lines(moved, b"".join(lines))
    except BaseException:
        moved.close()
        raise
    return moved, len(lines)


def _lacking(storage: Storage, index: Index, written: Collection[str]) -> Iterator[bytes]:
    broken = {item.raw for item in index.broken}
    for _, raw in storage.lines(*content_span(storage)):
        found = parse(raw)
        if isinstance(found, Entry):
            lacks = found.client_id in written or found.client_id not in index.places
        elif found is not None:
            lacks = found.entry.client_id not in index.retired.get(found.stamp.run, {})
        else:
            lacks = not is_blank(raw) and raw.removesuffix(b"\n") not in broken
        if lacks:
            yield raw.removesuffix(b"\n") + b"\n"
