"""A forge that answers late, elsewhere or nonsense, and others who write at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.forge.conftest import Call
from tests.forge.fake import BOT, TOKEN, Forge, run_forge

Planned = Callable[[int], str]
OURS = "<!-- fleetsync: fleet=emea digest=sha256:{} format=1 -->\nsaid before"
WAYS = [("github", "comment"), ("gitlab", "note")]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch, job: Path) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    return waits


@pytest.mark.parametrize("way", WAYS)
def test_two_jobs_at_once_leave_one_comment(
    way: tuple[str, str], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    digest = planned(1)
    forge.meanwhile = lambda: forge.say(OURS.format("b" * 64))
    assert fleetsync(*way, "plan.json").code == 0
    (comment,) = forge.comments
    assert f"digest={digest}" in comment["body"]


@pytest.mark.parametrize("way", WAYS)
def test_only_one_of_several_comments_stays_and_those_of_others_do(
    way: tuple[str, str], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    digest = planned(1)
    for login in (BOT, "mallory", BOT, "mallory"):
        forge.say(OURS.format("b" * 64), login)
    assert "updated" in fleetsync(*way, "plan.json").err
    ours, *others = sorted(forge.comments, key=lambda each: each["user"]["login"] != BOT)
    assert (ours["id"], f"digest={digest}" in ours["body"]) == (100, True)
    assert [each["body"] for each in others] == [OURS.format("b" * 64)] * 2


@pytest.mark.parametrize("way", WAYS)
def test_a_comment_that_is_deleted_before_it_is_updated_is_made_again(
    way: tuple[str, str], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    forge.say(OURS.format("b" * 64))
    forge.meanwhile = forge.comments.clear
    assert fleetsync(*way, "plan.json").code == 0
    assert [each["id"] for each in forge.comments] == [101]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("longest", [20_000, 16_000, 4_000])
def test_a_comment_that_is_too_long_for_the_forge_is_said_shorter(
    longest: int, way: tuple[str, str], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    items = "".join(
        f"  - {{typeId: pump, deviceId: q{number}, metadata: {{k{number}: {'x' * 150}}}}}\n"
        for number in range(150)
    )
    Path("manifests/more.yaml").write_text(f"devices:\n{items}")
    digest = planned(300)
    forge.longest = longest
    assert fleetsync(*way, "plan.json").code == 0
    assert len(forge.asked) > 3
    assert f"digest={digest}" in forge.comments[0]["body"]


def test_what_is_refused_at_every_length_is_told_with_its_cause(
    fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    forge.longest = 10
    done = fleetsync("github", "comment", "plan.json")
    assert done.code == 1
    assert "answered 422: Validation Failed; Body is too long (maximum is 10 char" in done.err


def test_the_comment_is_found_where_the_forge_gives_shorter_pages(
    fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    forge.page_size = 20
    for _ in range(50):
        forge.say("I see", "reviewer")
    planned(1)
    fleetsync("github", "comment", "plan.json")
    planned(2)
    assert "updated" in fleetsync("github", "comment", "plan.json").err
    assert len(forge.comments) == 51


def test_a_list_without_end_is_no_list(fleetsync: Call, planned: Planned, forge: Forge) -> None:
    planned(1)
    forge.headers["Link"] = f'<{forge.url}/again>; rel="next"'
    forge.page_size = 1
    for _ in range(101):
        forge.say("I see", "reviewer")
    done = fleetsync("github", "comment", "plan.json")
    assert "the list does not end after 100 pages" in done.err
    assert len(forge.comments) == 101


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_token_goes_where_the_forge_sends_to(
    status: int, way: tuple[str, str], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    with run_forge() as other:
        forge.headers["Location"] = other.url.replace("127.0.0.1", "localhost")
        forge.faults = [("moved", status)] * 5
        done = fleetsync(*way, "plan.json")
        assert other.asked == []
    assert done.code == 1
    assert "it sends to another address, where the token must not go" in done.err
    assert TOKEN not in done.err


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "7"}, [7.0]),
        ({"Retry-After": "Tue, 24 Nov 2026 08:00:00 GMT"}, [1.0]),
        ({"Retry-After": "-5"}, [1.0]),
        ({"Retry-After": "301"}, []),
        ({"Retry-After": "9" * 400}, []),
        ({"X-RateLimit-Reset": "1000"}, [1.0]),
        ({"X-RateLimit-Reset": "soon"}, [1.0]),
        ({"X-RateLimit-Reset": "99999999999999999999"}, []),
    ],
)
def test_it_waits_as_the_forge_asks_or_not_at_all(
    headers: dict[str, str], waits: list[float], fleetsync: Call, forge: Forge, slept: list[float]
) -> None:
    forge.used_up = True
    forge.headers = headers
    forge.faults = [("before", 429)]
    forge.run_well("a" * 40)
    done = fleetsync("github", "applied", "--workflow", "apply.yml")
    assert (done.code, slept) == (0 if waits else 1, waits)
    assert ("it asks for a long wait: run the job again later" in done.err) is (not waits)


def test_it_waits_until_there_is_a_new_quota(
    fleetsync: Call, planned: Planned, forge: Forge, slept: list[float]
) -> None:
    planned(1)
    slept.clear()
    forge.used_up = True
    forge.headers["X-RateLimit-Reset"] = str(int(time.time()) + 200)
    forge.faults = [("before", 403)]
    assert fleetsync("github", "comment", "plan.json").code == 0
    assert 100 < slept[0] <= 200


def test_a_limit_that_is_told_in_words_is_waited_for(
    fleetsync: Call, planned: Planned, forge: Forge, slept: list[float]
) -> None:
    planned(1)
    slept.clear()
    forge.faults = [('{"message": "You have exceeded a secondary rate limit."}', 403)]
    assert fleetsync("github", "comment", "plan.json").code == 0
    assert slept == [60.0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "check the token that the step is given"),
        (403, "the token must have the rights that examples/ci gives to this job"),
        (404, "it is not there, or the token may not see it"),
        (409, "answered 409: not now"),
        (410, "answered 410: not now"),
    ],
)
def test_what_is_refused_says_what_to_do(
    status: int, words: str, fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    forge.faults = [("before", status)]
    done = fleetsync("-v", "github", "comment", "plan.json")
    assert done.code == 1
    assert words in done.err
    assert TOKEN not in done.err


GARBAGE = [
    "<html><body>Sign in</body></html>",
    "null",
    "[null, 1, [], {}]",
    '[{"user": null, "body": "a"}, {"user": {"login": 1}}]',
    '{"message": "\\u001b[2J\\n::error::x"}',
    "[" * 100_000,
    "\x00",
]


@pytest.mark.parametrize("fault", list(product(GARBAGE, [200, 403, 500])))
@pytest.mark.parametrize(
    "words",
    [
        ("github", "comment", "plan.json"),
        ("github", "approved"),
        ("github", "applied", "--workflow", "apply.yml"),
        ("github", "propose", "--branch", "b", "--withdraw"),
        ("github", "propose", "--branch", "b", "--title", "t", "--body", "fleet.yaml"),
        ("gitlab", "note", "plan.json"),
    ],
)
def test_nonsense_is_no_traceback(
    words: tuple[str, ...], fault: tuple[str, int], fleetsync: Call, planned: Planned, forge: Forge
) -> None:
    planned(1)
    forge.faults = [fault] * 6
    done = fleetsync(*words)
    assert done.code in (0, 1, 4)
    assert "Traceback" not in done.err
    assert "::error" not in done.err.splitlines()
    assert "\x1b" not in done.err


def test_several_plans_are_no_approval(fleetsync: Call, forge: Forge) -> None:
    forge.merges["a" * 40] = 7
    for sign in "bcb":
        forge.say(OURS.format(sign * 64))
    done = fleetsync("github", "approved")
    assert (done.code, done.out) == (4, "")
    assert "pull request 7 shows several plans of this fleet" in done.err
