"""Name the CSV files of a fleet without loading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetsync.manifest.document import parse_yaml
from fleetsync.manifest.file import OutsideError, inner_path, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fleetsync.model import JSON


def find_tables(folder: Path, manifests: Iterable[Path]) -> Iterator[Path]:
    """Give the CSV files that these manifests name, relative to ``folder``, there or not.

    What is wrong with a manifest or with a name is passed over: loading the fleet tells it.
    """
    for path in manifests:
        try:
            data = read_file(path)
        except OSError:
            continue
        if b"deviceSets" not in data:  # reading on would take long, for nothing
            continue
        for document in parse_yaml(data, file="").documents:
            for text in _named(document.value):
                try:
                    yield inner_path(folder, text)
                except OutsideError:
                    continue


def _named(value: JSON) -> Iterator[str]:
    sets = value.get("deviceSets") if isinstance(value, dict) else None
    for item in sets if isinstance(sets, list) else ():
        text = item.get("csv") if isinstance(item, dict) else None
        if isinstance(text, str):
            yield text
