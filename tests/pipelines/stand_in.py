"""Stand in for the actions of others that our workflows use, on folders instead of a network."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.pipelines.machine import Machine


class Site(NamedTuple):
    """What of GitHub outlives a job: the repository, and the artifacts."""

    repository: Path
    artifacts: Path
    sha: str


def use(name: str, words: Mapping[str, str], machine: Machine, site: Site) -> None:
    """Do what the action of that name would; a failure is an exception."""
    assert set(words) <= _KNOWN[name], (name, words)
    _ACTIONS[name](words, machine, site)


def _checkout(words: Mapping[str, str], machine: Machine, site: Site) -> None:
    assert words["persist-credentials"] == "false"
    place = str(machine.workspace)
    for command in (
        ["git", "clone", "--quiet", str(site.repository), place],
        ["git", "-C", place, "checkout", "--quiet", site.sha],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def _set_up_python(words: Mapping[str, str], machine: Machine, site: Site) -> None:
    """The Python of the tests is on the path already."""


def _upload(words: Mapping[str, str], machine: Machine, site: Site) -> None:
    target = site.artifacts / words["name"]
    if words.get("overwrite") == "true":
        shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)  # an artifact of that name that is there already is an error
    pattern = Path(words["path"])
    found = list(pattern.parent.glob(pattern.name))
    assert found or words["if-no-files-found"] != "error", words["path"]
    for path in found:
        shutil.copy(path, target)


def _download(words: Mapping[str, str], machine: Machine, site: Site) -> None:
    shutil.copytree(site.artifacts / words["name"], words["path"], dirs_exist_ok=True)


_ACTIONS: Mapping[str, Callable[[Mapping[str, str], Machine, Site], None]] = {
    "actions/checkout": _checkout,
    "actions/setup-python": _set_up_python,
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
}
_KNOWN: Mapping[str, set[str]] = {
    "actions/checkout": {"persist-credentials", "fetch-depth"},
    "actions/setup-python": {"python-version"},
    "actions/upload-artifact": {
        "name",
        "path",
        "if-no-files-found",
        "overwrite",
        "retention-days",
    },
    "actions/download-artifact": {"name", "path"},
}
