"""Whoever approved a digest has approved these changes, whatever else is written differently."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.conftest import Fleetsync, Folder

PUMPS: dict[str, Any] = {
    "deviceTypes": [{"id": "pump"}],
    "devices": [
        {"typeId": "pump", "deviceId": "p-1", "metadata": {"floor": 1}},
        {"typeId": "pump", "deviceId": "p-2"},
    ],
}


@pytest.fixture
def digest(folder: Folder, fleetsync: Fleetsync) -> str:
    folder.manifest(PUMPS)
    return str(fleetsync("plan", "--format", "json").json["digest"])


def test_the_approved_plan_is_applied_without_asking(fleetsync: Fleetsync, digest: str) -> None:
    done = fleetsync("apply", "--plan-digest", digest)
    assert (done.code, done.err) == (0, "")
    assert fleetsync("plan", "--exit-code").code == 0


def test_mere_reordering_is_still_approved(
    folder: Folder, fleetsync: Fleetsync, digest: str
) -> None:
    folder.manifest({"devices": PUMPS["devices"][::-1]}, "a")
    folder.manifest({"deviceTypes": PUMPS["deviceTypes"]}, "fleet")
    assert fleetsync("apply", "--plan-digest", digest).code == 0


def test_another_change_is_refused(folder: Folder, fleetsync: Fleetsync, digest: str) -> None:
    folder.manifest({**PUMPS, "devices": PUMPS["devices"][:1]})
    other = fleetsync("plan", "--format", "json").json["digest"]
    done = fleetsync("apply", "--plan-digest", digest)
    assert (done.code, done.out) == (5, "")
    assert done.err == (
        f"Error: what is due now is not what was approved: its digest is {other}, not {digest}; "
        "the org or the manifests changed, so nothing was done: review a new plan and approve "
        "that\n"
    )
    assert not folder.secrets.exists()
    assert fleetsync("plan", "--format", "json").json["digest"] == other


def test_a_saved_plan_must_be_the_approved_one(
    folder: Folder, fleetsync: Fleetsync, digest: str
) -> None:
    plan = folder.path / "plan.json"
    fleetsync("plan", "--out", str(plan))
    assert fleetsync("apply", str(plan), "--plan-digest", f"sha256:{'0' * 64}").code == 5
    assert fleetsync("apply", str(plan), "--plan-digest", digest).code == 0


def test_when_all_is_done_already_there_is_nothing_to_refuse(
    fleetsync: Fleetsync, digest: str
) -> None:
    assert fleetsync("apply", "--plan-digest", digest).code == 0
    assert fleetsync("apply", "--plan-digest", digest).code == 0


@pytest.mark.parametrize("word", ["", "4f9a", "sha256:4F9A", f"sha256:{'g' * 64}"])
def test_what_is_no_digest_is_wrong_usage(fleetsync: Fleetsync, digest: str, word: str) -> None:
    done = fleetsync("apply", "--plan-digest", word)
    assert done.code == 2
    assert "must be sha256: and 64 hex digits" in done.err


def test_limits_are_weighed_all_the_same(folder: Folder, fleetsync: Fleetsync, digest: str) -> None:
    assert fleetsync("apply", "--plan-digest", digest).code == 0
    folder.manifest({"deviceTypes": PUMPS["deviceTypes"]})
    plan = fleetsync("plan", "--format", "json").json
    assert plan["refusals"]
    done = fleetsync("apply", "--plan-digest", plan["digest"])
    assert done.code == 4
    assert len(folder.tokens()) == 2
