"""What a user sees of trouble that passes, and of a device that the org does not want."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.api.hostile import Asked, reply
from tests.apply.front import ANSWERS, Forward, refusal
from tests.faults.liar import Liar, Told, open_liar


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_what_is_waited_out_is_told_on_stderr(tmp_path: Path, command: str, status: int) -> None:
    with open_liar(tmp_path) as liar:
        told = _busy_once(liar, status, ["apply", "--yes"] if command == "apply" else ["plan"])
    assert told.code == 0
    assert re.search(rf"^the org is busy \({status}\); trying again in 0\.\d s$", told.err, re.M)


def _busy_once(liar: Liar, status: int, words: list[str]) -> Told:
    said: list[str] = []

    def twist(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if asked.path != "/device/types" or said:
            return None
        said.append(asked.path)
        return reply(status, Retry_After="0")

    liar.front.twists = [twist]
    return liar.call(*words)


@pytest.mark.parametrize("status", [400, 413])
def test_a_device_that_the_org_refuses_is_named_with_its_line_and_all_others_are_registered(
    tmp_path: Path, status: int
) -> None:
    def twist(asked: Asked, _forward: Forward) -> ANSWERS | None:
        if asked.path == "/bulk/devices/add" and b'"v-1"' in asked.content:
            return refusal(status, "EMU9999E: no such valve")
        return None

    with open_liar(tmp_path) as liar:
        liar.front.twists = [twist]
        told = liar.call("apply", "--yes")
        there = liar.front.snapshot["devices"]
        line = _line_of(liar, "v-1")
    assert told.code == 6
    assert f"valve/v-1 (manifests/fleet.yaml:{line}): create: " in told.out
    assert "EMU9999E: no such valve" in told.out
    assert ("valve/v-0" in there, "hub/h-0" in there, "valve/v-1" in there) == (True, True, False)
    assert told.out.count("  ! ") == 1


def _line_of(liar: Liar, device_id: str) -> int:
    """Find the line at which the entry of a device begins."""
    lines = (liar.front.folder / "manifests" / "fleet.yaml").read_text("utf-8").splitlines()
    at = next(n for n, text in enumerate(lines, 1) if f'"{device_id}"' in text)
    return at - 1 if "deviceId" in lines[at - 1] and "- " not in lines[at - 1] else at
