"""A fleet repository in a temporary folder, and what loading it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleetsync.errors import ManifestError
from fleetsync.manifest.load import load_fleet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleetsync.model import DesiredFleet


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by their names relative to ``folder``; fleet.yaml comes along."""
    for name, content in {"fleet.yaml": "fleet: test\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def load(folder: Path, patterns: Sequence[str] = ("manifests",)) -> DesiredFleet:
    return load_fleet(folder, patterns, fleet_file=folder / "fleet.yaml")


def problems(folder: Path, patterns: Sequence[str] = ("manifests",)) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load(folder, patterns)
    return [str(problem) for problem in caught.value.problems]
