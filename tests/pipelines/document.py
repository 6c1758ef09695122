"""Find and read the workflows, the action and the examples for other systems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).parent.parent.parent
WORKFLOWS = TOP / ".github" / "workflows"
ACTIONS = sorted((TOP / ".github" / "actions").glob("*/action.yml"))
EXAMPLES = TOP / "examples" / "ci"


class _Loader(yaml.SafeLoader):
    """Reads `on` as the word that it is: of YAML 1.1's booleans, only true and false count here."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, rule) for tag, rule in rules if not (tag.endswith(":bool") and sign in "oOyYnN")]
    for sign, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    """Give the value of a YAML file."""
    return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - it is a SafeLoader


def workflow_files() -> list[Path]:
    """Every workflow: ours, and those that a fleet's repository copies."""
    return sorted([*WORKFLOWS.glob("*.yml"), *(EXAMPLES / "github").glob("*.yml")])


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every job of every workflow, with a name to show."""
    for path in workflow_files():
        for name, job in read(path)["jobs"].items():
            yield f"{path.name}:{name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step of every workflow and action, with a name to show."""
    for name, job in jobs():
        for number, step in enumerate(job.get("steps", ())):
            yield f"{name}:{number}", step
    for path in ACTIONS:
        for number, step in enumerate(read(path)["runs"]["steps"]):
            yield f"{path.parent.name}:{number}", step
