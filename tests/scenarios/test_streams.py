"""Results go to stdout, words to stderr, wherever these lead."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Fleetsync, Folder, Start

SNOW = "Schnee \u2603 \U0001f600"
FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump", "description": SNOW}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(3)],
}
VALID = "test is valid: 1 device type, 3 devices.\n"
NO_SPACE = "Error: stdout: cannot be written: No space left on device; "


@pytest.fixture(autouse=True)
def a_fleet(folder: Folder) -> None:
    folder.manifest(FLEET)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_python_m_fleetsync_is_fleetsync(start: Start) -> None:
    assert ended(start("validate")) == (0, VALID, "")
    code, out, err = ended(start("nonsense"))
    assert (code, out) == (2, "")
    assert err.startswith("Usage: fleetsync ")


CLOSED = {"0": "<&-", "1": ">&-", "2": "2>&-"}


@pytest.mark.parametrize("missing", ["1", "2", "012"])
def test_a_closed_stream_changes_nothing_but_who_can_hear(
    folder: Folder, start: Start, missing: str
) -> None:
    shell = " ".join(['exec "$@"', *(CLOSED[number] for number in missing)])
    code, out, err = ended(start("apply", "--yes", shell=shell))
    assert (code, err) == (0, "")
    assert ("3 devices created" in out) == ("1" not in missing)
    assert len(folder.tokens()) == 3
    code, out, err = ended(start("plan", "--format", "json", "--fleet", "no", shell=shell))
    assert (code, out) == (7, "")


@pytest.mark.parametrize("command", [("validate",), ("plan", "--format", "json")])
def test_a_full_disk_under_stdout_is_told(start: Start, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        code, _, err = ended(start(*command, stdout=full))
    assert (code, err) == (1, f"{NO_SPACE}choose another place, and run again\n")


def test_an_apply_that_cannot_show_its_plan_changes_nothing(folder: Folder, start: Start) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        code, _, err = ended(start("apply", "--yes", stdout=full))
    assert (code, err) == (1, f"{NO_SPACE}nothing was changed\n")
    assert not folder.secrets.exists()


def test_an_apply_that_cannot_report_says_what_stands(folder: Folder, start: Start) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        code, _, err = ended(start("apply", "--yes", "--format", "json", stdout=full))
    assert (code, err) == (
        1,
        f"{NO_SPACE}4 changes were carried out all the same; see what is left: fleetsync plan\n",
    )
    assert len(folder.tokens()) == 3


def test_a_full_disk_under_stderr_stops_nothing(folder: Folder, start: Start) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        assert ended(start("plan", "--fleet", "no.yaml", stderr=full))[0] == 7
        assert ended(start("apply", "--yes", stderr=full))[0] == 0
    assert len(folder.tokens()) == 3


def gone() -> int:
    """Give a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def test_a_reader_that_has_seen_enough_ends_a_plan_without_words(start: Start) -> None:
    pipe = gone()
    assert ended(start("plan", stdout=pipe))[0::2] == (1, "")
    os.close(pipe)


def test_an_apply_whose_reader_is_gone_says_that_nothing_was_changed(
    folder: Folder, start: Start
) -> None:
    pipe = gone()
    code, _, err = ended(start("apply", "--yes", stdout=pipe))
    os.close(pipe)
    assert (code, err) == (
        1,
        "Error: stdout: cannot be written: Broken pipe; nothing was changed\n",
    )
    assert not folder.secrets.exists()


@pytest.mark.parametrize(
    ("environment", "encoding", "shown"),
    [
        ({"LC_ALL": "C"}, "utf-8", SNOW),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "utf-8", SNOW),
        ({"PYTHONIOENCODING": "ascii"}, "utf-8", SNOW),
        ({"PYTHONIOENCODING": "latin-1"}, "latin-1", "Schnee \\u2603 \\U0001f600"),
    ],
)
def test_no_locale_makes_a_plan_fail(
    folder: Folder, start: Start, environment: dict[str, str], encoding: str, shown: str
) -> None:
    process = start("plan", env=environment, stdout=subprocess.PIPE, encoding=encoding)
    code, out, err = ended(process)
    assert (code, err) == (0, "")
    assert f'"{shown}"' in out


def test_a_file_name_that_is_no_text_is_shown_escaped(folder: Folder, start: Start) -> None:
    name = os.fsdecode(b"\xff\x1b[31m.yaml")
    (folder.path / "manifests" / name).write_text("devices: 1\n", "utf-8")
    code, out, err = ended(start("validate", "--format", "json"))
    assert code == 7
    assert "manifests/\\udcff\\x1b[31m.yaml:1:10: " in err
    assert json.loads(out)["problems"][0]["file"] == "manifests/\\udcff\\x1b[31m.yaml"


def test_a_working_folder_that_is_gone_matters_only_where_it_is_needed(
    folder: Folder, start: Start, tmp_path: Path
) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    leave = f'cd "{lost}" && rmdir "{lost}" && exec "$@"'
    assert ended(start("-C", folder.path, "validate", shell=leave)) == (0, VALID, "")
    lost.mkdir()
    assert ended(start("validate", shell=leave))[0] == 7


def test_odd_folder_names_and_no_home_do_no_harm(
    folder: Folder, fleetsync: Fleetsync, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    odd = tmp_path / "two words\t\x1b[31m"
    folder.path.rename(odd)
    folder.path = odd
    monkeypatch.delenv("HOME", raising=False)
    told = fleetsync("apply", "--yes")
    assert told.code == 0
    assert "two words\\x09\\x1b[31m/secrets/tokens.jsonl" in told.out
    assert "\x1b" not in told.out + told.err
