"""Cut off runs of the real command line, over real HTTP, and put everything back in between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from sqlite3 import Connection, connect
from threading import Lock
from typing import Any, NamedTuple

import yaml

from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.faults import NO_FAULTS
from tests.api.hostile import Asked
from tests.apply.front import ANSWERS, Forward, Front, open_front
from tests.faults.doors import DIVISIBLE, LIVE, SIDES, Fate
from tests.faults.peek import usable
from tests.faults.plans import CutPlan, Manifest
from tests.faults.zygote import End, Order
from tests.world import KEY, as_yaml

TOP = Path(__file__).parent.parent.parent
API_TOKEN = "t0ken-of-the-key!"


class Zygote:
    """A process that forks a run of fleetsync for each order."""

    def __init__(self) -> None:
        env = {**os.environ, "WIOTP_AUTH_KEY": KEY.key, "WIOTP_AUTH_TOKEN": API_TOKEN}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=TOP,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, order: Order) -> End:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order._asdict()) + "\n")
        stdin.flush()
        return End(**json.loads(stdout.readline()))

    def __enter__(self) -> Zygote:
        self._process.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.__exit__(*error)


class Written(NamedTuple):
    """One request that may have changed the org, and what the org answered."""

    run: int
    asked: Asked
    status: int
    answer: Any
    registered: tuple[str, ...]
    """The devices that were not there before and are now."""
    removed: tuple[str, ...] = ()
    """The devices that it asks to remove."""
    usable: frozenset[str] = frozenset()
    """Those of them whose token was in the secrets file."""

    @property
    def call(self) -> str:
        return f"{self.asked.method} {self.asked.path}"

    @property
    def body(self) -> Any:
        return json.loads(self.asked.content or b"null")


class Registered(NamedTuple):
    """Who registered a device and when, and the hash of its token."""

    author: str
    at: str
    token: bytes


@dataclass
class Rig:
    """A fleet's folder and its org; runs are numbered from 1 since the last ``reset``."""

    zygote: Zygote
    front: Front
    place: Path
    plan: CutPlan
    ledger: list[Written] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    slow: float = 0.0
    writing: Lock = field(default_factory=Lock)

    @property
    def folder(self) -> Path:
        return self.front.folder

    def declare(self, manifest: Manifest) -> None:
        (self.folder / "manifests").mkdir(exist_ok=True)
        (self.folder / "manifests" / "fleet.yaml").write_text(as_yaml(manifest), "utf-8")

    def configure(self) -> None:
        """Write fleet.yaml for this org."""
        settings = {
            "fleet": "cut",
            "org": {"url": self.front.org.url, "callsPerSecond": 1000},
            "limits": {"deletePercent": 100, "deleteCount": 1000},
            "secrets": {"tokens": self.plan.tokens},
        }
        (self.folder / "fleet.yaml").write_text(yaml.safe_dump(settings), "utf-8")

    def run(self, *words: str, fate: Fate = LIVE, kill_after: float = 0.0, passed: str = "") -> End:
        """Run a command and return when the org has done with what it sent."""
        number = len(self.told) // 2 + 1
        stdout, stderr = (self.place / f"{number}.{name}" for name in ("out", "err"))
        order = Order(
            list(words), str(self.folder), str(stdout), str(stderr), *fate, kill_after, passed
        )
        end = self.zygote.run(order)
        self.front._server.settle()
        self.told += [path.read_text("utf-8") for path in (stdout, stderr)]
        return end

    def apply(self, fate: Fate = LIVE, kill_after: float = 0.0) -> End:
        return self.run("apply", "--yes", fate=fate, kill_after=kill_after)

    def misbehave(self, faults: tuple[str, ...], slow: float) -> None:
        state = self.front.org.state
        state.faults = replace(parse_behaviour(faults).faults) if faults else NO_FAULTS
        self.slow = slow

    def registrations(self) -> dict[str, Registered]:
        with self.front.org.state.turn(writing=False) as turn:
            rows = turn.connection.execute(
                "SELECT type_id || '/' || device_id, author_id, registered, token FROM device"
            )
            return {name: Registered(*rest) for name, *rest in rows}

    def note(self, asked: Asked, forward: Forward) -> ANSWERS | None:
        """Let the org act and write it down; a twist of the front."""
        time.sleep(self.slow)
        if asked.method == "GET":
            return None
        removed = tuple(removed_by(asked))
        useful = usable(removed, self.front.secrets, self.front.org.state)
        with self.writing:
            before = self.registrations()
            answer = forward()
            now = self.registrations()
        new = tuple(name for name, row in now.items() if before.get(name) != row)
        head, _, body = answer.partition(b"\r\n\r\n")
        content = json.loads(body) if body else None
        number = len(self.told) // 2 + 1
        status = int(head.split()[1])
        self.ledger.append(Written(number, asked, status, content, new, removed, useful))
        return answer


def removed_by(asked: Asked) -> Iterator[str]:
    """Name the devices that a request asks to remove."""
    if f"{asked.method} {asked.path}" == "POST /bulk/devices/remove":
        yield from (f"{item['typeId']}/{item['deviceId']}" for item in json.loads(asked.content))
    elif asked.method == "DELETE" and "/devices/" in asked.path:
        yield asked.path.removeprefix("/device/types/").replace("/devices/", "/")


@dataclass
class Start:
    """Where each cut begins: the org and the folder, to go back to."""

    rig: Rig
    saved_org: Connection
    saved_folder: Path
    registered: dict[str, Registered]

    def reset(self) -> None:
        rig = self.rig
        self.saved_org.backup(rig.front.org.state._connection)
        rig.front.asked.clear()
        rig.ledger.clear()
        rig.told.clear()
        shutil.rmtree(rig.folder)
        shutil.copytree(self.saved_folder, rig.folder, symlinks=True)
        rig.misbehave((), 0)


@contextmanager
def open_rig(zygote: Zygote, place: Path, plan: CutPlan) -> Iterator[Rig]:
    behaviour = parse_behaviour(plan.switches)
    (place / "fleet").mkdir(parents=True)
    with open_front(place / "fleet", behaviour.switches) as front:
        rig = Rig(zygote, front, place, plan)
        front.twists = [rig.note]
        rig.configure()
        yield rig


@contextmanager
def at_start(rig: Rig) -> Iterator[Start]:
    """Bring org and folder to where the plan begins, with a stranger's device beside them."""
    with ExitStack() as stack:
        state = rig.front.org.state
        _add_stranger(rig)
        if rig.plan.before is not None:
            rig.declare(rig.plan.before)
            assert rig.apply().code == 0, rig.told
        rig.declare(rig.plan.after)
        saved = stack.enter_context(closing(connect(":memory:")))
        state._connection.backup(saved)
        copy = rig.place / "start"
        shutil.copytree(rig.folder, copy, symlinks=True)
        yield Start(rig, saved, copy, rig.registrations())


def _add_stranger(rig: Rig) -> None:
    """Add a type that no manifest of the plan speaks of, and a device that a person registered."""
    rig.declare({"deviceTypes": [{"id": "stranger"}]})
    assert rig.apply().code == 0, rig.told
    rig.front.org.state.register_as_person("stranger", "s-1")
    for place in (".fleetsync", "secrets"):
        shutil.rmtree(rig.folder / place)


def fates(passed: list[str]) -> list[Fate]:
    """Give all ways to die at the doors of a run."""
    return [
        Fate(number, side)
        for number, name in enumerate(passed, start=1)
        for side in SIDES
        if side != "within" or name in DIVISIBLE
    ]
