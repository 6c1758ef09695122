from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forge.conftest import Call
from tests.forge.fake import Forge

Planned = Callable[[int], str]


def test_a_note_is_made_then_updated(fleetsync: Call, planned: Planned, forge: Forge) -> None:
    planned(1)
    assert fleetsync("gitlab", "note", "plan.json").err == "the note on the merge request: made\n"
    digest = planned(2)
    assert "updated" in fleetsync("gitlab", "note", "plan.json").err
    (note,) = forge.comments
    assert f"digest={digest}" in note["body"]
    assert forge.asked[-1] == "PUT /projects/42/merge_requests/7/notes/100"


def test_the_widget_counts_types_and_devices(fleetsync: Call, planned: Planned, job: Path) -> None:
    planned(4)
    assert fleetsync("gitlab", "widget", "plan.json", "--out", "widget.json").code == 0
    assert json.loads((job / "widget.json").read_text()) == {"create": 5, "update": 0, "delete": 0}
    plan = (job / "plan.json").read_bytes()
    assert fleetsync("gitlab", "widget", "plan.json", "--out", "plan.json").code == 2
    assert (job / "plan.json").read_bytes() == plan


@pytest.mark.parametrize("name", ["GITLAB_TOKEN", "CI_API_V4_URL", "CI_MERGE_REQUEST_IID"])
def test_outside_of_a_merge_request_it_says_what_is_missing(
    name: str, fleetsync: Call, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(1)
    monkeypatch.delenv(name)
    done = fleetsync("gitlab", "note", "plan.json")
    assert done.code == 1
    assert f"{name} is not set" in done.err
