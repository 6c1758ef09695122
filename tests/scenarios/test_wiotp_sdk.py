"""The platform's own SDK, unmodified, over TLS against the emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleetsync.emulator.authority import Authority
from fleetsync.emulator.running import Place, run_emulator
from fleetsync.emulator.state import OrgState
from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder, Start

SDK = ["wiotp-sdk==1.0.1", "paho-mqtt<2", "iso8601", "pytz", "requests-toolbelt"]


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK with the old paho-mqtt that it asks for, apart from the one that is ours."""
    folder = tmp_path_factory.mktemp("sdk")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, str(folder), *SDK], check=True, timeout=240)
    return folder


def run_life(sdk: Path, given: dict[str, Any]) -> dict[str, Any]:
    kept = {name: text for name, text in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "sdk_life.py")],
        env={**kept, "PYTHONPATH": str(sdk)},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert isinstance(seen, dict)
    return seen


@pytest.fixture(autouse=True)
def key(folder: Folder, credentials: Callable[[str, str], None]) -> None:
    """The API key that the org takes; the folder begins without one."""
    assert folder.path.is_dir()
    credentials(KEY, TOKEN)


def begin_watch(start: Start) -> subprocess.Popen[str]:
    """Watch the device, and be sure to hear what comes from now on."""
    kinds = [word for kind in ("event", "command", "status") for word in ("--kind", kind)]
    process = start("watch", "pump/p-1", "--format", "jsonl", "--count", "4", *kinds)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("watching mqtts://127.0.0.1:")
    return process


def messages_of(watching: subprocess.Popen[str]) -> list[tuple[str, Any]]:
    out, err = watching.communicate(timeout=30)
    assert (watching.returncode, err) == (0, "")
    events = [json.loads(line) for line in out.splitlines()]
    told = [each for each in events if each["event"] == "message"]
    return [(each["kind"], each.get("data") or each.get("action")) for each in told]


def test_a_full_life_of_a_device(
    sdk: Path,
    folder: Folder,
    fleetsync: Fleetsync,
    start: Start,
    tmp_path: Path,
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority = Authority("127.0.0.1", "embedded")
    authority.write_certificate(ca_file)
    place = Place(mqtt_port=0, authority=authority)
    with (
        OrgState.open(None) as state,
        run_emulator(state, place, accounts={KEY: TOKEN}) as emulator,
    ):
        org = {"url": emulator.url, "caFile": str(ca_file), "callsPerSecond": 1000}
        messages = f"mqtts://127.0.0.1:{emulator.mqtt_port}"
        folder.settings({"org": {**org, "messagingUrl": messages}})
        folder.manifest(
            {
                "deviceTypes": [{"id": "pump"}],
                "devices": [{"typeId": "pump", "deviceId": "p-1"}],
            }
        )
        applied = fleetsync("apply", "--yes")
        assert (applied.code, applied.err) == (0, "")
        (line,) = folder.tokens()
        watching = begin_watch(start)
        seen = run_life(
            sdk,
            {
                "org": "embedded",
                "httpPort": urlsplit(emulator.url).port,
                "mqttPort": emulator.mqtt_port,
                "caFile": str(ca_file),
                "key": KEY,
                "token": TOKEN,
                "typeId": "pump",
                "deviceId": "p-1",
                "deviceToken": line["authToken"],
            },
        )
        watched = messages_of(watching)
    assert watched == [
        ("status", "Connect"),
        ("event", {"celsius": 21.5}),
        ("command", {"times": 3}),
        ("status", "Disconnect"),
    ]
    assert seen == {
        "granted": True,
        "types": ["pump"],
        "devices": ["p-1"],
        "status": "Connect",
        "event": ["pump", "p-1", "reading", "json", {"celsius": 21.5}],
        "command": ["blink", "json", {"times": 3}],
        "managed": {"deviceActions": True, "firmwareActions": True},
        "device's log": ["hot"],
        "device's codes": [1, 7],
        "added log": ["seen", 2, True],
        "added code": 8,
        "cleared": [0, 0],
        "status later": "Disconnect",
        "log": [
            "Closed connection from 127.0.0.1. The connection has completed normally.",
            "Token auth succeeded",
        ],
        "gone": True,
    }
