"""What the README says of the library is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleetsync.client import ApplicationClient
from tests.client.conftest import KEY, TOKEN

if TYPE_CHECKING:
    from fleetsync.emulator.running import Emulator

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
SECTION = README.partition("\n## The library\n")[2].partition("\n## ")[0]


def test_the_example_runs(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WIOTP_AUTH_KEY", KEY)
    monkeypatch.setenv("WIOTP_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("FLEETSYNC_ORG_URL", emulator.url)
    example = SECTION.partition("```python\n")[2].partition("```")[0]
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102 - that is what an example is for
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["embedded", "lobby-01", "['thermostat/lobby-01']"]
    assert lines[3].startswith("404 GET /device/types/thermostat/devices/lobby-01/location: ")
    token = names["keep"]
    assert isinstance(token, str)
    assert emulator.state.check_token("thermostat", "lobby-01", token)
    assert token not in repr(names["made"])


def test_every_call_is_named_and_says_its_http_call_and_statuses(client: ApplicationClient) -> None:
    named = {
        (group, call)
        for group, calls in re.findall(r"^\| `(\w+)` \| (`.*`) \|$", SECTION, re.M)
        for call in re.findall(r"`(\w+)`", calls)
    }
    groups = {name: each for name, each in vars(client).items() if not name.startswith("_")}
    there = {
        (name, call)
        for name, group in groups.items()
        for call, _ in inspect.getmembers(group, inspect.ismethod)
        if not call.startswith("_")
    }
    assert named == there
    for name, call in there:
        words = inspect.getdoc(getattr(groups[name], call)) or ""
        assert re.search(r"``(GET|POST|PUT|DELETE) ", words), call
        assert any(each in words for each in ("Statuses:", "iterate it", "As :meth:")), call
