"""ibmiotf 0.4.0 from PyPI works against the emulator, and the stand-in does what it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from fleetsync.compat import ibmiotf
from fleetsync.emulator.app import make_app
from fleetsync.emulator.server import Server
from fleetsync.emulator.state import OrgState
from tests.compat.life import live

KEY, TOKEN = "a-abc123-k0dl0vqqrk", "t0ken-of-the-key!"
PACKAGES = ["ibmiotf==0.4.0", "requests-toolbelt", "paho-mqtt<2", "iso8601", "pytz"]
PAIR = {"auth-key": KEY, "auth-token": TOKEN}


@pytest.fixture(scope="module")
def real_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client itself, in a folder of its own."""
    folder = tmp_path_factory.mktemp("ibmiotf")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    done = subprocess.run(
        [*command, str(folder), *PACKAGES], capture_output=True, text=True, check=False, timeout=240
    )
    if done.returncode:
        pytest.skip(f"ibmiotf 0.4.0 cannot be installed here: {done.stderr[-300:]}")
    # It imports a module that Python lost with 3.10, and does not use it.
    (folder / "symbol.py").write_text("parameters = None\n", "ascii")
    return folder


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    """Serve a new org over TLS, which is all that the old client speaks, and give host and port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    state = OrgState.open(None, org="abc123")
    server = Server(
        make_app(state, {KEY: TOKEN}),
        certificate=tmp_path / "cert.pem",
        private_key=tmp_path / "key.pem",
    )
    with state, server:
        yield server.url.removeprefix("https://")


def by_the_real_client(folder: Path, host: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "life.py")],
        env={**os.environ, "PYTHONPATH": str(folder)},
        input=json.dumps({**PAIR, "host": host}),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_stand_in_gives_what_the_real_client_gives(
    real_client: Path, host: str, tmp_path: Path
) -> None:
    real = by_the_real_client(real_client, host)
    left = [step for step in real if isinstance(step, dict) and step.get("raised") is not None]
    assert [step["raised"] for step in left] == [409, 404, 409, 202, 400, 404, 404, 404, 404]
    assert real[-1] is True
    ours = live(
        ibmiotf,
        {**PAIR, "host": host, "caFile": str(tmp_path / "ca.pem"), "callsPerSecond": 1000},
    )
    assert json.loads(json.dumps(ours)) == real
