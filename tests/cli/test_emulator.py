"""``fleetsync emulator`` says where it is, serves, and stops when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests
from click.testing import CliRunner

from fleetsync.cli.emulator import emulator, read_accounts
from fleetsync.emulator.behaviour import describe_behaviour
from fleetsync.emulator.errors import EmulatorError
from fleetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CODE = "from fleetsync.cli.emulator import emulator; emulator()"


@contextmanager
def start(*options: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start the command in a process of its own; a test that fails leaves none behind."""
    clean = {key: text for key, text in os.environ.items() if not key.startswith("WIOTP_")}
    with subprocess.Popen(
        [sys.executable, "-c", CODE, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**clean, **(env or {})},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ready_url(process: subprocess.Popen[str], org: str = "embedded") -> str:
    """Wait for the one line and return the address in it."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(f"fleetsync emulator: org {org} at http://127.0.0.1:")
    return line.split()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_ends_well(tmp_path: Path, number: int) -> None:
    path = tmp_path / "org.db"
    with start("--db", str(path), "--org", "abc123", "--set", "pageCap=7") as process:
        url = ready_url(process, "abc123")
        auth = ("key", "token")
        assert requests.get(f"{url}/api/v0002/", auth=auth, timeout=9).json()["id"] == "abc123"
        switches = requests.get(f"{url}/emulator/switches", auth=auth, timeout=9).json()
        assert switches["pageCap"] == 7
        process.send_signal(number)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == [path]


SIGNAL_BEFORE_THE_WAITING = """
import os, signal, threading
from fleetsync.cli.emulator import _signals_kept

def strike(before, number):
    with _signals_kept() as wait_for_end:
        strikes = [lambda: os.kill(os.getpid(), number)] * 2
        if before:
            for each in strikes:
                each()
        else:
            threading.Timer(0.05, strikes[0]).start()
        return wait_for_end()

numbers = (signal.SIGTERM, signal.SIGINT)
print([strike(before, number) == number for before in (True, False) for number in numbers])
"""


def test_a_signal_is_heard_however_early_and_often_it_comes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_BEFORE_THE_WAITING],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == ("[True, True, True, True]\n", "")


def test_credentials_in_the_environment_are_the_only_ones_and_never_shown() -> None:
    env = {"WIOTP_AUTH_KEY": "a-embedded-key", "WIOTP_AUTH_TOKEN": "very-secret"}
    with start(env=env) as process:
        url = f"{ready_url(process)}/api/v0002/"
        assert requests.get(url, auth=("a-embedded-key", "very-secret"), timeout=9).ok
        assert requests.get(url, auth=("a-embedded-key", "other"), timeout=9).status_code == 401
        assert requests.get(url, auth=("other", "very-secret"), timeout=9).status_code == 403
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")


def test_an_open_door_to_other_machines_is_warned_of() -> None:
    with start("--host", "0.0.0.0") as process:  # noqa: S104 - that is what the warning is about
        assert process.stdout is not None
        assert " at http://0.0.0.0:" in process.stdout.readline()
        process.terminate()
        warning = "Warning: any API key is accepted, from other machines too\n"
        assert process.communicate(timeout=20) == ("", warning)


def test_help_and_switches_need_no_server_package() -> None:
    code = f"import sys; sys.modules['cheroot'] = None; {CODE}"
    for option in ("--help", "--list-switches"):
        done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, check=True)
        assert b"pageCap" in done.stdout


@pytest.mark.parametrize(
    ("env", "accounts"),
    [
        ({}, None),
        ({"WIOTP_AUTH_KEY": "k"}, None),
        ({"WIOTP_AUTH_KEY": "", "WIOTP_AUTH_TOKEN": ""}, None),
        ({"WIOTP_AUTH_KEY": "k", "WIOTP_AUTH_TOKEN": "t"}, {"k": "t"}),
    ],
)
def test_an_account_needs_both_key_and_token(
    env: dict[str, str], accounts: dict[str, str] | None
) -> None:
    assert read_accounts(env) == accounts


def test_a_file_that_is_no_org_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text("fleet: x\n", encoding="utf-8")
    result = CliRunner().invoke(emulator, ["--db", str(path)])
    assert isinstance(result.exception, EmulatorError)
    assert result.stdout == ""


def test_a_wrong_switch_is_wrong_usage() -> None:
    result = CliRunner().invoke(emulator, ["--set", "pageCapp=1"])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception) == "switch 'pageCapp' does not exist; did you mean pageCap?"


def test_every_switch_and_every_fault_is_listed() -> None:
    result = CliRunner().invoke(emulator, ["--list-switches"])
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[:3] == [
        "Where nobody knows how the platform answers.",
        "pageCap (whole number, 1 or more; default 200)",
        "    largest page of a listing",
    ]
    begin = lines.index("What goes wrong; all of it is off unless set.")
    assert lines[begin - 1] == ""
    assert lines[begin + 3 : begin + 5] == [
        "faultsOn (calls like PUT or POST /bulk/devices/add, with commas between; default none)",
        "    only these calls are hit; none: all",
    ]
    names = [line.split(" (")[0] for line in lines if line[:1].islower()]
    assert names == [each.name for group in describe_behaviour() for each in group.settings]


def test_the_list_as_json_says_which_are_faults() -> None:
    result = CliRunner().invoke(emulator, ["--list-switches", "--format", "json"])
    table = {each["name"]: each for each in json.loads(result.stdout)}
    assert table["resetAfterWrite"] == {
        "group": "faults",
        "name": "resetAfterWrite",
        "values": "rate from 0 to 1, or like 20%",
        "default": "0",
        "meaning": "reset after it was done; no answer",
    }
    assert table["pageCap"]["group"] == "switches"


def test_a_fault_set_on_the_command_line_strikes_and_is_in_the_log() -> None:
    faults = ("--set", "statusAfter=100%", "--set", "statuses=503", "--set", "faultsOn=POST")
    with start(*faults) as process:
        url = ready_url(process)
        auth = ("key", "token")
        path = f"{url}/api/v0002/device/types"
        answer = requests.post(path, json={"id": "pump"}, auth=auth, timeout=9)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert requests.get(f"{path}/pump", auth=auth, timeout=9).status_code == 200
        assert requests.get(f"{url}/emulator/faults", auth=auth, timeout=9).json() == [
            {"number": 1, "call": "POST /device/types", "fault": "statusAfter 503"}
        ]
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")


def test_the_help_shows_an_example() -> None:
    result = CliRunner().invoke(emulator, ["--help"])
    assert "fleetsync emulator --port 8080 --db .fleetsync/org.db" in result.stdout
