"""A fleet's folder, and the command line as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
import yaml

from fleetsync.cli.main import run


class Result(NamedTuple):
    """What a command did: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Fleetsync(Protocol):
    """Call fleetsync in the fleet's folder."""

    def __call__(self, *words: str | Path) -> Result: ...


class Folder:
    """A fleet's folder, with the embedded org if nothing else is said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings({})

    @property
    def secrets(self) -> Path:
        return self.path / "secrets" / "tokens.jsonl"

    def settings(self, settings: dict[str, Any]) -> None:
        org = {"emulator": ".fleetsync/org.db", "callsPerSecond": 1000}
        whole = {"fleet": "test", "org": org, **settings}
        (self.path / "fleet.yaml").write_text(yaml.safe_dump(whole, sort_keys=False), "utf-8")

    def manifest(self, manifest: dict[str, Any], name: str = "fleet") -> None:
        folder = self.path / "manifests"
        folder.mkdir(exist_ok=True)
        text = yaml.safe_dump(manifest, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, "utf-8")

    def tokens(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.secrets.read_text("utf-8").splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    for name in ("WIOTP_AUTH_KEY", "WIOTP_AUTH_TOKEN", "WIOTP_API_KEY", "WIOTP_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "fleet").mkdir()
    return Folder(tmp_path / "fleet")


@pytest.fixture
def fleetsync(folder: Folder, capsys: pytest.CaptureFixture[str]) -> Fleetsync:
    def call(*words: str | Path) -> Result:
        capsys.readouterr()
        code = run(["-C", str(folder.path), *map(str, words)])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    def use(key: str, token: str) -> None:
        monkeypatch.setenv("WIOTP_AUTH_KEY", key)
        monkeypatch.setenv("WIOTP_AUTH_TOKEN", token)

    return use
