"""A forge, and a job of it that fleetsync runs in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from fleetsync.cli.main import run
from tests.forge.fake import TOKEN, Forge, run_forge


class Result(NamedTuple):
    """What a command did: its exit code and what it wrote."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture
def forge() -> Iterator[Forge]:
    with run_forge() as running:
        yield running


@pytest.fixture
def job(tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a job, which is the current one; it holds a fleet with an embedded org."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    given = {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "fleets/emea",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_REF_NAME": "main",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITLAB_TOKEN": TOKEN,
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda _: None)
    (tmp_path / "fleet.yaml").write_text("fleet: emea\norg: {emulator: .fleetsync/org.db}\n")
    (tmp_path / "manifests").mkdir()
    return tmp_path


@pytest.fixture
def fleetsync(job: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str) -> Result:
        capsys.readouterr()
        code = run(list(words))
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def planned(job: Path, fleetsync: Call) -> Callable[[int], str]:
    """Save a plan for so many pumps; give its digest."""

    def plan(pumps: int) -> str:
        ids = ", ".join(f"p-{number}" for number in range(pumps))
        text = f"deviceTypes: [{{id: pump}}]\ndeviceSets: [{{typeId: pump, deviceIds: [{ids}]}}]\n"
        (job / "manifests" / "pumps.yaml").write_text(text)
        assert fleetsync("plan", "--out", "plan.json").code == 0
        return str(json.loads((job / "plan.json").read_text())["digest"])

    return plan
