"""Every example does what its reader expects: valid, planned, applied, and then nothing to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from fleetsync.cli.main import run
from tests.scenarios.conftest import TOP

EXAMPLES = sorted(path.parent for path in (TOP / "examples").rglob("fleet.yaml"))


def copied(example: Path, folder: Path) -> Path:
    """Copy what is in git: an example that somebody has tried out holds an org and tokens."""
    target = folder / example.name
    shutil.copytree(example, target, ignore=shutil.ignore_patterns(".fleetsync", "secrets"))
    return target


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_becomes_a_live_org(
    example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(example, tmp_path)
    name = yaml.safe_load((folder / "fleet.yaml").read_text("utf-8"))["fleet"]

    def call(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(folder), *words])
        return code, *capsys.readouterr()

    code, out, err = call("validate")
    assert (code, err) == (0, "")
    assert out.startswith(f"{name} is valid: ")
    code, out, err = call("plan", "--exit-code")
    assert (code, err) == (3, "")
    assert out.startswith(f"Plan for {name} in org ")
    code, out, err = call("apply", "--yes")
    assert (code, err) == (0, "")
    assert f"\nApplied to {name} in org " in out
    code, out, err = call("plan", "--exit-code")
    assert (code, err) == (0, "")
    assert out.startswith(f"No changes: {name} in org ")
    assert "Warning" not in out
    assert call("apply")[0] == 0


def test_there_are_the_examples_that_the_readme_names() -> None:
    names = {path.name for path in EXAMPLES}
    assert {"quickstart", "building", "campus"} <= names
    readme = (TOP / "README.md").read_text("utf-8")
    assert all(f"examples/{name}" in readme for name in names)
