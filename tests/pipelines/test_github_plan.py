"""Pull requests: what their workflow does, from its caller's file down to each line of shell."""

from __future__ import annotations

import json

import pytest

from tests.forge.fake import Forge
from tests.pipelines.hub import Remote
from tests.pipelines.org import Org

PUMPS = """\
deviceTypes:
  - id: pump
devices:
  - {typeId: pump, deviceId: p-1, metadata: {floor: 1}}
  - {typeId: pump, deviceId: p-2}
"""


FORKS = [
    ("stranger/emea", "pull_request"),
    (None, "pull_request"),  # it was deleted meanwhile
    ("stranger/emea", "pull_request_target"),
]


@pytest.mark.parametrize(("head", "event"), FORKS)
def test_a_fork_is_validated_without_a_key_and_told_why(
    head: str | None, event: str, remote: Remote, org: Org
) -> None:
    sha = remote.commit({"manifests/pumps.yaml": PUMPS}, "change")
    done = remote.pull_request(sha, head, event)
    assert (done["validate"].result, done["plan"].result) == ("success", "skipped")
    assert "emea is valid: 1 device type, 2 devices." in done["validate"].log
    assert "This pull request comes from a fork" in done["validate"].summary
    assert dict(org.state.calls) == {}


def test_invalid_manifests_end_it_before_the_org_is_asked(remote: Remote, org: Org) -> None:
    sha = remote.commit({"manifests/pumps.yaml": "devcies: []\n"}, "change")
    done = remote.pull_request(sha)
    assert (done["validate"].result, done["plan"].result) == ("failure", "skipped")
    assert 'manifests/pumps.yaml:1:1: unknown key "devcies"' in done["validate"].log
    assert dict(org.state.calls) == {}


def test_the_action_installs_fleetsync_from_its_own_commit(remote: Remote) -> None:
    """The only test that lets it: the others find fleetsync where the action would put it."""
    sha = remote.commit({"manifests/pumps.yaml": PUMPS}, "change")
    remote.preinstalled = False
    done = remote.pull_request(sha, head="stranger/emea")
    assert done["validate"].result == "success", done["validate"].log
    assert "emea is valid: 1 device type, 2 devices." in done["validate"].log


def test_a_pull_request_shows_its_plan_in_every_place(
    remote: Remote, org: Org, forge: Forge
) -> None:
    sha = remote.commit({"manifests/pumps.yaml": PUMPS}, "change")
    done = remote.pull_request(sha)
    assert {job.result for job in done.values()} == {"success"}, done["plan"].log
    (comment,) = forge.comments
    plan = json.loads((remote.artifact("fleetsync-plan") / "plan.json").read_text())
    assert comment["body"].startswith(f"<!-- fleetsync: fleet=emea digest={plan['digest']} ")
    assert comment["body"] == done["plan"].summary
    assert done["plan"].outputs == {"digest": plan["digest"], "changes": "3", "refused": "false"}
    assert [(each.name, each.properties, each.words) for each in done["plan"].commands] == [
        ("notice", {"file": "manifests/pumps.yaml", "line": "2"}, "create pump: not in the org"),
        (
            "notice",
            {"file": "manifests/pumps.yaml", "line": "4"},
            "create pump/p-1: not in the org",
        ),
        (
            "notice",
            {"file": "manifests/pumps.yaml", "line": "5"},
            "create pump/p-2: not in the org",
        ),
    ]
    assert org.writes == []


def test_another_push_updates_the_same_comment(remote: Remote, forge: Forge) -> None:
    remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    first = dict(forge.comments[0])
    forge.say("What a lovely change", "reviewer")
    more = PUMPS + "  - {typeId: pump, deviceId: p-3}\n"
    remote.pull_request(remote.commit({"manifests/pumps.yaml": more}, "change"))
    assert len(forge.comments) == 2
    assert forge.comments[0]["id"] == first["id"]
    assert "p-{2..3} (2 devices)" in forge.comments[0]["body"]
    assert forge.comments[0]["body"] != first["body"]


def test_a_plan_that_apply_would_refuse_is_shown_and_fails(
    remote: Remote, org: Org, forge: Forge
) -> None:
    org.send("POST", "/device/types", {"id": "pump"})
    for number in range(9):
        org.send("POST", "/device/types/pump/devices", {"deviceId": f"old-{number}"})
    org.state.reset_calls()
    done = remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    assert (done["validate"].result, done["plan"].result) == ("success", "failure")
    assert done["plan"].outputs["refused"] == "true"
    assert "old-{0..8}" in forge.comments[0]["body"]
    assert [each.name for each in done["plan"].commands].count("error") >= 2
    assert org.writes == []


def test_a_folder_below_the_top_is_planned_and_annotated_there(
    remote: Remote, forge: Forge
) -> None:
    settings = (remote.clone / "fleet.yaml").read_text()
    files = {"emea/fleet.yaml": settings, "emea/manifests/pumps.yaml": PUMPS}
    sha = remote.commit(files, "change")
    remote.inputs = {"working-directory": "emea"}
    done = remote.pull_request(sha)
    assert done["plan"].result == "success", done["plan"].log
    assert done["plan"].commands[0].properties["file"] == "emea/manifests/pumps.yaml"


def test_hostile_text_commands_no_runner(remote: Remote, org: Org, forge: Forge) -> None:
    org.send("POST", "/device/types", {"id": "pump"})
    hostile = "x\n::error::pwned\n##[add-mask]pwned\r\n::stop-commands::pwned"
    org.send(
        "POST",
        "/device/types/pump/devices",
        {"deviceId": "p-1", "metadata": {"::error::pwned": hostile, "@everyone": "<img src=x>"}},
    )
    done = remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    assert done["plan"].result == "success", done["plan"].log
    assert "pwned" in done["plan"].log
    assert {each.name for each in done["plan"].commands} == {"notice"}


def test_what_passes_at_github_is_waited_out_without_a_second_comment(
    remote: Remote, forge: Forge
) -> None:
    forge.faults = [("before", 503), ("", 0), ("after", 502)]
    done = remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    assert done["plan"].result == "success", done["plan"].log
    assert len(forge.comments) == 1
