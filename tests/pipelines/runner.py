"""Run a workflow as its YAML says: jobs in order of their needs, their steps in bash.

It knows what our workflows use and no more; what it does not know is an error, never passed over.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.pipelines.command import Command, commands
from tests.pipelines.document import TOP, WORKFLOWS, read
from tests.pipelines.expression import Scope, Status
from tests.pipelines.machine import Machine
from tests.pipelines.stand_in import Site, use

_OUR_ACTIONS = "$/.github/actions/"


class Hub(NamedTuple):
    """GitHub as a workflow sees it: the context of its run, and the secrets by environment."""

    folder: Path
    site: Site
    github: Mapping[str, Any]
    secrets: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str]
    preinstalled: bool = True


class Job(NamedTuple):
    """What became of a job."""

    result: str
    log: str = ""
    summary: str = ""
    outputs: Mapping[str, str] = {}

    @property
    def seen(self) -> Mapping[str, Any]:
        """What the jobs that need this one can ask for."""
        return {"result": self.result, "outputs": self.outputs}

    @property
    def commands(self) -> list[Command]:
        """The workflow commands that the runner obeyed."""
        return list(commands(self.log.splitlines()))


def run_caller(
    path: Path, hub: Hub, inputs: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, Job]:
    """Run a workflow that calls ours; give the jobs of ours.

    ``inputs`` are those of a run by hand; ``given`` is what a user of the file changed in it.
    """
    done: dict[str, Job] = {}
    for written in read(path)["jobs"].values():
        job = {**written, "with": {**written.get("with", {}), **given}}
        scope = Scope(_contexts(hub, inputs, hub.secrets))
        if not scope.holds(job.get("if")):
            continue
        name = job["uses"].partition("@")[0].rpartition("/")[2]
        called = read(WORKFLOWS / name)
        done |= _run_called(called, _given(called, job, scope), hub, job.get("secrets", {}))
    return done


def _contexts(
    hub: Hub, inputs: Mapping[str, Any], secrets: Mapping[str, str], **more: Mapping[str, Any]
) -> dict[str, Any]:
    contexts = {"github": hub.github, "vars": hub.variables, "inputs": inputs, "secrets": secrets}
    return {**contexts, **more}


def _given(called: Mapping[str, Any], job: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Give the inputs of a called workflow: what is said, else the default; none may be unknown."""
    known = called["on"]["workflow_call"]["inputs"]
    said = {name: scope.text(value) for name, value in job.get("with", {}).items()}
    assert set(said) <= set(known)
    return {name: said.get(name, rule.get("default")) for name, rule in known.items()}


def _run_called(
    called: Mapping[str, Any], inputs: Mapping[str, Any], hub: Hub, passed: object
) -> dict[str, Job]:
    done: dict[str, Job] = {}
    for name, job in called["jobs"].items():
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        assert set(needs) <= set(done), f"{name} stands before what it needs"
        told = {need: done[need].seen for need in needs}
        secrets = _secrets(called, job, inputs, hub, passed)
        status = Status(failed=any(done[need].result != "success" for need in needs))
        scope = Scope(_contexts(hub, inputs, secrets, needs=told), status)
        goes = scope.holds(job.get("if"))
        done[name] = _run_job(job, called, scope, hub) if goes else Job("skipped")
    return done


def _secrets(
    called: Mapping[str, Any],
    job: Mapping[str, Any],
    inputs: Mapping[str, Any],
    hub: Hub,
    passed: object,
) -> dict[str, str]:
    """Give the secrets of a job: those passed on, and with inherit those of its environment."""
    if isinstance(passed, Mapping):
        assert set(passed) <= set(called["on"]["workflow_call"]["secrets"])
        scope = Scope(_contexts(hub, inputs, hub.secrets))
        return {name: scope.text(value) for name, value in passed.items()}
    assert passed == "inherit"
    scope = Scope(_contexts(hub, inputs, {}))
    environment = scope.text(job.get("environment", ""))
    return {**hub.secrets, **hub.environments.get(environment, {})}


def _run_job(job: Mapping[str, Any], called: Mapping[str, Any], scope: Scope, hub: Hub) -> Job:
    """Run a job on a machine of its own, which is thrown away with all that is on it."""
    folder = hub.folder / "machine"
    machine = Machine(folder, hub.github)
    if hub.preinstalled:
        machine.has_fleetsync()
    scope = Scope({**scope.contexts, "runner": {"temp": str(machine.temp)}})
    try:
        ran = _Steps(machine, hub.site, scope)
        ran.run(job["steps"], shell=called["defaults"]["run"]["shell"])
    finally:
        shutil.rmtree(folder)
    outputs = {each: ran.scope.text(value) for each, value in job.get("outputs", {}).items()}
    result = "failure" if ran.scope.status.failed else "success"
    return Job(result, ran.log, machine.summary, outputs)


class _Steps:
    """Runs the steps of a job, or of our action within one."""

    def __init__(self, machine: Machine, site: Site, scope: Scope) -> None:
        self.machine = machine
        self.site = site
        self.told: dict[str, Any] = {}
        self.scope = Scope({**scope.contexts, "steps": self.told, "env": machine.env})
        self.log = ""

    def run(
        self, steps: list[Mapping[str, Any]], env: Mapping[str, str] = {}, shell: str = ""
    ) -> None:
        for bare in steps:
            step = {"shell": shell, **bare}
            outcome: str = "skipped"
            outputs: Mapping[str, str] = {}
            if self.scope.holds(step.get("if")):
                self.log += f"[{step['name']}]\n"
                good, outputs = self._step(step, env)
                outcome = "success" if good else "failure"
                self.scope = self.scope._replace(
                    status=Status(failed=self.scope.status.failed or not good)
                )
            if "id" in step:
                self.told[step["id"]] = {"outcome": outcome, "outputs": outputs}

    def _step(
        self, step: Mapping[str, Any], env: Mapping[str, str]
    ) -> tuple[bool, Mapping[str, str]]:
        own = {name: self.scope.text(value) for name, value in step.get("env", {}).items()}
        if "run" in step:
            assert "${{" not in step["run"]
            assert step["shell"] == "bash"
            done = self.machine.run(step["run"], {**env, **own})
            self.log += done.log
            return done.code == 0, done.outputs
        words = {name: self.scope.text(value) for name, value in step.get("with", {}).items()}
        if step["uses"].startswith(_OUR_ACTIONS):
            return self._action(TOP / step["uses"].removeprefix("$/"), words)
        use(step["uses"].partition("@")[0], words, self.machine, self.site)
        return True, {}

    def _action(self, place: Path, words: Mapping[str, str]) -> tuple[bool, Mapping[str, str]]:
        action = read(place / "action.yml")
        rules: Mapping[str, Any] = action["inputs"]
        assert set(words) <= set(rules)
        assert {name for name, rule in rules.items() if rule.get("required")} <= set(words)
        inputs = {name: words.get(name, rule.get("default")) for name, rule in rules.items()}
        shared = {name: self.scope.contexts[name] for name in ("github", "runner")}
        contexts = {**shared, "inputs": inputs}
        inner = _Steps(self.machine, self.site, Scope(contexts))
        inner.run(action["runs"]["steps"], {"GITHUB_ACTION_PATH": str(place)})
        self.log += inner.log
        outs: Mapping[str, Any] = action["outputs"]
        outputs = {name: inner.scope.text(rule["value"]) for name, rule in outs.items()}
        return not inner.scope.status.failed, outputs
