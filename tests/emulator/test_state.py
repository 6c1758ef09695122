"""Several threads and processes share an org, and an answered write outlives a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from fleetsync.emulator.refusal import RefusalError
from fleetsync.emulator.state import OrgState

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Caller

# Adds devices p-START.. to the org in FILE and tells each one only after it was answered.
WRITER = """
import sys
from pathlib import Path
from fleetsync.emulator.state import OrgState
path, start, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with OrgState.open(path) as state:
    for number in range(start, start + count):
        try:
            state.register_as_person("pump", f"p-{number:06}")
        except Exception as error:
            print("refused", getattr(error, "status", error), flush=True)
        else:
            print(f"p-{number:06}", flush=True)
"""


def make_org(path: Path) -> None:
    """Make an org with a type and no devices."""
    with OrgState.open(path) as state, state.turn(writing=True) as turn:
        turn.connection.execute(
            "INSERT INTO device_type VALUES ('pump', 'Device', NULL, '{}', NULL, NULL, '', '')"
        )


def start_writer(path: Path, start: int, count: int) -> subprocess.Popen[str]:
    """Start another process that adds devices."""
    words = [sys.executable, "-c", WRITER, str(path), str(start), str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def device_ids(path: Path) -> list[str]:
    """Return the ids of all devices in a file."""
    with OrgState.open(path) as state:
        return [name.removeprefix("pump/") for name in state.snapshot()["devices"]]


def test_of_two_threads_that_add_the_same_device_one_wins(call: Caller) -> None:
    call.add_type("pump")
    barrier = threading.Barrier(4)
    statuses: list[list[int]] = []

    def race() -> None:
        barrier.wait()
        path = "/device/types/pump/devices"
        statuses.append(
            [call("POST", path, {"deviceId": f"p-{number}"}).status for number in range(20)]
        )

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sorted(column) for column in zip(*statuses, strict=True)] == [[201, 409, 409, 409]] * 20


def test_two_processes_write_one_file_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    make_org(path)
    writers = [start_writer(path, start, 40) for start in (0, 20)]
    told = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    numbers = [word for words in told for word in words if word.startswith("p-")]
    assert sorted(numbers) == [f"p-{number:06}" for number in range(60)]
    assert sum(words.count("refused") for words in told) == 20
    assert sum(words.count("409") for words in told) == 20
    assert device_ids(path) == sorted(numbers)


def test_two_processes_may_make_the_same_new_file(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    code = "import sys; from pathlib import Path; from fleetsync.emulator.state import OrgState; " \
           "OrgState.open(Path(sys.argv[1])).close()"  # fmt: skip
    words = [sys.executable, "-c", code, str(path)]
    openers = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(3)]
    assert [opener.communicate(timeout=60)[1] for opener in openers] == [b""] * 3
    with OrgState.open(path) as state:
        assert state.snapshot() == {"deviceTypes": {}, "devices": {}}


def test_an_answered_write_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "org.db"
    make_org(path)
    with start_writer(path, 0, 1_000_000) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip() for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        told += writer.stdout.read().split()
    kept = device_ids(path)
    assert kept[: len(told)] == told
    assert len(kept) <= len(told) + 1


def test_a_turn_that_fails_leaves_no_trace(org_state: OrgState) -> None:
    def fail() -> None:
        with org_state.turn(writing=True) as turn:
            turn.connection.execute(
                "INSERT INTO device_type VALUES ('pump', 'Device', NULL, '{}', NULL, NULL, '', '')"
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert org_state.snapshot() == {"deviceTypes": {}, "devices": {}}


def test_devices_that_others_registered_say_so(call: Caller, org_state: OrgState) -> None:
    call.add_type("pump")
    call.add_type("hub", classId="Gateway")
    token = org_state.register_by_gateway(
        "pump", "p-1", gateway=("hub", "g-1"), body={"metadata": {"a": 1}}
    )
    org_state.register_as_person("pump", "p-2", email="ops@example.com")
    body = call("GET", "/device/types/pump/devices/p-1").body
    assert (body["gatewayTypeId"], body["gatewayId"]) == ("hub", "g-1")
    assert body["registration"]["auth"] == {"id": "g:embedded:hub:g-1", "type": "gateway"}
    body = call("GET", "/device/types/pump/devices/p-2").body
    assert body["registration"]["auth"] == {"id": "ops@example.com", "type": "person"}
    assert org_state.check_token("pump", "p-1", token)
    assert org_state.snapshot()["devices"]["pump/p-1"] == {
        "deviceInfo": {},
        "metadata": {"a": 1},
        "status": {"alert": {"enabled": False}},
        "gateway": "hub/g-1",
    }


def test_what_the_platform_registers_obeys_the_same_rules(org_state: OrgState) -> None:
    with pytest.raises(RefusalError) as caught:
        org_state.register_as_person("pump", "p-1")
    assert caught.value.status == 404
