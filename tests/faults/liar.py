"""Run the command line, in this process, against an org whose answers somebody falsifies."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from sqlite3 import connect
from typing import Any, NamedTuple

import yaml

from fleetsync.api.retry import RetryPolicy
from fleetsync.cli.main import run
from fleetsync.cli.options import Options, Waits
from tests.api.hostile import Asked
from tests.apply.front import ANSWERS, Forward, Front, open_front
from tests.faults.lies import Lie
from tests.faults.plans import MIXED, OLD, Manifest
from tests.world import as_yaml

HASTY = Waits(
    connect=2,
    read=0.25,
    retry=RetryPolicy(budget=0.03, first_contact=0.03, first_delay=0.002, longest_delay=0.005),
)
_ID = re.compile(r"(?<=/types/)[^/]+|(?<=/devices/)[^/]+(?=$|/)")


def call_of(asked: Asked) -> str:
    """Name a call without its ids."""
    if asked.path.startswith("/bulk/"):
        return f"{asked.method} {asked.path}"
    return f"{asked.method} {_ID.sub('*', asked.path)}"


class Told(NamedTuple):
    """What a command did, and how many seconds it took."""

    code: int
    out: str
    err: str
    seconds: float


class Liar:
    """A fleet's folder and an org; ``lie_to`` names the call that is answered falsely."""

    def __init__(self, front: Front, reset: Callable[[], None]) -> None:
        self.front = front
        self.lie_to = ""
        self.lie: Lie | None = None
        self.acts = True
        self.lied = 0
        self._reset = reset
        front.twists = [self._twist]

    def reset(self) -> None:
        """Go back to where the plan is not carried out yet."""
        self.be_honest()
        self._reset()
        self.lied = 0

    def lie_about(self, call: str, lie: Lie, *, acts: bool) -> None:
        """Answer a call so from now on; ``acts`` says whether the org carries it out first."""
        self.lie_to, self.lie, self.acts = call, lie, acts

    def be_honest(self) -> None:
        self.lie_to, self.lie = "", None

    def call(self, *words: str) -> Told:
        """Run a command: in a hurry while somebody lies, else as patient as a user's."""
        waits = Waits() if self.lie is None else HASTY
        out, err = io.StringIO(), io.StringIO()
        begun = time.monotonic()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["-C", str(self.front.folder), *words], Options(waits=waits))
        return Told(code, out.getvalue(), err.getvalue(), time.monotonic() - begun)

    def _twist(self, asked: Asked, forward: Forward) -> ANSWERS | None:
        if self.lie is None or call_of(asked) != self.lie_to:
            return None
        self.lied += 1
        body = b""
        if self.acts or asked.method == "GET":
            body = forward().partition(b"\r\n\r\n")[2]
        return self.lie(asked, body or b'{"success": true}')


def _write(front: Front, manifest: Manifest) -> None:
    folder = front.folder / "manifests"
    folder.mkdir(exist_ok=True)
    (folder / "fleet.yaml").write_text(as_yaml(manifest), "utf-8")


@contextmanager
def open_liar(place: Path, tokens: str = "client") -> Iterator[Liar]:
    """Open an org as it is before a plan of everything: creates, updates and deletes."""
    folder = place / "fleet"
    folder.mkdir()
    with open_front(folder) as front, closing(connect(":memory:")) as saved:
        settings: dict[str, Any] = {
            "fleet": "lied-to",
            "org": {"url": front.org.url, "callsPerSecond": 1000},
            "limits": {"deletePercent": 100, "deleteCount": 1000},
            "secrets": {"tokens": tokens},
        }
        (folder / "fleet.yaml").write_text(yaml.safe_dump(settings), "utf-8")
        state = front.org.state

        def reset() -> None:
            saved.backup(state._connection)
            front.asked.clear()
            shutil.rmtree(folder)
            shutil.copytree(place / "start", folder)

        _write(front, OLD)
        liar = Liar(front, reset)
        told = liar.call("apply", "--yes")
        assert told.code == 0, told
        _write(front, MIXED)
        state._connection.backup(saved)
        shutil.copytree(folder, place / "start")
        yield liar
