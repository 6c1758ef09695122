"""Run the jobs of a .gitlab-ci.yml as a runner does: which by their rules, each in a clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.pipelines.document import EXAMPLES, read

_KEYWORDS = {"stages", "default", "variables", "include", "workflow"}


class Done(NamedTuple):
    """How a job ended, and what it printed."""

    code: int
    log: str


class Pipeline:
    """One pipeline: its variables, the repository, and the artifacts that jobs hand on."""

    def __init__(self, folder: Path, repository: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.repository = repository
        self.variables = variables
        self.artifacts = folder / "artifacts"
        self.jobs = dict(_jobs(read(EXAMPLES / "gitlab" / ".gitlab-ci.yml")))

    def starts(self) -> dict[str, str]:
        """Give the jobs that the rules let start, each with when."""
        found = {}
        for name, job in self.jobs.items():
            rule = next((rule for rule in job["rules"] if self._holds(rule["if"])), None)
            if rule is not None:
                found[name] = rule.get("when", "on_success")
        return found

    def _holds(self, condition: str) -> bool:
        sides = [part.split(" == ") for part in condition.split(" && ")]
        return all(self._value(left) == self._value(right) for left, right in sides)

    def _value(self, word: str) -> str | None:
        name = re.fullmatch(r"\$(\w+)", word.strip())
        return self.variables.get(name[1]) if name else word.strip().strip('"')

    def run(self, name: str, secrets: Mapping[str, str]) -> Done:
        """Run a job on a machine that is thrown away; what it declares as artifacts is kept."""
        job, place = self.jobs[name], self.folder / "build"
        clone = ["git", "clone", "--quiet", str(self.repository), str(place)]
        subprocess.run(clone, check=True, timeout=60)
        if self.artifacts.exists():
            shutil.copytree(self.artifacts, place, dirs_exist_ok=True)
        try:
            env = {**self.variables, **secrets}
            done = self._shell(job["script"], place, env)
            after = self._shell(job.get("after_script", []), place, env)
            for path in self._kept(job.get("artifacts", {}), place):
                shutil.copy(path, self.artifacts)
        finally:
            shutil.rmtree(place)
        return Done(done.returncode, done.stdout + after.stdout)

    def _kept(self, artifacts: Mapping[str, Any], place: Path) -> Iterable[Path]:
        self.artifacts.mkdir(exist_ok=True)
        reports = artifacts.get("reports", {}).values()
        return [
            place / name
            for name in (*artifacts.get("paths", ()), *reports)
            if (place / name).exists()
        ]

    def _shell(
        self, lines: Iterable[str], place: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        path = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=place,
            env={"PATH": path, "HOME": str(self.folder), "CI": "true", **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=240,
        )


def _jobs(document: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for name, job in document.items():
        if name not in _KEYWORDS and not name.startswith("."):
            base = document.get(job.get("extends", ""), {})
            yield name, {**base, **job}
