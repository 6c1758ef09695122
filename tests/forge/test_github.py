from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forge.conftest import Call
from tests.forge.fake import BOT, TOKEN, Forge

Planned = Callable[[int], str]
SHA = "a" * 40
COMMENTS = "/repos/fleets/emea/issues/7/comments"


def test_a_comment_is_made_then_updated_then_left(
    fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(2)
    assert fleetsync("github", "comment", "plan.json") == (
        0,
        "",
        "the comment on the pull request: made\n",
    )
    digest = planned(3)
    assert "updated" in fleetsync("github", "comment", "plan.json").err
    assert "as it was" in fleetsync("github", "comment", "plan.json").err
    (comment,) = forge.comments
    assert f"digest={digest}" in comment["body"]


def test_the_comments_of_two_fleets_stay_apart(
    fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    forge.say("<!-- fleetsync: fleet=apac digest=sha256:0 format=1 -->\nanother fleet")
    planned(1)
    fleetsync("github", "comment", "plan.json")
    assert len(forge.comments) == 2


def test_a_comment_of_somebody_else_that_looks_like_ours_is_left(
    fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    theirs = forge.say("<!-- fleetsync: fleet=emea digest=sha256:0 format=1 -->", "mallory")
    planned(1)
    assert "made" in fleetsync("github", "comment", "plan.json").err
    assert theirs["body"] == "<!-- fleetsync: fleet=emea digest=sha256:0 format=1 -->"
    assert len(forge.comments) == 2


def test_the_comment_is_found_behind_a_page_of_others(
    fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    for _ in range(150):
        forge.say("I see", "reviewer")
    planned(1)
    fleetsync("github", "comment", "plan.json")
    planned(2)
    assert "updated" in fleetsync("github", "comment", "plan.json").err
    assert len(forge.comments) == 151


def test_a_body_that_is_too_long_is_cut_at_a_line(fleetsync: Call, job: Path, forge: Forge) -> None:
    line = "é" * 99
    (job / "body.md").write_text(f"{line}\n" * 1000, "utf-8")
    assert fleetsync("github", "comment", "--body", "body.md").code == 0
    lines = forge.comments[0]["body"].splitlines()
    assert set(lines) == {line, "", "The rest did not fit."}
    assert 60_000 < len(forge.comments[0]["body"].encode()) <= 65_000


PASSING = [
    [("after", 502)],
    [("before", 429)] * 3,
    [("before", 503)],
    [("before", 0)],
    [("after", 0), ("before", 0)],
]


@pytest.mark.parametrize("faults", PASSING)
def test_what_passes_is_waited_out(
    faults: list[tuple[str, int]], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    forge.faults = [("", 0), *faults]
    assert fleetsync("github", "comment", "plan.json").code == 0
    assert len(forge.comments) == 1


def test_what_stays_is_told(fleetsync: Call, planned: Planned, forge: Forge) -> None:
    planned(1)
    forge.faults = [("before", 503)] * 5
    done = fleetsync("github", "comment", "plan.json")
    assert done.code == 1
    assert (
        done.err == f"Error: GET {COMMENTS}?per_page=100&page=1: the forge answered 503: not now\n"
    )


@pytest.mark.parametrize(("used_up", "tries"), [(False, 1), (True, 5)])
def test_a_right_that_is_missing_is_not_waited_for(
    used_up: bool, tries: int, fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    forge.used_up = used_up
    forge.faults = [("before", 403)] * 5
    assert fleetsync("github", "comment", "plan.json").code == 1
    assert len(forge.asked) == tries


def test_a_token_that_is_refused_is_not_shown(
    fleetsync: Call, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(1)
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_wrong")
    done = fleetsync("github", "comment", "plan.json")
    assert done.code == 1
    assert "the forge answered 401: Bad credentials" in done.err
    assert "ghs_wrong" not in done.err


def test_a_token_that_is_none_is_not_sent(
    fleetsync: Call, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(1)
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_a\nb")
    done = fleetsync("github", "comment", "plan.json")
    assert done.err == "Error: the token for the forge holds a character that no token has\n"


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH"])
def test_outside_of_a_job_it_says_what_is_missing(
    name: str, fleetsync: Call, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(1)
    monkeypatch.delenv(name)
    done = fleetsync("github", "comment", "plan.json")
    assert done.code == 1
    assert f"{name} is not set" in done.err
    assert TOKEN not in done.err


def test_no_token_goes_over_the_net_in_the_clear(
    fleetsync: Call, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(1)
    monkeypatch.setenv("GITHUB_API_URL", "http://forge.example.com")
    done = fleetsync("github", "comment", "plan.json")
    assert done.code == 1
    assert "would show the credentials to everybody on the way" in done.err


def test_one_notice_is_shown_for_a_line_and_ten_at_most(
    fleetsync: Call, planned: Planned, job: Path
) -> None:
    planned(40)
    assert fleetsync("github", "annotate", "plan.json").out.splitlines() == [
        "::notice file=manifests/pumps.yaml,line=1::create pump: not in the org",
        "::notice file=manifests/pumps.yaml,line=2::create 40 devices, such as pump/p-0",
    ]
    lines = "".join(f"  - {{typeId: pump, deviceId: q-{number}}}\n" for number in range(30))
    (job / "manifests" / "more.yaml").write_text(f"devices:\n{lines}")
    fleetsync("plan", "--out", "plan.json")
    shown = fleetsync("github", "annotate", "plan.json").out.splitlines()
    assert len(shown) == 10
    assert shown[2] == "::notice file=manifests/more.yaml,line=2::create pump/q-0: not in the org"
    assert shown[-1] == "::notice::23 more changes: see the summary."


def test_outputs_and_summary_are_added(fleetsync: Call, planned: Planned, job: Path) -> None:
    digest = planned(2)
    assert fleetsync("github", "outputs", "plan.json").code == 0
    told = f"digest={digest}\nchanges=3\nwithheld=0\nrefused=false\n"
    assert (job / "output").read_text() == told
    (job / "summary").write_text("before\n")
    assert fleetsync("github", "summary", "plan.json").code == 0
    assert (job / "summary").read_text().startswith("before\n<!-- fleetsync: fleet=emea ")


def test_the_approved_digest_is_that_of_the_bot_in_the_merged_pull_request(
    fleetsync: Call, forge: Forge
) -> None:
    forge.merges[SHA] = 7
    for login, sign in ((BOT, "c"), ("mallory", "d")):
        forge.say(f"<!-- fleetsync: fleet=emea digest=sha256:{sign * 64} format=1 -->", login)
    assert fleetsync("github", "approved") == (0, f"sha256:{'c' * 64}\n", "")
    other = fleetsync("github", "approved", "--author", "mallory")
    assert other.out == f"sha256:{'d' * 64}\n"


def test_without_an_approval_it_is_refused(fleetsync: Call, forge: Forge) -> None:
    done = fleetsync("github", "approved")
    assert (done.code, done.out) == (4, "")
    nobody = f"commit {SHA} is not the merge of a pull request into main, so nobody approved"
    assert nobody in done.err
    forge.merges[SHA] = 7
    forge.merged_into = "somewhere/else"
    assert nobody in fleetsync("github", "approved").err
    forge.merged_into = "main"
    done = fleetsync("github", "approved")
    assert (done.code, done.out) == (4, "")
    assert "pull request 7 shows no plan of this fleet by github-actions[bot]" in done.err


def test_the_revision_applied_last_is_that_of_the_newest_good_run(
    fleetsync: Call, forge: Forge
) -> None:
    done = fleetsync("github", "applied", "--workflow", "apply.yml")
    assert (done.code, done.out) == (4, "")
    assert "no run of apply.yml on main ended well yet" in done.err
    forge.run_well("b" * 40)
    forge.run_well(SHA)
    forge.run_well("c" * 40, "pull_request", "mallory/emea")
    forge.run_well("d" * 40, "pull_request")
    forge.run_well("e" * 40, "push", "mallory/emea")
    assert fleetsync("github", "applied", "--workflow", "apply.yml") == (0, f"{SHA}\n", "")


def test_a_proposal_is_opened_updated_and_closed(fleetsync: Call, job: Path, forge: Forge) -> None:
    (job / "body.md").write_text("first\n")
    words = ("github", "propose", "--branch", "fleetsync/drift")
    said = ("--title", "Accept it", "--body", "body.md")
    assert "opened" in fleetsync(*words, *said).err
    (job / "body.md").write_text("second\n")
    forge.faults = [("", 0), ("after", 502)]
    assert "updated" in fleetsync(*words, *said).err
    (pull,) = forge.pulls
    assert pull == {
        "number": 20,
        "state": "open",
        "title": "Accept it",
        "body": "second\n",
        "head": "fleetsync/drift",
        "base": "main",
    }
    assert "closed" in fleetsync(*words, "--withdraw").err
    assert pull["state"] == "closed"
    assert "none is open" in fleetsync(*words, "--withdraw").err
    assert fleetsync(*words).code == 2
