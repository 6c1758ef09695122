"""The script for pipelines of any other kind, and what the files for Jenkins and Azure call."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.pipelines.document import EXAMPLES
from tests.pipelines.hub import Remote
from tests.pipelines.org import READER, WRITER, Key, Org
from tests.pipelines.owner import Owner
from tests.pipelines.test_github_plan import PUMPS

SCRIPT = EXAMPLES / "plain" / "fleetsync-ci.sh"


def run(
    remote: Remote, word: str, key: Key = READER, env: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    """Run the script as a job would, by the plainest shell there is."""
    credentials = {"WIOTP_AUTH_KEY": key.key, "WIOTP_AUTH_TOKEN": key.token}
    path = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", str(SCRIPT), word],
        cwd=remote.clone,
        env={"PATH": path, "HOME": str(remote.folder), **credentials, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def out(remote: Remote, name: str) -> Path:
    return remote.clone / "fleetsync-out" / name


@pytest.fixture
def planned(remote: Remote) -> str:
    """A digest that somebody may approve."""
    remote.commit(
        {"manifests/pumps.yaml": PUMPS, ".gitignore": "secrets/\n.fleetsync/\nfleetsync-out/\n"}
    )
    done = run(remote, "plan")
    assert (done.returncode, done.stderr) == (0, "")
    return out(remote, "digest").read_text().strip()


def test_plan_leaves_the_plan_in_every_form_and_its_digest(remote: Remote, planned: str) -> None:
    assert json.loads(out(remote, "plan.json").read_text())["digest"] == planned
    assert out(remote, "plan.txt").read_text().startswith("Plan for emea in org embedded: create ")
    assert f"digest={planned}" in out(remote, "plan.md").read_text()


def test_apply_carries_out_the_approved_plan_and_seals_the_tokens(
    remote: Remote, planned: str, owner: Owner, org: Org
) -> None:
    recipient = remote.folder / "operators.asc"
    recipient.write_text(owner.public)
    env = {"PLAN_DIGEST": planned, "FLEET_RECIPIENT": str(recipient)}
    done = run(remote, "apply", WRITER, env)
    assert (done.returncode, done.stderr) == (0, "")
    tokens = owner.tokens(out(remote, "tokens.tar.gpg"))
    assert set(tokens) == {"p-1", "p-2"}
    for token in (*tokens.values(), WRITER.token):
        assert token not in done.stdout
        assert token.encode() not in out(remote, "tokens.tar.gpg").read_bytes()
    assert run(remote, "plan").stdout.startswith("No changes: emea in org embedded")


def test_apply_needs_a_place_for_the_tokens(remote: Remote, planned: str, org: Org) -> None:
    done = run(remote, "apply", WRITER, {"PLAN_DIGEST": planned})
    assert done.returncode == 2
    assert done.stderr.startswith("fleetsync-ci.sh: nothing was applied: set FLEET_RECIPIENT or ")
    assert org.writes == []


def test_apply_needs_a_recipient_that_can_be_encrypted_for(
    remote: Remote, planned: str, org: Org
) -> None:
    recipient = remote.folder / "operators.asc"
    recipient.write_text("no key at all\n")
    env = {"PLAN_DIGEST": planned, "FLEET_RECIPIENT": str(recipient)}
    done = run(remote, "apply", WRITER, env)
    assert done.returncode == 2
    assert "nothing was applied: gpg cannot encrypt for " in done.stderr
    assert org.writes == []


def test_apply_refuses_another_plan_than_the_approved_one(
    remote: Remote, planned: str, org: Org
) -> None:
    remote.commit({"manifests/pumps.yaml": PUMPS.replace("floor: 1", "floor: 2")})
    keep = f"cp -a $FLEETSYNC_SECRETS_FILE {remote.folder}/vault"
    env = {"PLAN_DIGEST": planned, "FLEET_KEEP_COMMAND": keep}
    done = run(remote, "apply", WRITER, env)
    assert done.returncode == 5
    assert org.writes == []


def test_a_keep_command_is_handed_the_secrets_file(remote: Remote, planned: str) -> None:
    vault = remote.folder / "vault"
    keep = f'cp -a "$FLEETSYNC_SECRETS_FILE" "{vault}"; test -d "$FLEETSYNC_JOURNAL/runs"'
    env = {"PLAN_DIGEST": planned, "FLEET_KEEP_COMMAND": keep}
    assert run(remote, "apply", WRITER, env).returncode == 0
    assert len(vault.read_text().splitlines()) == 2


def test_tokens_that_cannot_be_carried_away_fail_the_job_and_are_left(
    remote: Remote, planned: str
) -> None:
    env = {"PLAN_DIGEST": planned, "FLEET_KEEP_COMMAND": "false"}
    done = run(remote, "apply", WRITER, env)
    assert done.returncode == 1
    assert "the tokens could not be carried away: they are in " in done.stderr
    assert (remote.clone / "secrets" / "tokens.jsonl").exists()


def test_drift_is_told_by_the_exit_code(remote: Remote, planned: str, org: Org) -> None:
    env = {"PLAN_DIGEST": planned, "FLEET_KEEP_COMMAND": "true"}
    assert run(remote, "apply", WRITER, env).returncode == 0
    assert run(remote, "drift").returncode == 0
    org.send("POST", "/device/types/pump/devices", {"deviceId": "p-9"})
    done = run(remote, "drift")
    assert done.returncode == 3
    assert "p-9" in out(remote, "drift.md").read_text()


def test_it_says_what_it_can_do(remote: Remote) -> None:
    done = run(remote, "destroy")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "fleetsync-ci.sh: say what to do: plan, apply or drift\n"


@pytest.mark.parametrize("name", ["Jenkinsfile", "azure-pipelines.yml"])
def test_the_files_of_other_systems_call_it_for_a_plan_and_for_an_apply(name: str) -> None:
    text = (EXAMPLES / "plain" / name).read_text("utf-8")
    assert re.findall(r"ci/fleetsync-ci\.sh (\w+)", text) == ["plan", "apply"]
    assert "PLAN_DIGEST" in text
