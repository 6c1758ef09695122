"""Read the workflows: what GitHub would only find out, or never, when it is too late."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.pipelines.document import ACTIONS, EXAMPLES, WORKFLOWS, jobs, read, steps, workflow_files

CALLERS = sorted((EXAMPLES / "github").glob("*.yml"))
FILES = [*workflow_files(), *ACTIONS]
STEPS = dict(steps())
JOBS = dict(jobs())


def named(path: Any) -> str:
    return "/".join(path.parts[-2:])


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_action_is_pinned_by_its_whole_commit_with_the_version_beside_it(path: Any) -> None:
    for line in path.read_text("utf-8").splitlines():
        if found := re.match(r"\s*(?:- )?uses: (.*)", line):
            foreign = re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", found[1])
            assert foreign or re.fullmatch(r"\$/\.github/actions/[\w-]+", found[1]), line


@pytest.mark.parametrize("path", workflow_files(), ids=named)
def test_a_workflow_may_do_nothing_that_its_jobs_do_not_ask_for(path: Any) -> None:
    assert read(path)["permissions"] == {}
    assert "pull_request_target" not in read(path)["on"]


@pytest.mark.parametrize(("name", "job"), JOBS.items())
def test_every_job_has_permissions_and_an_end(name: str, job: Mapping[str, Any]) -> None:
    assert "permissions" in job
    assert "uses" in job or 0 < job["timeout-minutes"] <= 360


@pytest.mark.parametrize(("name", "step"), STEPS.items())
def test_no_expression_is_put_into_shell_code(name: str, step: Mapping[str, Any]) -> None:
    assert "${{" not in step.get("run", "")
    if step.get("uses", "").startswith("actions/checkout@"):
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", CALLERS, ids=named)
def test_a_caller_grants_what_the_called_jobs_ask_for_and_no_more(path: Any) -> None:
    (job,) = read(path)["jobs"].values()
    called = read(WORKFLOWS / job["uses"].partition("@")[0].rpartition("/")[2])
    asked: dict[str, str] = {}
    for inner in called["jobs"].values():
        for scope, level in inner["permissions"].items():
            asked[scope] = "write" if "write" in (level, asked.get(scope)) else level
    assert job["permissions"] == asked
    declared = called["on"]["workflow_call"]
    assert set(job.get("with", {})) <= set(declared["inputs"])
    if job["secrets"] != "inherit":
        assert set(job["secrets"]) <= set(declared["secrets"])


def test_the_key_that_writes_is_in_the_protected_environment_alone() -> None:
    holders = {name for name, job in JOBS.items() if "FLEET_WRITE" in str(job.get("steps"))}
    assert holders == {"fleetsync-apply.yml:apply"}
    apply = JOBS["fleetsync-apply.yml:apply"]
    assert apply["environment"] == "${{ inputs.environment }}"
    assert apply["concurrency"]["cancel-in-progress"] is False
    steps_with_it = [step["name"] for step in apply["steps"] if "FLEET_WRITE" in str(step)]
    assert steps_with_it == ["Apply"]


def test_who_may_push_to_the_repository_has_no_key_of_the_org() -> None:
    for name, job in JOBS.items():
        writes = "write" in (job["permissions"].get("contents"),)
        assert not (writes and "FLEET_READ" in str(job.get("steps"))), name
