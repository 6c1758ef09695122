"""Run a secrets file's life in a process of its own that is killed at one of its system calls.

``python -m tests.tokens.killed FOLDER`` forks once for each point and prints what it saw, as
JSON: for each kind of run how many points there were, and what was wrong with the file afterwards.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from fleetsync.tokens import TokenFile, read_tokens
from fleetsync.tokens.line import Entry, Retired, Stamp, parse
from tests.tokens.sample import DATE, OLD_RUN, RUN, entry, line, retired, write

DOORS = ("open", "pwrite", "fsync", "ftruncate", "fchmod", "mkdir")
MODES = ("before", "half", "after")
COMES = [entry(f"comes-{number}", f"token-c{number}") for number in range(5)]
BACK = entry("back", "token-back")


class Life(NamedTuple):
    """One run on a file: which tokens stay in it, and which are retired."""

    stays: list[Entry]
    goes: list[Entry]

    def begin(self, path: Path) -> None:
        if not self.stays:
            return
        lines = [line(one.device_id, one.token.reveal()) for one in (*self.stays, *self.goes)]
        put_away = [retired("back", "token-back", run=OLD_RUN), retired("x", "token-x", run="old")]
        write(path, b"".join([*lines, *put_away]))

    def live(self, path: Path, told: Callable[[], None] = lambda: None) -> None:
        """Promise new tokens and an old one, retire some, forget some, settle."""
        with TokenFile.open(path, org="abc123") as tokens:
            tokens.check_room(10)
            tokens.promise([*COMES, BACK])
            told()
            tokens.retire([one.client_id for one in self.goes], run=RUN, at=DATE)
            tokens.forget_retired([OLD_RUN, RUN])
            tokens.settle()

    def look(self, path: Path, promised: Sequence[Entry]) -> list[str]:
        """Say what is lost right after the kill."""
        found = read_tokens(path)
        wrong = [one.device_id for one in (*self.stays, *promised) if one not in found.values()]
        if path.exists():
            with TokenFile.open(path, org="abc123") as tokens:
                wrong += [one.device_id for one in self.goes if not _is_there(one, tokens)]
        return wrong

    def look_at_the_end(self, path: Path) -> list[str]:
        """Say what one more run did not bring about."""
        self.live(path)
        parsed = [parse(raw) for raw in path.read_bytes().splitlines()]
        valid = {one for one in parsed if isinstance(one, Entry)}
        away = {one for one in parsed if isinstance(one, Retired)}
        expected = (
            {*self.stays, *COMES, BACK},
            {Retired(one, Stamp(RUN, DATE)) for one in self.goes},
        )
        ends_well = (valid, away) == expected and len(parsed) == len(valid) + len(away)
        return [] if ends_well else [f"{len(valid)} valid, {len(away)} away, {len(parsed)} lines"]


def _is_there(one: Entry, tokens: TokenFile) -> bool:
    return one.token in (tokens.known(one.client_id), tokens.retired(one.client_id, RUN))


LIVES = (
    Life([], []),
    Life(
        [entry(f"stays-{number}", f"token-s{number}") for number in range(20)],
        [entry(f"goes-{number}", f"token-g{number}") for number in range(20)],
    ),
)


def live_until(path: Path, life: Life, point: int, mode: str) -> bool:
    """Live in a child that is killed at a system call; tell whether it came so far."""
    child = os.fork()
    if child == 0:
        calls = count()
        for name in DOORS:
            setattr(os, name, _deadly(name, calls, point, mode))
        life.live(path, told=path.parent.with_name("promised").touch)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"the child failed at {point}")
    return os.WIFSIGNALED(status)


def _deadly(name: str, calls: Iterator[int], point: int, mode: str) -> Callable[..., Any]:
    door: Callable[..., Any] = getattr(os, name)

    def call(*words: Any, **named: Any) -> Any:
        if next(calls) != point:
            return door(*words, **named)
        with suppress(OSError):
            if mode == "half" and name == "pwrite":
                descriptor, content, offset = words
                door(descriptor, content[: len(content) // 2], offset)
            elif mode != "before":
                door(*words, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    return call


def kill_everywhere(folder: Path, life: Life) -> tuple[int, dict[str, list[str]]]:
    """Kill at every system call, before, in and after it; give how often, and what was wrong."""
    wrong: dict[str, list[str]] = {}
    for number in count():
        point, mode = divmod(number, len(MODES))
        path = folder / f"{point}-{MODES[mode]}" / "secrets" / "tokens.jsonl"
        path.parent.parent.mkdir()
        life.begin(path)
        if not live_until(path, life, point, MODES[mode]):
            return number, wrong
        promised = [*COMES, BACK] if path.parent.with_name("promised").exists() else []
        if said := life.look(path, promised) + life.look_at_the_end(path):
            wrong[path.parent.parent.name] = said
    raise AssertionError


def main(folder: Path) -> None:
    results = []
    for number, life in enumerate(LIVES):
        place = folder / str(number)
        place.mkdir()
        results.append(kill_everywhere(place, life))
    print(json.dumps(results))  # noqa: T201 - a test reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
