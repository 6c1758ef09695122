"""Find the manifest files that fleet.yaml's patterns name."""

from __future__ import annotations

import os
import re
from collections import deque
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAGIC = re.compile(r"[*?\[]")
_SUFFIXES = (".yaml", ".yml")


class Found(NamedTuple):
    """The files that patterns name, sorted, each once; the patterns that name none.

    ``failures`` holds folders that could not be read, with the reason.
    """

    files: list[Path]
    unmatched: list[int]
    failures: list[tuple[Path, str]]


def find_files(folder: Path, patterns: Sequence[str]) -> Found:
    """Find files by patterns relative to ``folder``: files, folders and globs.

    A folder stands for the .yaml and .yml files anywhere below it; what is hidden is left out.
    Files are found, not opened: they may turn out to be unreadable.
    """
    failures: list[tuple[Path, str]] = []
    files: dict[str, Path] = {}
    unmatched = []
    for index, pattern in enumerate(patterns):
        found = list(_match(folder, pattern, failures))
        if not found:
            unmatched.append(index)
        for path in found:
            files.setdefault(os.path.realpath(path), path)
    return Found(sorted(files.values()), unmatched, failures)


def _match(folder: Path, pattern: str, failures: list[tuple[Path, str]]) -> Iterator[Path]:
    if "\0" in pattern:
        return
    parts = Path(pattern).parts
    fixed = next((at for at, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    top, globs = folder.joinpath(*parts[:fixed]), parts[fixed:]
    if not globs:
        yield from _files_of(top, failures)
        return
    depth = None if "**" in globs else len(globs)
    for path in _walk(top, failures, depth):
        if _fits(path.relative_to(top).parts, globs):
            yield from _files_of(path, failures)


def _files_of(path: Path, failures: list[tuple[Path, str]]) -> Iterator[Path]:
    """Give the file itself, or the manifests below a folder; nothing if it does not exist."""
    if _is_folder(path) and not path.name.endswith(_SUFFIXES):
        yield from (below for below in _walk(path, failures) if below.name.endswith(_SUFFIXES))
    elif os.path.lexists(path):
        yield path


def _walk(top: Path, failures: list[tuple[Path, str]], depth: int | None = None) -> Iterator[Path]:
    """Give all that is below a folder and not hidden, each folder once, whatever links say.

    A folder that is named like a manifest is given, but not entered.
    """
    seen: set[str] = set()
    folders = deque([(top, 1)])
    while folders:
        folder, level = folders.popleft()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        for path in _entries(folder, failures):
            yield path
            if _is_folder(path) and not path.name.endswith(_SUFFIXES) and level != depth:
                folders.append((path, level + 1))


def _entries(folder: Path, failures: list[tuple[Path, str]]) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        failures.append((folder, error.strerror or "it cannot be read"))
        return []
    # Links last: what can be reached without one gets its own name.
    return sorted(paths, key=lambda path: (_is_link(path), path))


def _fits(parts: tuple[str, ...], globs: tuple[str, ...]) -> bool:
    """Tell whether the parts of a path fit the parts of a glob; ``**`` is any number of them."""
    if not globs:
        return not parts
    if globs[0] == "**":
        return any(_fits(parts[skip:], globs[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], globs[0]) and _fits(parts[1:], globs[1:])


def _is_folder(path: Path) -> bool:
    # Path.is_dir would raise where a folder above must not be entered.
    return os.path.isdir(path)  # noqa: PTH112 - see above


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - as above
