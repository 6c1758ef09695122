"""Run mosquitto, a broker that is not ours; without one these tests are skipped, never in CI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from fleetsync.messaging.application import ApplicationMessaging
from fleetsync.messaging.client import Bounds
from fleetsync.messaging.endpoint import App, Endpoint, application_login

USER, PASSWORD = "a-abc123-k0dl0vqqrk", "pass-word-of-the-key"
SECONDS = 20.0
SETTINGS = """
user root
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
password_file {folder}/passwords
allow_anonymous false
max_inflight_messages 20
max_queued_messages 100000
log_dest none
listener {port} 127.0.0.1
"""
WEBSOCKETS = """
listener {port} 127.0.0.1
protocol websockets
"""
TLS = """
listener {port} 127.0.0.1
certfile {folder}/server.pem
keyfile {folder}/server.key
"""


def find_mosquitto() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if not found:
        words = "no mosquitto: install it"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


class Mosquitto:
    """A broker that can be stopped and started again, and keeps what it must keep."""

    def __init__(self, program: str, folder: Path, ca: trustme.CA) -> None:
        self.program, self.folder = program, folder
        self.port, self.tls_port = free_port(), free_port()
        self.ws_port, self.wss_port = free_port(), free_port()
        passwords = Path(program).parent.parent / "bin" / "mosquitto_passwd"
        tool = str(passwords) if passwords.exists() else "mosquitto_passwd"
        file = str(folder / "passwords")
        subprocess.run([tool, "-b", "-c", file, USER, PASSWORD], check=True, capture_output=True)
        certificate = ca.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(str(folder / "server.key"))
        certificate.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
        settings = SETTINGS.format(folder=folder, port=self.port)
        settings += TLS.format(folder=folder, port=self.tls_port)
        settings += WEBSOCKETS.format(port=self.ws_port)
        settings += TLS.format(folder=folder, port=self.wss_port) + "protocol websockets\n"
        (folder / "mosquitto.conf").write_text(settings, "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self.program, "-c", str(self.folder / "mosquitto.conf")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, **quiet)  # type: ignore[call-overload] # the same for both
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if all(map(listens, (self.port, self.tls_port, self.ws_port, self.wss_port))):
                return
            time.sleep(0.02)
        raise TimeoutError("mosquitto does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(SECONDS)
            self._process = None


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def mosquitto(tmp_path: Path, ca: trustme.CA) -> Iterator[Mosquitto]:
    program = find_mosquitto()
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(program, tmp_path / "broker", ca)
    broker.start()
    yield broker
    broker.stop()


MakeApp = Callable[..., ApplicationMessaging]


@pytest.fixture
def app(mosquitto: Mosquitto) -> Iterator[MakeApp]:
    """Make an application that is connected to mosquitto for as long as the test lasts."""
    with ExitStack() as stack:

        def make(
            name: str | None = None, *, clean: bool = True, capacity: int = 10_000, **more: Any
        ) -> ApplicationMessaging:
            login = application_login("abc123", USER, PASSWORD, App(name, clean))
            made = ApplicationMessaging(
                Endpoint("127.0.0.1", mosquitto.port, tls=False),
                login,
                bounds=Bounds(SECONDS, capacity),
                **more,
            )
            return stack.enter_context(made)

        yield make
