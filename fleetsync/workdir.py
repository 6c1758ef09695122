"""Make ``.fleetsync``, the folder beside fleet.yaml that is fleetsync's own and git's never."""

from __future__ import annotations

from pathlib import Path

WORKDIR = ".fleetsync"


def make_workdir(folder: Path, *parts: str) -> tuple[Path, bool]:
    """Give ``.fleetsync`` of a fleet's folder, or a folder in it, and tell whether it is new.

    Raises OSError, also when something else than a folder stands at its place: a link could lead
    anywhere, and what is written here shall stay here.
    """
    place = folder / WORKDIR
    made = _make(place)
    if made:
        (place / ".gitignore").write_text("*\n", "utf-8")
    for part in parts:
        place /= part
        made = _make(place)
    return place, made


def _make(place: Path) -> bool:
    try:
        place.mkdir()
    except FileExistsError:
        if place.is_symlink() or not place.is_dir():
            raise NotADirectoryError(20, "not a folder of its own", str(place)) from None
        return False
    return True
