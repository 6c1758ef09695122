"""Whole runs on a secrets file that something happened to: the tokens stay, and are never shown."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Fleetsync, Folder

FLEET: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [{"typeId": "pump", "deviceId": f"p-{number}"} for number in range(6)],
}
LIMITS = {"limits": {"deletePercent": 100, "deleteCount": 100}}


def fleet_of(*numbers: int) -> dict[str, Any]:
    return {**FLEET, "devices": [FLEET["devices"][number] for number in numbers]}


@pytest.fixture
def applied(folder: Folder, fleetsync: Fleetsync) -> dict[str, str]:
    """Six devices are registered: their tokens by device."""
    folder.settings(LIMITS)
    folder.manifest(FLEET)
    assert fleetsync("apply", "--yes").code == 0
    return {each["deviceId"]: each["authToken"] for each in folder.tokens()}


def change(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


@pytest.mark.parametrize(
    ("how", "lost"),
    [
        pytest.param(lambda old: old.replace(b"\n", b"\r\n"), 0, id="CRLF"),
        pytest.param(lambda old: b"\xef\xbb\xbf" + old, 0, id="a byte order mark"),
        pytest.param(lambda old: old + bytes(500), 0, id="NUL bytes at the end"),
        pytest.param(lambda old: old[:-60], 1, id="the end cut off"),
        pytest.param(lambda old: old[120:], 1, id="the front cut off"),
        pytest.param(lambda old: old[:200] + old[330:], 2, id="a piece cut out"),
        pytest.param(lambda old: old[:200] + b"\xc3\xff" + old[200:], 1, id="not UTF-8"),
    ],
)
def test_an_apply_keeps_every_whole_line_and_shows_no_token(
    folder: Folder,
    fleetsync: Fleetsync,
    applied: dict[str, str],
    how: Callable[[bytes], bytes],
    lost: int,
) -> None:
    change(folder.secrets, how)
    whole = {token for token in applied.values() if f'"{token}"' in text_of(folder.secrets)}
    folder.manifest(fleet_of(1, 2, 3, 4, 5))
    result = fleetsync("apply", "--yes")
    assert result.code == 0
    assert not [token for token in applied.values() if token[:8] in result.out + result.err]
    assert [token for token in whole if f'"{token}"' not in text_of(folder.secrets)] == []
    assert len(whole) >= len(applied) - lost


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("kind", ["a link", "a second name", "a folder", "open to others"])
def test_what_is_not_safe_is_refused_before_anything_is_changed(
    folder: Folder, fleetsync: Fleetsync, applied: dict[str, str], kind: str
) -> None:
    path, aside = folder.secrets, folder.secrets.with_name("aside")
    if kind == "a link":
        path.rename(aside)
        path.symlink_to(aside)
    elif kind == "a second name":
        aside.hardlink_to(path)
    elif kind == "a folder":
        path.rename(aside)
        path.mkdir()
    else:
        path.chmod(0o644)
    kept = aside if aside.exists() else path
    before = kept.read_bytes()
    folder.manifest(fleet_of(0))
    result = fleetsync("apply", "--yes")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"Error: {path}: ")
    assert kept.read_bytes() == before
    assert not [token for token in applied.values() if token[:8] in result.err]


@pytest.mark.skipif(shutil.which("jq") is None, reason="the machine has no jq")
def test_the_command_of_the_readme_shows_valid_tokens_alone(
    folder: Folder, fleetsync: Fleetsync, applied: dict[str, str]
) -> None:
    folder.manifest(fleet_of(0, 1, 2))
    assert fleetsync("apply", "--yes").code == 0
    assert len(folder.secrets.read_text("utf-8").splitlines()) == 6
    words = ["jq", "-c", "select(.authToken)", str(folder.secrets)]
    shown = subprocess.run(words, check=True, capture_output=True, text=True, timeout=20).stdout
    found = {each["deviceId"]: each["authToken"] for each in map(json.loads, shown.splitlines())}
    assert found == {name: applied[name] for name in ("p-0", "p-1", "p-2")}
