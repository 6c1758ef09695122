"""A rotation goes on only where devices come back, and stops by itself otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from tests.api.hostile import Asked, reply
from tests.apply.front import ANSWERS, Forward, Front, on, open_front, refusal
from tests.scenarios.conftest import TOKEN, Fleetsync, Folder
from tests.scenarios.test_events import events_of
from tests.world import KEY

STATES = "/clientconnectionstates"
PUMPS = [f"pump/p-{number}" for number in range(6)]
FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(6)],
}
WAVES = ("--wave", "2", "--yes", "--wait-online", "0.2s")


class Field:
    """The devices out there: who is connected, and who will take a new token; a twist.

    ``stale`` are shown as connected though their session ended with their registration.
    """

    def __init__(self, front: Front) -> None:
        self.front = front
        self.connected: set[str] = set()
        self.willing: set[str] = set()
        self.stale: set[str] = set()
        self.page = 2

    def connect(self, *names: str) -> None:
        for name in names:
            self.front.org.state.note_connection(*name.split("/"))
        self.connected.update(names)
        self.willing.update(names)

    def __call__(self, asked: Asked, forward: Forward) -> ANSWERS | None:
        if asked.path.startswith(STATES):
            return self._states(asked)
        if asked.path not in {"/bulk/devices/add", "/bulk/devices/remove"}:
            return None
        answer = forward()
        names = {f"{each['typeId']}/{each['deviceId']}" for each in json.loads(asked.content)}
        if asked.path.endswith("remove"):
            self.connected -= names
            with self.front.org.state.turn(writing=True) as turn:
                turn.connection.execute("DELETE FROM connection_log")
        else:
            self.connect(*(names & self.willing))
        return answer

    def _states(self, asked: Asked) -> bytes:
        on = [client(name) for name in sorted(self.connected | self.stale)]
        if asked.path != STATES:
            name = unquote(asked.path.removeprefix(f"{STATES}/"))
            status = "connected" if name in on else "disconnected"
            return reply(200, {"id": name, "connectionStatus": status})
        start = int(asked.params.get("_bookmark", "0"))
        rows = [
            {"id": each, "connectionStatus": "connected"} for each in on[start : start + self.page]
        ]
        more = {"bookmark": str(start + self.page)} if start + self.page < len(on) else {}
        return reply(200, {"results": rows, "meta": {"total_rows": len(on)}, **more})


def client(name: str) -> str:
    return f"d:embedded:{name.replace('/', ':')}"


@pytest.fixture
def front(folder: Folder, credentials: Callable[[str, str], None]) -> Iterator[Front]:
    credentials(KEY.key, TOKEN)
    with open_front(folder.path) as opened:
        folder.settings({"org": {"url": opened.org.url, "callsPerSecond": 1000}})
        yield opened


@pytest.fixture
def field(folder: Folder, fleetsync: Fleetsync, front: Front) -> Field:
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    out_there = Field(front)
    front.twists = [out_there]
    return out_there


def renewed(front: Front, old: dict[str, str]) -> list[str]:
    return [name for name in PUMPS if front.tokens()[name] != old[name]]


def test_each_wave_waits_for_the_devices_of_the_last(
    fleetsync: Fleetsync, front: Front, field: Field
) -> None:
    field.connect(*PUMPS[1:])
    old = front.tokens()
    told = fleetsync("rotate", *WAVES)
    assert told.code == 0, told
    assert renewed(front, old) == PUMPS
    assert "Wave 1: 2 devices, 2 connected" in told.out
    assert "Wave 3: 2 devices, 1 connected" in told.out
    assert "Warning: 1 device is not connected, so nobody will wait for it." in told.out
    assert (
        "Wave 3: 2 devices registered again; 1 of 1 that were connected before are so again."
        in told.out
    )


def test_it_stops_by_itself_where_too_few_come_back(
    fleetsync: Fleetsync, front: Front, field: Field
) -> None:
    field.connect(*PUMPS)
    field.willing -= {PUMPS[2], PUMPS[3]}
    old = front.tokens()
    told = fleetsync("rotate", *WAVES)
    assert told.code == 6
    assert renewed(front, old) == PUMPS[:4]
    assert "Not connected again: pump/p-2, pump/p-3." in told.out
    words = "Stopped: 0 of 2 devices that were connected before came back, 2 would be enough."
    assert words in told.out
    assert "To come: 2 devices, whose tokens are as before." in told.out
    run = told.out.split("--back ")[1].split()[0]
    field.willing |= {*PUMPS}
    back = fleetsync("rotate", "--back", run, *WAVES)
    assert back.code == 0
    assert "Wave 2: 2 devices registered again; 2 of 2 that were connected before" in back.out
    assert renewed(front, old) == []
    assert field.connected == {*PUMPS}


def test_it_goes_on_from_where_it_stopped(fleetsync: Fleetsync, front: Front, field: Field) -> None:
    field.connect(*PUMPS)
    field.willing -= {PUMPS[0]}
    old = front.tokens()
    assert fleetsync("rotate", *WAVES).code == 6
    first = {name: front.tokens()[name] for name in PUMPS[:2]}
    told = fleetsync("rotate", "--resume", *WAVES)
    assert told.code == 0, told
    assert renewed(front, old) == PUMPS
    assert {name: front.tokens()[name] for name in PUMPS[:2]} == first


def test_fewer_may_be_enough(fleetsync: Fleetsync, front: Front, field: Field) -> None:
    field.connect(*PUMPS)
    field.willing -= {PUMPS[0]}
    old = front.tokens()
    told = fleetsync("rotate", *WAVES, "--enough", "50%", "--format", "jsonl")
    assert told.code == 0
    assert renewed(front, old) == PUMPS
    ends = [each for each in events_of(told.out) if each["event"] == "waveEnd"]
    counts = [(each["connectedBefore"], each["connectedAgain"]) for each in ends]
    assert counts == [(2, 1), (2, 2), (2, 2)]


def test_a_session_of_before_is_no_device_that_came_back(
    fleetsync: Fleetsync, front: Front, field: Field
) -> None:
    field.connect(*PUMPS)
    field.willing.clear()
    field.stale = set(PUMPS)
    told = fleetsync("rotate", *WAVES)
    assert told.code == 6
    assert "Stopped: 0 of 2 devices" in told.out


@pytest.mark.parametrize("status", [403, 404])
def test_where_nobody_can_see_it_one_wave_is_all(
    fleetsync: Fleetsync, front: Front, field: Field, status: int
) -> None:
    front.twists = [on(f"GET {STATES}", refusal(status))]
    old = front.tokens()
    told = fleetsync("rotate", *WAVES)
    assert told.code == 4
    assert "so only one wave may go" in told.err
    assert renewed(front, old) == []
    assert fleetsync("rotate", *WAVES, "--waves", "1").code == 0
    assert renewed(front, old) == PUMPS[:2]
    assert fleetsync("rotate", "--resume", *WAVES, "--enough", "0%").code == 0
    assert renewed(front, old) == PUMPS


def test_without_a_size_a_few_go_first_then_more_within_the_limits(
    folder: Folder, fleetsync: Fleetsync, front: Front, field: Field
) -> None:
    devices = [{"typeId": "pump", "deviceId": f"p-{number:03}"} for number in range(200)]
    folder.manifest(
        {"deviceTypes": [{"id": "pump", "lifecycle": {"prune": False}}], "devices": devices}
    )
    assert fleetsync("apply", "--yes").code == 0
    shown = fleetsync("rotate", "--plan", "--format", "json").json
    assert shown["summary"]["waves"] == [2, 6, 18, *[20] * 8, 14]
    granted = fleetsync("rotate", "--plan", "--allow-deletes", "100", "--format", "json").json
    assert granted["summary"]["waves"] == [2, 6, 18, 54, 100, 20]
