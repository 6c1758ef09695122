"""A fleet's repository and what happens to it on GitHub: pull requests, merges, nights."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.forge.fake import TOKEN, Forge
from tests.pipelines.document import EXAMPLES
from tests.pipelines.org import READER, WRITER, Org
from tests.pipelines.runner import Hub, Job, run_caller
from tests.pipelines.stand_in import Site

REPOSITORY = "fleets/emea"
NUMBER = 7
AUTHOR = ("-c", "user.name=author", "-c", "user.email=author@example.com")
KEEP_TOKEN = "s.vau1t-t0ken"


class Remote:
    """The repository on the server, and a clone in which somebody works."""

    def __init__(self, folder: Path, org: Org, forge: Forge) -> None:
        self.folder = folder
        self.org = org
        self.forge = forge
        self.server = folder / "server"
        self.bare = self.server / f"{REPOSITORY}.git"
        self.clone = folder / "clone"
        self.artifacts = folder / "artifacts"
        self.variables: dict[str, str] = {}
        self.logs: list[str] = []
        self.runs = 0
        self.preinstalled = True
        self.inputs: dict[str, str] = {}
        self._git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        self._git(folder, "clone", "--quiet", str(self.bare), str(self.clone))
        self.git("commit", "--quiet", "--allow-empty", "--message", "begin")
        settings = f"fleet: emea\norg: {{url: '{org.url}', callsPerSecond: 1000}}\n"
        self.commit({"fleet.yaml": settings, ".gitignore": "secrets/\n.fleetsync/\n"})

    def _git(self, folder: Path, *words: str) -> str:
        command = ["git", "-C", str(folder), *AUTHOR, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def git(self, *words: str) -> str:
        return self._git(self.clone, *words)

    def commit(self, files: Mapping[str, str], branch: str = "main") -> str:
        """Write files on a branch and push it; give the commit."""
        known = self.git("branch", "--list", branch)
        self.git("switch", "--quiet", *([] if known else ["--create"]), branch)
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change the fleet")
        self.git("push", "--quiet", "origin", branch)
        return self.git("rev-parse", "HEAD")

    def show(self, what: str) -> str:
        """Give a commit of the server's repository, or a file in it, to its last line end."""
        command = ["git", "-C", str(self.bare), "show", what]
        if ":" not in what:
            command[3:] = ["rev-parse", what]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def merge(self, branch: str) -> str:
        """Merge a branch into main, as the button does; give the merge commit."""
        self.git("switch", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request", branch)
        self.git("push", "--quiet", "origin", "main")
        sha = self.git("rev-parse", "HEAD")
        self.forge.merges[sha] = NUMBER
        return sha

    def pull_request(
        self, sha: str, head: str | None = REPOSITORY, event: str = "pull_request"
    ) -> dict[str, Job]:
        """Run what a pull request starts, from the repository itself or from a fork, or None's."""
        fork = head != REPOSITORY and event == "pull_request"
        payload = {
            "action": "synchronize",
            "number": NUMBER,
            "pull_request": {
                "number": NUMBER,
                "head": {"sha": sha, "repo": head and {"full_name": head}},
                "base": {"ref": "main", "repo": {"full_name": REPOSITORY}},
            },
        }
        return self._run("plan", event, sha, payload, secrets=not fork)

    def push(self, sha: str) -> dict[str, Job]:
        """Run what a push to main starts."""
        payload = {"ref": "refs/heads/main", "after": sha}
        done = self._run("apply", "push", sha, payload)
        if "failure" not in {job.result for job in done.values()}:
            self.forge.run_well(sha)
        return done

    def dispatch(self, sha: str, digest: str) -> dict[str, Job]:
        """Run the apply by hand, with a digest."""
        inputs = {"plan-digest": digest}
        return self._run("apply", "workflow_dispatch", sha, {"inputs": inputs}, inputs=inputs)

    def night(self) -> dict[str, Job]:
        """Run what the schedule starts."""
        sha = self._git(self.bare, "rev-parse", "main")
        return self._run("drift", "schedule", sha, {"schedule": "17 3 * * *"})

    def _run(
        self,
        name: str,
        event: str,
        sha: str,
        payload: Mapping[str, Any],
        *,
        secrets: bool = True,
        inputs: Mapping[str, str] = {},
    ) -> dict[str, Job]:
        self.runs += 1
        pull = "pull_request" in payload
        github = {
            "repository": REPOSITORY,
            "sha": sha,
            "ref": f"refs/pull/{NUMBER}/merge" if pull else "refs/heads/main",
            "ref_name": f"{NUMBER}/merge" if pull else "main",
            "event_name": event,
            "event": {**payload, "repository": {"full_name": REPOSITORY}},
            "run_id": str(1000 + self.runs),
            "run_attempt": "1",
            "actor": "author",
            "token": TOKEN,
            "api_url": self.forge.url,
            "server_url": f"file://{self.server}",
        }
        hub = Hub(
            folder=self.folder,
            site=Site(self.bare, self.artifacts / str(self.runs), sha),
            github=github,
            secrets=_READ_SECRETS if secrets else {},
            environments={"fleet": _WRITE_SECRETS},
            variables=self.variables,
            preinstalled=self.preinstalled,
        )
        done = run_caller(EXAMPLES / "github" / f"{name}.yml", hub, inputs, self.inputs)
        self.logs += [job.log + job.summary for job in done.values()]
        return done

    def artifact(self, name: str) -> Path:
        """Give the folder of an artifact of the last run."""
        return self.artifacts / str(self.runs) / name


_READ_SECRETS = {"FLEET_READ_KEY": READER.key, "FLEET_READ_TOKEN": READER.token}
_WRITE_SECRETS = {
    "FLEET_WRITE_KEY": WRITER.key,
    "FLEET_WRITE_TOKEN": WRITER.token,
    "FLEET_KEEP_TOKEN": KEEP_TOKEN,
}
