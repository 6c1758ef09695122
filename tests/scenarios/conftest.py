"""A fleet's folder, and the command line as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import pytest
import yaml

from fleetsync.api.retry import RetryPolicy
from fleetsync.cli.main import run
from fleetsync.cli.options import Options, Waits
from tests.api.hostile import HostileServer, Script

KEY = "a-embedded-k0dl0vqqrk"
TOKEN = "t0ken-of-the-key!"
IMPATIENT = Waits(connect=5, read=0.3, retry=RetryPolicy(budget=0.0, first_contact=0.0))
TOP = Path(__file__).parent.parent.parent
VARIABLES = ("WIOTP_AUTH_KEY", "WIOTP_AUTH_TOKEN", "WIOTP_API_KEY", "WIOTP_API_TOKEN")


class Result(NamedTuple):
    """What a command did: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Fleetsync(Protocol):
    """Call fleetsync in the fleet's folder; ``waits`` is how long it waits for an org."""

    def __call__(self, *words: str | Path, waits: Waits = ...) -> Result: ...


class Start(Protocol):
    """Start fleetsync in a process of its own, in the fleet's folder.

    ``shell`` is how a shell calls it, for what only a shell can arrange.
    """

    def __call__(
        self,
        *words: str | Path,
        env: dict[str, str] | None = None,
        shell: str = ...,
        stdout: int | IO[str] = ...,
        stderr: int | IO[str] = ...,
        encoding: str = ...,
    ) -> subprocess.Popen[str]: ...


class Serve(Protocol):
    """Start a server that answers as the script says, for as long as the test lasts."""

    def __call__(self, script: Script, context: Any = None) -> HostileServer: ...


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

    def files(self) -> dict[str, bytes]:
        """Everything in the folder, to see whether anything was changed."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in self.path.rglob("*")
            if path.is_file() and ".git" not in path.parts
        }

    def tokens(self) -> list[dict[str, str]]:
        """The lines of valid tokens, as the README says to tell them from retired ones."""
        lines = [json.loads(line) for line in self.secrets.read_text("utf-8").splitlines()]
        return [line for line in lines if "retired" not in line]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "fleet").mkdir()
    return Folder(tmp_path / "fleet")


@pytest.fixture
def fleetsync(folder: Folder, capsys: pytest.CaptureFixture[str]) -> Fleetsync:
    def call(*words: str | Path, waits: Waits = Waits()) -> Result:  # noqa: B008 - it is frozen
        capsys.readouterr()
        code = run(["-C", str(folder.path), *map(str, words)], Options(waits=waits))
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    def use(key: str, token: str) -> None:
        monkeypatch.setenv("WIOTP_AUTH_KEY", key)
        monkeypatch.setenv("WIOTP_AUTH_TOKEN", token)

    return use


@pytest.fixture
def start(folder: Folder) -> Iterator[Start]:
    with ExitStack() as stack:

        def begin(
            *words: str | Path,
            env: dict[str, str] | None = None,
            shell: str = 'exec "$@"',
            stdout: int | IO[str] = subprocess.PIPE,
            stderr: int | IO[str] = subprocess.PIPE,
            encoding: str = "utf-8",
        ) -> subprocess.Popen[str]:
            fleetsync = [sys.executable, "-m", "fleetsync", *map(str, words)]
            command = ["sh", "-c", shell, "sh", *fleetsync]
            whole = {**os.environ, "PYTHONPATH": str(TOP), **(env or {})}
            process = subprocess.Popen(
                command,
                cwd=folder.path,
                env=whole,
                stdout=stdout,
                stderr=stderr,
                encoding=encoding,
            )
            stack.enter_context(process)
            stack.callback(process.kill)  # a test that failed leaves it running
            return process

        yield begin


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def begin(script: Script, context: Any = None) -> HostileServer:
            return stack.enter_context(HostileServer(script, context))

        yield begin
