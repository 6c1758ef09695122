"""A machine for one job: its folders, its files for what steps tell each other, and its shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
_BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")


class Told(NamedTuple):
    """What a step left behind: its exit code, what it printed, and its outputs."""

    code: int
    log: str
    outputs: dict[str, str]


class Machine:
    """Runs scripts as a runner does; what steps set for later steps is kept in ``env``."""

    def __init__(self, folder: Path, github: Mapping[str, Any]) -> None:
        self.workspace = folder / "workspace"
        self.temp = folder / "temp"
        self.summary = ""
        for place in (self.workspace, self.temp, folder / "home"):
            place.mkdir(parents=True)
        event = folder / "event.json"
        event.write_text(json.dumps(github["event"]), "utf-8")
        names = (
            "repository",
            "sha",
            "ref",
            "ref_name",
            "event_name",
            "run_id",
            "run_attempt",
            "actor",
        )
        told = {f"GITHUB_{name.upper()}": str(github[name]) for name in (*names, "actor")}
        self.env = {
            **told,
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github["api_url"],
            "GITHUB_SERVER_URL": github["server_url"],
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_EVENT_PATH": str(event),
            "RUNNER_TEMP": str(self.temp),
        }

    def has_fleetsync(self) -> None:
        """Put this test's own environment where the action would make one."""
        (self.temp / "fleetsync").mkdir()
        (self.temp / "fleetsync" / "venv").symlink_to(sys.prefix)

    def run(self, script: str, env: Mapping[str, str]) -> Told:
        """Run a step's script, and read what it told."""
        files = {name: self.temp / name.lower() for name in _FILES}
        for file in files.values():
            file.write_text("", "utf-8")
        code_file = self.temp / "script.sh"
        code_file.write_text(script, "utf-8")
        done = subprocess.run(
            [*_BASH, str(code_file)],
            cwd=self.workspace,
            env={**self.env, **env, **{name: str(file) for name, file in files.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=240,
        )
        self.env.update(_pairs(files["GITHUB_ENV"].read_text("utf-8")))
        for line in files["GITHUB_PATH"].read_text("utf-8").splitlines():
            self.env["PATH"] = f"{line}{os.pathsep}{self.env['PATH']}"
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        outputs = dict(_pairs(files["GITHUB_OUTPUT"].read_text("utf-8")))
        return Told(done.returncode, _masked(done.stdout), outputs)


def _masked(log: str) -> str:
    """Take out what a step asked to mask; the secrets themselves are not masked, to be missed."""
    lines = log.splitlines(keepends=True)
    masks = [line.removeprefix("::add-mask::").strip() for line in lines if "::add-mask::" in line]
    rest = "".join(line for line in lines if "::add-mask::" not in line)
    assert not [mask for mask in masks if mask in rest]
    return rest


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Read name=value, and name<<WORD with the lines up to WORD."""
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = line.partition("=")
        if "<<" in name or not sign:
            name, sign, word = line.partition("<<")
            assert sign, f"no output: {line}"
            value = "\n".join(iter(lambda end=word: _until(lines, end), None))  # type: ignore[misc]
        yield name, value


def _until(lines: Iterator[str], word: str) -> str | None:
    line = next(lines)
    return None if line == word else line
