"""A merge: what was approved is applied and nothing else, and no token is lost or shown."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from tests.forge.fake import TOKEN, Forge
from tests.pipelines.hub import KEEP_TOKEN, Remote
from tests.pipelines.org import READER, WRITER, Org
from tests.pipelines.owner import Owner
from tests.pipelines.runner import Job
from tests.pipelines.test_github_plan import PUMPS

BOTH = {"plan": "success", "apply": "success"}


def results(done: dict[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in done.items()}


def log(done: dict[str, Job]) -> str:
    return "\n".join(job.log for job in done.values())


def sealed(remote: Remote) -> Path:
    """Where the encrypted tokens of the last run are kept."""
    (folder,) = remote.artifact("").glob("fleetsync-tokens-*")
    return folder / "tokens.tar.gpg"


def assert_nothing_secret_is_kept(remote: Remote, tokens: list[str]) -> None:
    """Look into every log, summary and artifact of every run."""
    secrets = [*tokens, READER.token, WRITER.token, TOKEN, KEEP_TOKEN]
    secrets += [base64.b64encode(":".join(key).encode()).decode() for key in (READER, WRITER)]
    kept = [path.read_bytes() for path in remote.artifacts.rglob("*") if path.is_file()]
    kept += [text.encode() for text in remote.logs]
    kept += [comment["body"].encode() for comment in remote.forge.comments]
    assert len(kept) > 3
    for secret in secrets:
        assert not [text for text in kept if secret.encode() in text], secret


@pytest.fixture
def approved(remote: Remote, owner: Owner) -> str:
    """A pull request that was planned, seen and merged; the commit of the merge."""
    remote.variables["FLEET_RECIPIENT"] = owner.public
    remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    return remote.merge("change")


def test_what_was_approved_is_applied_and_the_tokens_are_sealed(
    remote: Remote, approved: str, owner: Owner, org: Org
) -> None:
    done = remote.push(approved)
    assert results(done) == BOTH, log(done)
    assert "Applied to emea in org embedded" in done["apply"].log
    assert done["apply"].summary.startswith("<!-- fleetsync-apply: fleet=emea ")
    tokens = owner.tokens(sealed(remote))
    for device, token in tokens.items():
        assert org.state.check_token("pump", device, token)
    assert set(tokens) == {"p-1", "p-2"}
    assert any(name.startswith("./.fleetsync/runs/") for name in owner.opened(sealed(remote)))
    assert_nothing_secret_is_kept(remote, list(tokens.values()))


def test_when_it_runs_again_there_is_nothing_to_do(remote: Remote, approved: str) -> None:
    remote.push(approved)
    assert results(remote.push(approved)) == {"plan": "success", "apply": "skipped"}


def test_if_the_org_changed_after_the_approval_nothing_is_applied(
    remote: Remote, approved: str, org: Org
) -> None:
    org.send("POST", "/device/types", {"id": "pump"})
    org.state.reset_calls()
    done = remote.push(approved)
    assert results(done) == {"plan": "failure", "apply": "skipped"}
    assert [each.words[:49] for each in done["plan"].commands if each.name == "error"] == [
        "What is due now is not what was approved: the org"
    ]
    assert org.writes == []


def test_the_new_plan_can_be_approved_by_its_digest(
    remote: Remote, approved: str, org: Org, owner: Owner
) -> None:
    org.send("POST", "/device/types", {"id": "pump"})
    refused = remote.push(approved)
    digest = re.search(r"digest=(sha256:[0-9a-f]{64})", refused["plan"].summary)
    assert digest is not None
    done = remote.dispatch(approved, digest[1])
    assert results(done) == BOTH, log(done)
    assert set(owner.tokens(sealed(remote))) == {"p-1", "p-2"}


def test_if_the_manifests_changed_after_the_approval_nothing_is_applied(
    remote: Remote, approved: str, org: Org
) -> None:
    more = PUMPS + "  - {typeId: pump, deviceId: p-3}\n"
    sha = remote.commit({"manifests/pumps.yaml": more})
    remote.forge.merges[sha] = remote.forge.merges[approved]
    done = remote.push(sha)
    assert results(done) == {"plan": "failure", "apply": "skipped"}
    assert org.writes == []


def test_a_commit_that_was_in_no_pull_request_is_not_applied(
    remote: Remote, org: Org, owner: Owner
) -> None:
    remote.variables["FLEET_RECIPIENT"] = owner.public
    done = remote.push(remote.commit({"manifests/pumps.yaml": PUMPS}))
    assert results(done) == {"plan": "failure", "apply": "skipped"}
    assert "is not the merge of a pull request into main, so nobody approved a plan of it" in log(
        done
    )
    assert org.writes == []


def test_nobody_but_the_workflow_can_say_what_was_approved(
    remote: Remote, org: Org, owner: Owner, forge: Forge
) -> None:
    remote.variables["FLEET_RECIPIENT"] = owner.public
    remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    (comment,) = forge.comments
    comment["user"] = {"login": "mallory"}
    done = remote.push(remote.merge("change"))
    assert results(done) == {"plan": "failure", "apply": "skipped"}
    assert "shows no plan of this fleet by github-actions[bot]" in log(done)
    assert org.writes == []


def test_without_a_place_for_the_tokens_nothing_is_applied(
    remote: Remote, approved: str, org: Org
) -> None:
    remote.variables["FLEET_RECIPIENT"] = ""
    done = remote.push(approved)
    assert results(done) == {"plan": "success", "apply": "failure"}
    assert "Nothing was applied: the tokens of new devices would be lost" in log(done)
    assert org.writes == []


def test_a_recipient_that_nothing_can_be_encrypted_for_is_found_out_before(
    remote: Remote, approved: str, org: Org
) -> None:
    remote.variables["FLEET_RECIPIENT"] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense\n"
    done = remote.push(approved)
    assert results(done) == {"plan": "success", "apply": "failure"}
    assert "Nothing was applied: gpg cannot encrypt for the recipient" in log(done)
    assert org.writes == []


def test_an_apply_that_fails_in_part_keeps_the_tokens_that_it_made(
    remote: Remote, approved: str, owner: Owner, org: Org
) -> None:
    org.misbehave("itemFails=50%", "faultsOn=POST /bulk/devices/add", "faultSeed=1")
    done = remote.push(approved)
    assert results(done) == {"plan": "success", "apply": "failure"}
    tokens = owner.tokens(sealed(remote))
    assert len(tokens) == 1
    assert all(org.state.check_token("pump", *entry) for entry in tokens.items())
    assert_nothing_secret_is_kept(remote, list(tokens.values()))


def test_deletes_that_wait_for_a_whole_list_are_no_success(
    remote: Remote, approved: str, org: Org
) -> None:
    remote.push(approved)
    fewer = PUMPS.replace("  - {typeId: pump, deviceId: p-2}\n", "")
    remote.pull_request(remote.commit({"manifests/pumps.yaml": fewer}, "change"))
    org.misbehave("listWrongTotal=100%")
    done = remote.push(remote.merge("change"))
    assert results(done) == {"plan": "failure", "apply": "skipped"}
    assert "The lists of the org are not provably whole, so deletes wait" in log(done)
    assert org.ask("/device/types/pump/devices/p-2")["deviceId"] == "p-2"


KEEP = """\
test "$FLEET_KEEP_TOKEN" = s.vau1t-t0ken
cp -a "$FLEETSYNC_SECRETS_FILE" VAULT/tokens
rm -rf VAULT/journal
cp -a "$FLEETSYNC_JOURNAL" VAULT/journal
"""
RESTORE = """\
if [ -e VAULT/tokens ]; then
  mkdir -p "$(dirname "$FLEETSYNC_SECRETS_FILE")"
  cp -a VAULT/tokens "$FLEETSYNC_SECRETS_FILE"
  cp -a VAULT/journal "$FLEETSYNC_JOURNAL"
fi
"""


def test_commands_of_a_user_carry_tokens_and_journal_away_and_back(
    remote: Remote, approved: str, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    remote.variables["FLEET_RECIPIENT"] = ""
    remote.inputs = {
        "keep-command": KEEP.replace("VAULT", str(vault)),
        "restore-command": RESTORE.replace("VAULT", str(vault)),
    }
    assert results(remote.push(approved)) == BOTH
    first = (vault / "tokens").read_text()
    remote.inputs, commands = {}, remote.inputs
    more = PUMPS + "  - {typeId: pump, deviceId: p-3}\n"
    remote.pull_request(remote.commit({"manifests/pumps.yaml": more}, "change"))
    remote.inputs = commands
    done = remote.push(remote.merge("change"))
    assert results(done) == BOTH, log(done)
    assert (vault / "tokens").read_text().startswith(first)
    assert len((vault / "tokens").read_text().splitlines()) == 3
    assert len(list((vault / "journal" / "runs").glob("*.jsonl"))) == 2
