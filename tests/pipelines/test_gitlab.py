"""GitLab: which jobs start when, and what their lines of shell do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.forge.fake import TOKEN, Forge
from tests.pipelines.gitlab import Pipeline
from tests.pipelines.hub import Remote
from tests.pipelines.org import READER, WRITER, Org
from tests.pipelines.owner import Owner
from tests.pipelines.test_github_plan import PUMPS

READ = {"FLEET_READ_KEY": READER.key, "FLEET_READ_TOKEN": READER.token}
WRITE = {"FLEET_WRITE_KEY": WRITER.key, "FLEET_WRITE_TOKEN": WRITER.token}
PUSH = {
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BRANCH": "main",
    "CI_DEFAULT_BRANCH": "main",
    "CI_PROJECT_ID": "42",
}
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_DEFAULT_BRANCH": "main",
    "CI_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
}

EVENTS = {
    "merge request": (MERGE_REQUEST, {"validate": "on_success", "plan": "on_success"}),
    "merge request of a fork": (
        {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "666"},
        {"validate": "on_success"},
    ),
    "push to main": (PUSH, {"plan": "on_success", "apply": "manual"}),
    "push to another branch": ({**PUSH, "CI_COMMIT_BRANCH": "change"}, {}),
    "night": ({**PUSH, "CI_PIPELINE_SOURCE": "schedule"}, {"drift": "on_success"}),
}


@pytest.mark.parametrize("event", EVENTS)
def test_which_jobs_start(event: str, tmp_path: Path) -> None:
    variables, jobs = EVENTS[event]
    assert Pipeline(tmp_path, tmp_path, variables).starts() == jobs


def test_only_the_job_of_the_environment_may_write_and_only_one_at_a_time(tmp_path: Path) -> None:
    jobs = Pipeline(tmp_path, tmp_path, {}).jobs
    assert [name for name, job in jobs.items() if "FLEET_WRITE_KEY" in str(job)] == ["apply"]
    assert jobs["apply"]["environment"] == {"name": "fleet"}
    assert jobs["apply"]["resource_group"] == "fleet"
    assert jobs["apply"]["interruptible"] is False
    assert all("timeout" in job for job in jobs.values())


def test_what_was_planned_on_main_is_applied_and_the_tokens_are_sealed(
    remote: Remote, owner: Owner, org: Org, tmp_path: Path
) -> None:
    settings = (remote.clone / "fleet.yaml").read_text("utf-8")
    elsewhere = {
        "fleet.yaml": f"{settings}secrets: {{file: kept/new.jsonl}}\n",
        ".gitignore": "kept/\n.fleetsync/\n",
    }
    remote.commit({"manifests/pumps.yaml": PUMPS, **elsewhere})
    recipient = tmp_path / "operators.asc"
    recipient.write_text(owner.public)
    (tmp_path / "gitlab").mkdir()
    pipeline = Pipeline(tmp_path / "gitlab", remote.bare, PUSH)
    planned = pipeline.run("plan", READ)
    assert planned.code == 0, planned.log
    widget = json.loads((pipeline.artifacts / "widget.json").read_text())
    assert widget == {"create": 3, "update": 0, "delete": 0}
    applied = pipeline.run("apply", {**WRITE, "FLEET_RECIPIENT": str(recipient)})
    assert applied.code == 0, applied.log
    tokens = owner.tokens(pipeline.artifacts / "tokens.tar.gpg", "kept/new.jsonl")
    assert set(tokens) == {"p-1", "p-2"}
    kept = b"".join(path.read_bytes() for path in pipeline.artifacts.iterdir())
    for secret in (*tokens.values(), READER.token, WRITER.token):
        assert secret not in planned.log + applied.log
        assert secret.encode() not in kept
    again = pipeline.run("plan", READ)
    assert "No changes: emea in org embedded" in again.log


def test_if_the_org_changed_after_the_plan_nothing_is_applied(
    remote: Remote, owner: Owner, org: Org, tmp_path: Path
) -> None:
    remote.commit({"manifests/pumps.yaml": PUMPS})
    recipient = tmp_path / "operators.asc"
    recipient.write_text(owner.public)
    (tmp_path / "gitlab").mkdir()
    pipeline = Pipeline(tmp_path / "gitlab", remote.bare, PUSH)
    assert pipeline.run("plan", READ).code == 0
    org.send("POST", "/device/types", {"id": "pump"})
    org.state.reset_calls()
    applied = pipeline.run("apply", {**WRITE, "FLEET_RECIPIENT": str(recipient)})
    assert applied.code == 5
    assert org.writes == []


def test_a_merge_request_has_one_note_and_the_numbers_of_its_plan(
    remote: Remote, forge: Forge, org: Org, tmp_path: Path
) -> None:
    remote.commit({"manifests/pumps.yaml": PUMPS})
    (tmp_path / "gitlab").mkdir()
    here = {"CI_API_V4_URL": forge.url, "CI_MERGE_REQUEST_IID": "7", "FLEET_NOTE_TOKEN": TOKEN}
    pipeline = Pipeline(tmp_path / "gitlab", remote.bare, {**MERGE_REQUEST, **here})
    for _ in range(2):
        done = pipeline.run("plan", READ)
        assert done.code == 0, done.log
    (note,) = forge.comments
    assert note["body"].startswith("<!-- fleetsync: fleet=emea ")
    assert json.loads((pipeline.artifacts / "widget.json").read_text())["create"] == 3
    assert TOKEN not in done.log
    assert org.writes == []


def test_a_night_fails_if_somebody_changed_the_org(
    remote: Remote, org: Org, tmp_path: Path
) -> None:
    remote.commit({"manifests/pumps.yaml": "deviceTypes: [{id: pump}]\n"})
    org.send("POST", "/device/types", {"id": "pump"})
    (tmp_path / "gitlab").mkdir()
    pipeline = Pipeline(tmp_path / "gitlab", remote.bare, {})
    assert pipeline.run("drift", READ).code == 0
    org.send("POST", "/device/types/pump/devices", {"deviceId": "p-9"})
    assert pipeline.run("drift", READ).code == 3
    assert "p-9" in (pipeline.artifacts / "drift.md").read_text()
