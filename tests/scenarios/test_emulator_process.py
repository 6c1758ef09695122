"""The emulator in a process of its own, with fleetsync as one of its clients."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import pytest
import requests
from paho.mqtt.enums import CallbackAPIVersion

from tests.scenarios.conftest import KEY, TOKEN, Fleetsync, Folder, Start

ENV = {"WIOTP_AUTH_KEY": KEY, "WIOTP_AUTH_TOKEN": TOKEN}
FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(30)],
}


@pytest.fixture(autouse=True)
def a_fleet(folder: Folder) -> None:
    folder.manifest(FLEET)


@contextmanager
def emulator(
    start: Start, *options: str | Path, ending: signal.Signals = signal.SIGTERM
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``fleetsync emulator`` that takes one account, and end it with a signal."""
    process = start("emulator", *options, env=ENV)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("fleetsync emulator: org embedded at http://127.0.0.1:")
    try:
        yield process, line.split()[-1]
    finally:
        process.send_signal(ending)
        process.wait(20)


def test_plan_and_apply_against_it_and_a_clean_stop(
    folder: Folder, start: Start, fleetsync: Fleetsync, credentials: Callable[[str, str], None]
) -> None:
    credentials(KEY, TOKEN)
    with emulator(start) as (process, url):
        assert fleetsync("plan", "--exit-code", "--org-url", url).code == 3
        applied = fleetsync("apply", "--yes", "--org-url", url)
        assert (applied.code, applied.err) == (0, "")
        again = fleetsync("plan", "--exit-code", "--org-url", url)
        assert again.code == 0
        assert f"To carry it out: fleetsync -C {folder.path} --org-url {url} apply" not in again.out
    assert process.returncode == 0
    assert process.communicate() == ("", "")
    left = {path.name for path in (folder.path / ".fleetsync").iterdir()}
    assert left == {".gitignore", "listing.json", "runs"}


@pytest.mark.parametrize(("key", "token"), [(KEY, "wrong-token"), ("a-embedded-wrongkey00", TOKEN)])
def test_other_credentials_are_refused_and_nobodys_are_shown(
    *,
    folder: Folder,
    start: Start,
    fleetsync: Fleetsync,
    credentials: Callable[[str, str], None],
    key: str,
    token: str,
) -> None:
    credentials(key, token)
    before = folder.files()
    with emulator(start) as (process, url):
        for command in (("plan", "-v"), ("apply", "--yes", "-v")):
            told = fleetsync(*command, "--org-url", url)
            assert (told.code, told.out) == (8, "")
            assert not [secret for secret in (key, token, TOKEN) if secret in told.err]
        counted = requests.get(f"{url}/emulator/calls", auth=(KEY, TOKEN), timeout=9).json()
    assert counted == {"GET /": 2}
    assert process.communicate() == ("", "")
    assert folder.files() == before


def test_an_org_in_a_file_outlives_its_process(
    folder: Folder,
    start: Start,
    fleetsync: Fleetsync,
    credentials: Callable[[str, str], None],
    tmp_path: Path,
) -> None:
    credentials(KEY, TOKEN)
    file = tmp_path / "org.db"
    with emulator(start, "--db", file, ending=signal.SIGKILL) as (process, url):
        assert fleetsync("apply", "--yes", "--org-url", url).code == 0
    assert process.returncode == -signal.SIGKILL
    with emulator(start, "--db", file) as (_, url):
        assert fleetsync("plan", "--exit-code", "--org-url", url).code == 0
    assert len(folder.tokens()) == 30


def test_it_takes_the_common_options_and_tells_its_address_as_json(start: Start) -> None:
    process = start("emulator", "--format", "json")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith('{"org": "embedded", "url": "http://127.0.0.1:')
    process.terminate()
    assert process.wait(20) == 0


def test_a_port_that_is_taken_is_told(start: Start, fleetsync: Fleetsync) -> None:
    with emulator(start) as (_, url):
        port = url.rpartition(":")[2]
        second = start("emulator", "--port", port)
        out, err = second.communicate(timeout=20)
    assert (second.returncode, out) == (1, "")
    assert err.startswith(f"Error: 127.0.0.1:{port}: the emulator cannot listen there: ")
    assert err.endswith("; use another --host or --port (0 takes a free port)\n")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_speaks_mqtt_and_tls_and_says_where(
    folder: Folder, start: Start, tmp_path: Path, ending: signal.Signals
) -> None:
    ca_file = tmp_path / "ca.pem"
    process = start("emulator", "--mqtt", "0", "--tls", ca_file, "--format", "json", env=ENV)
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert said.keys() == {"org", "url", "mqtt", "caFile"}
    assert said["caFile"] == str(ca_file)
    mqtt = urlsplit(said["mqtt"])
    connected = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, "a:embedded:app", reconnect_on_failure=False)
    client.tls_set(said["caFile"])
    client.username_pw_set(KEY, TOKEN)
    client.on_connect = lambda *_: connected.set()
    client.connect(mqtt.hostname or "", mqtt.port or 0)
    client.loop_start()
    assert (mqtt.scheme, connected.wait(20)) == ("mqtts", True)
    process.send_signal(ending)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
    client.disconnect()
    client.loop_stop()


def test_its_line_for_people_says_the_same(folder: Folder, start: Start, tmp_path: Path) -> None:
    process = start("emulator", "--mqtt", "0", "--tls", tmp_path / "ca.pem", env=ENV)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    assert re.fullmatch(
        r"fleetsync emulator: org embedded at https://127.0.0.1:\d+, mqtts://127.0.0.1:\d+,"
        rf" caFile: {re.escape(str(tmp_path))}/ca.pem\n",
        line,
    )
    assert process.communicate(timeout=20) == ("", "")


def test_a_port_for_mqtt_in_use_is_told(folder: Folder, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("emulator", "--mqtt", str(taken.getsockname()[1]), env=ENV)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert "cannot listen there for MQTT" in err
