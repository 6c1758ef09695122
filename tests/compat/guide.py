"""Read the samples of the guide, with what keeps them from being Python put right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "cases" / "guide"


def samples() -> list[str]:
    """Give the names of all samples, in the order of the guide."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def corrections() -> dict[str, list[dict[str, str]]]:
    """Give what is put right, by the number of the sample."""
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "corrections.yaml").read_text("utf-8"))
    return loaded


def sample(name: str) -> str:
    """Give a sample as it runs."""
    text = printed(name)
    known = corrections()
    for each in (*known["everywhere"], *known.get(name[:2], [])):
        text = text.replace(each["find"], each["put"])
    return text


def printed(name: str) -> str:
    """Give a sample as it was printed."""
    return (FOLDER / f"{name}.txt").read_text("utf-8")
