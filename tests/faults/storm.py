"""Let an org fail in every way it can while the real command line brings a fleet through it."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from fleetsync.api.retry import RetryPolicy
from fleetsync.cli.main import run
from fleetsync.cli.options import Options, Waits
from fleetsync.emulator.app import make_app
from fleetsync.emulator.behaviour import parse_behaviour
from fleetsync.emulator.faults import NO_FAULTS
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState
from fleetsync.emulator.switches import Switches
from fleetsync.tokens.file import read_tokens
from tests.faults.peek import usable
from tests.world import as_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Manifest = dict[str, Any]

HASTY = Waits(
    connect=5,
    read=0.3,
    retry=RetryPolicy(budget=3, first_contact=3, first_delay=0.01, longest_delay=0.05),
)
FAULTS = (
    "anyFault=20%",
    "hangSeconds=0.4",
    "slowSeconds=0.02",
    "dripSeconds=0.04",
    "retryAfterSeconds=0",
    "secondWriterSpares=pump/*,hub/*,valve/*,old/*",
)
"""A fault in every fifth call; the second writer keeps to what no manifest speaks of."""

STRANGER = ("stranger", "s-1")


class Asked(NamedTuple):
    """One request that wants something removed, by names like type/device.

    ``usable`` are those whose token was in the secrets file.
    """

    call: str
    names: tuple[str, ...]
    usable: frozenset[str] = frozenset()


class Storm:
    """A fleet's folder and its org; ``removals`` are what was asked for, whatever came of it."""

    def __init__(self, folder: Path, state: OrgState, tokens: str) -> None:
        self.folder = folder
        self.state = state
        self.tokens = tokens
        self.removals: list[Asked] = []
        self.told: list[str] = []

    def configure(self, url: str) -> None:
        settings = {
            "fleet": "storm",
            "org": {"url": url, "callsPerSecond": 1000},
            "limits": {"deletePercent": 100, "deleteCount": 1000},
            "secrets": {"tokens": self.tokens},
        }
        (self.folder / "fleet.yaml").write_text(yaml.safe_dump(settings), "utf-8")

    def declare(self, manifest: Manifest) -> None:
        (self.folder / "manifests").mkdir(exist_ok=True)
        (self.folder / "manifests" / "fleet.yaml").write_text(as_yaml(manifest), "utf-8")

    def call(self, *words: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["-C", str(self.folder), *words], Options(waits=HASTY))
        self.told += [out.getvalue(), err.getvalue()]
        return code

    def rage(self, *more: str, seed: int) -> None:
        """Begin to fail, anew for each seed."""
        self.state.faults = parse_behaviour([*FAULTS, f"faultSeed={seed}", *more]).faults

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Let nothing go wrong and no list lag for a while."""
        faults, switches = self.state.faults, self.state.switches
        self.state.faults = NO_FAULTS
        self.state.switches = replace(switches, list_lag_calls=0, list_lag_seconds=0.0)
        with self.state.turn(writing=True) as turn:  # what lists still show of the past
            turn.connection.execute("DELETE FROM stale_device_type")
            turn.connection.execute("DELETE FROM stale_device")
        try:
            yield
        finally:
            self.state.faults, self.state.switches = faults, switches

    def note(self, environ: WSGIEnvironment) -> None:
        """Write down a removal before anything can go wrong with it."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/api/v0002")
        if path == "/bulk/devices/remove":
            content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(content)
            items = json.loads(content)
            names = tuple(f"{item['typeId']}/{item['deviceId']}" for item in items)
            useful = usable(names, self.folder / "secrets" / "tokens.jsonl", self.state)
            self.removals.append(Asked(f"{method} {path}", names, useful))
        elif method == "DELETE":
            name = path.removeprefix("/device/types/").replace("/devices/", "/")
            self.removals.append(Asked(f"{method} {path}", (name,)))

    def kept_tokens(self) -> dict[str, str]:
        entries = read_tokens(self.folder / "secrets" / "tokens.jsonl").values()
        return {f"{e.type_id}/{e.device_id}": e.token.reveal() for e in entries}

    def is_valid(self, name: str, token: str) -> bool:
        type_id, device_id = name.split("/")
        return self.state.check_token(type_id, device_id, token)


class _Noting:
    """Lets a storm see each request before the org does."""

    def __init__(self, app: WSGIApplication, storm: Storm) -> None:
        self._app = app
        self._storm = storm

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._storm.note(environ)
        return self._app(environ, start_response)


@contextmanager
def open_storm(folder: Path, tokens: str, switches: Switches | None = None) -> Iterator[Storm]:
    """Open an org with a stranger's device in it, and a folder without manifests."""
    with ExitStack() as stack:
        state = stack.enter_context(OrgState.open(None, switches=switches))
        storm = Storm(folder, state, tokens)
        server = stack.enter_context(Server(_Noting(make_app(state), storm)))
        storm.configure(server.url)
        storm.declare({"deviceTypes": [{"id": STRANGER[0]}]})
        assert storm.call("apply", "--yes") == 0, storm.told
        state.register_as_person(*STRANGER)
        yield storm


def generations(seed: int) -> list[Manifest]:
    """Give three manifests, one after the other, that differ in everything that can differ."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret hangs on it
    return [_generation(chance, number) for number in range(3)]


def _generation(chance: random.Random, number: int) -> Manifest:
    types: list[Manifest] = [
        {"id": "pump", "description": f"Pump {number}", "metadata": {"generation": number}},
        {"id": "hub", "classId": "Gateway", "description": "", "metadata": {}},
    ]
    last = {"deviceTypes": types, "devices": _devices(chance, "pump") + _devices(chance, "hub")}
    extra = "old" if number == 0 else "valve"
    types.append({"id": extra, "description": extra, "metadata": {"of": number}})
    last["devices"] += _devices(chance, extra)
    return last if number == 0 else {**last, "removedDeviceTypes": ["old"]}


def _devices(chance: random.Random, type_id: str) -> list[Manifest]:
    numbers = sorted(chance.sample(range(10), 5))
    return [_device(chance, type_id, number) for number in numbers]


def _device(chance: random.Random, type_id: str, number: int) -> Manifest:
    device: Manifest = {
        "typeId": type_id,
        "deviceId": f"{type_id[0]}-{number}",
        "deviceInfo": {"serialNumber": f"{chance.randrange(3)}"},
        "metadata": {"floor": chance.randrange(3)},
    }
    if number % 2:
        device["location"] = {"latitude": chance.randrange(3), "longitude": number}
    if number == 4:
        device["status"] = {"alert": {"enabled": chance.random() < 0.5}}
    return device
