"""Read what a step prints as a runner does: lines that are commands, and lines that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_COMMAND = re.compile(r"^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$")
_OLD_COMMAND = re.compile(r"##\[([a-z-]+)([^\]]*)\](.*)")


class Command(NamedTuple):
    """One workflow command that the runner would obey."""

    name: str
    properties: dict[str, str]
    words: str


def commands(lines: Iterable[str]) -> Iterator[Command]:
    """Give the commands that are obeyed; between stop-commands and its word there are none."""
    word: str | None = None
    for line in lines:
        if word is not None:
            if line.strip() == f"::{word}::":
                word = None
            continue
        found = _COMMAND.match(line) or _OLD_COMMAND.search(line)
        if found is None:
            continue
        if found[1] == "stop-commands":
            word = found[3]
        else:
            yield Command(found[1], _properties(found[2] or ""), _plain(found[3]))
    assert word is None, "commands were stopped and never allowed again"


def _properties(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    return {name.strip(): _plain(value) for name, _, value in pairs}


def _plain(text: str) -> str:
    for escaped, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, sign)
    return text
