from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from fleetsync.api.paging import ListReader, ignore_progress
from fleetsync.api.retry import RetryPolicy
from fleetsync.api.walk import Census
from fleetsync.errors import ApiError
from tests.api.hostile import Asked, in_turn, reply
from tests.api.letters import Letters, page, read

if TYPE_CHECKING:
    from tests.api.conftest import Connect, StartServer


def test_pages_follow_their_bookmarks_with_all_other_parameters_unchanged(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 5), page("cd", "g2=", 5), page("e", None, 5)))
    assert read(server, connect) == ("abcde", Census(5))
    assert [each.params for each in server.asked] == [
        {"_sort": "id", "_limit": "200"},
        {"_sort": "id", "_limit": "200", "_bookmark": "g1"},
        {"_sort": "id", "_limit": "200", "_bookmark": "g2="},
    ]


def test_an_empty_list_takes_one_call(start_server: StartServer, connect: Connect) -> None:
    server = start_server(in_turn(page("", None, 0)))
    assert read(server, connect) == ("", Census(0))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("accepted", "asked"),
    [
        ("100", ["200", "100"]),
        ("50", ["200", "100", "50"]),
        ("25", ["200", "100", "50", "25"]),
        (None, ["200", "100", "50", "25", None]),
    ],
)
def test_a_refused_page_size_is_lowered_and_remembered(
    start_server: StartServer, connect: Connect, accepted: str | None, asked: list[str | None]
) -> None:
    def script(one: Asked) -> bytes:
        good = one.params.get("_limit") == accepted
        return page("a", None, 1) if good else reply(400, {"message": "too large"})

    server = start_server(script)
    lists = ListReader(connect(server.url))
    for _ in range(2):
        lists.read(lists.open(("things",), {}), Letters, ignore_progress)
    assert [each.params.get("_limit") for each in server.asked] == [*asked, accepted]


def test_a_refusal_that_is_not_about_the_page_size_is_told(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(400, {"message": "no such field"})))
    with pytest.raises(ApiError, match="answered 400: no such field"):
        read(server, connect)
    assert len(server.asked) == 5


def test_a_later_page_that_is_refused_is_not_asked_for_in_another_size(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("a", "g1", 2), reply(400)))
    with pytest.raises(ApiError, match="answered 400"):
        read(server, connect)
    assert len(server.asked) == 2


def test_a_list_that_changed_while_it_was_read_is_read_again(
    start_server: StartServer, connect: Connect, notices: list[str]
) -> None:
    server = start_server(
        in_turn(page("ab", "g1", 4), page("d", None, 3), page("bc", "g3", 3), page("d", None, 3))
    )
    assert read(server, connect) == ("bcd", Census(3))
    assert notices == ["things: its count went from 4 to 3 while it was read; reading it again"]


def test_doubts_that_stay_are_told(start_server: StartServer, connect: Connect) -> None:
    first, second = page("ab", "g1", 5), page("bc", None, 5)
    server = start_server(in_turn(first, second, first, second))
    assert read(server, connect) == (
        "abc",
        Census(3, ("things: it counts 5 but lists 3", "things: 1 came twice while it was read")),
    )
    assert len(server.asked) == 4


def test_rows_that_came_twice_are_made_up_for_by_reading_again(
    start_server: StartServer, connect: Connect
) -> None:
    answers = [page("ab", "g1", 4), page("bc", "g2", 4), page("d", None, 4)]
    server = start_server(in_turn(*answers, page("abcd", None, 4)))
    assert read(server, connect) == ("abcd", Census(4))
    assert len(server.asked) == 4


NOT_JSON = (
    "GET /things: the org's answer cannot be read: it is not JSON, or it was cut off; check the"
    " org's url, and that no login page or proxy is in the way; reading it again"
)


@pytest.mark.parametrize("before", [0, 1])
def test_an_answer_that_makes_no_sense_is_no_reason_to_give_up_at_once(
    start_server: StartServer, connect: Connect, notices: list[str], before: int
) -> None:
    pages = [page("ab", "g1", 3), page("c", None, 3)]
    server = start_server(in_turn(*pages[:before], reply(200, b"{"), *pages))
    assert read(server, connect) == ("abc", Census(3))
    assert notices == [NOT_JSON]


def test_an_answer_that_makes_no_sense_twice_is_an_error(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(reply(200, {"results": 7})))
    with pytest.raises(ApiError, match="the list things: it is no list but a number"):
        read(server, connect)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("policy", "least", "most"),
    [(RetryPolicy(budget=9, first_delay=0.2), 0.2, 5), (RetryPolicy(budget=0), 0, 0.2)],
)
def test_before_it_is_read_again_the_org_gets_the_moment_that_the_retry_policy_gives(
    *,
    start_server: StartServer,
    connect: Connect,
    policy: RetryPolicy,
    least: float,
    most: float,
) -> None:
    server = start_server(in_turn(page("ab", None, 3), page("abc", None, 3)))
    lists = ListReader(connect(server.url, policy))
    began = time.monotonic()
    lists.read(lists.open(("things",), {}), Letters, ignore_progress)
    assert least <= time.monotonic() - began < most


def test_progress_tells_rows_and_total_page_by_page(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 3), page("c", None, 3)))
    lists = ListReader(connect(server.url))
    told: list[tuple[int, int | None]] = []
    lists.read(lists.open(("things",), {}), Letters, lambda *step: told.append(step))
    assert told == [(2, 3), (3, 3)]
