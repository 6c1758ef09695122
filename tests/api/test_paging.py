from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleetsync.api.paging import Census, ListReader, Page, ignore_progress, parse_page
from fleetsync.errors import ApiError, ListingError
from fleetsync.model.value import JSON
from tests.api.hostile import Asked, HostileServer, in_turn, reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.api.conftest import Connect, StartServer


class Letters:
    """Rows that are their own key."""

    def __init__(self) -> None:
        self.seen: list[JSON] = []

    def add(self, row: JSON) -> bool:
        if row in self.seen:
            return False
        self.seen.append(row)
        return True

    def __len__(self) -> int:
        return len(self.seen)


def page(rows: Iterable[str], bookmark: str | None = None, total: int | None = None) -> bytes:
    body: dict[str, object] = {"results": list(rows)}
    if bookmark is not None:
        body["bookmark"] = bookmark
    if total is not None:
        body["meta"] = {"total_rows": total}
    return reply(body=body)


def read(server: HostileServer, connect: Connect) -> tuple[str, Census]:
    lists = ListReader(connect(server.url))
    rows, census = lists.read(lists.open(("things",), {"_sort": "id"}), Letters, ignore_progress)
    return "".join(map(str, rows.seen)), census


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


def test_a_bookmark_after_the_last_row_is_not_followed(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 4), page("cd", "g2", 4), page("", None, 4)))
    assert read(server, connect) == ("abcd", Census(4))
    assert len(server.asked) == 2


def test_an_empty_page_in_the_middle_is_not_the_end(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 3), page("", "g2", 3), page("c", None, 3)))
    assert read(server, connect) == ("abc", Census(3))


def test_empty_pages_without_end_are_not_followed_for_ever(
    start_server: StartServer, connect: Connect
) -> None:
    count = iter(range(1000))
    server = start_server(lambda _: page("a", f"g{next(count)}", 9))
    assert read(server, connect) == (
        "a",
        Census(1, ("things: it counts 9 but lists 1", "things: 3 came twice while it was read")),
    )
    assert len(server.asked) <= 2 * 5  # twice four pages, each with one ahead at the end


def test_a_bookmark_that_comes_twice_is_an_error(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(
        in_turn(page("a", "g1", 9), page("b", "g2", 9), page("c", "g1", 9), page("d", "g2", 9))
    )
    with pytest.raises(ListingError, match="the list things leads in a circle"):
        read(server, connect)


def test_an_empty_page_that_leads_back_to_itself_is_the_end(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(
        lambda asked: page("", "g1", 2) if "_bookmark" in asked.params else page("a", "g1", 2)
    )
    assert read(server, connect) == ("a", Census(1, ("things: it counts 2 but lists 1",)))


def test_a_list_that_tells_no_total_ends_with_its_bookmarks_and_a_note(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1"), page("c")))
    note = "things: the org told no total, so no count proves it whole"
    assert read(server, connect) == ("abc", Census(3, (), (note,)))


def test_a_list_that_tells_no_total_ends_with_an_empty_page(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1"), page("", "g2"), page("z")))
    assert read(server, connect)[0] == "ab"
    assert len(server.asked) == 2


def test_a_list_that_changed_while_it_was_read_is_read_again(
    start_server: StartServer, connect: Connect, notices: list[str]
) -> None:
    server = start_server(
        in_turn(page("ab", "g1", 4), page("d", None, 3), page("bc", "g3", 3), page("d", None, 3))
    )
    assert read(server, connect) == ("bcd", Census(3))
    assert notices == ["things: its count went from 4 to 3 while it was read; reading it again"]


def test_a_row_that_shifted_away_is_noticed_though_the_counts_agree(
    start_server: StartServer, connect: Connect
) -> None:
    # a goes, c moves to the first page unseen: three rows were read, and three there are
    server = start_server(in_turn(page("ab", "g1", 4), page("d", None, 3)))
    _, census = read(server, connect)
    assert census.doubts


def test_doubts_that_stay_are_told(start_server: StartServer, connect: Connect) -> None:
    first, second = page("ab", "g1", 5), page("bc", None, 5)
    server = start_server(in_turn(first, second, first, second))
    assert read(server, connect) == (
        "abc",
        Census(3, ("things: it counts 5 but lists 3", "things: 1 came twice while it was read")),
    )
    assert len(server.asked) == 4


def test_rows_that_came_twice_are_made_up_for_by_going_on(
    start_server: StartServer, connect: Connect
) -> None:
    answers = [page("ab", "g1", 4), page("bc", "g2", 4), page("d", None, 4)]
    server = start_server(in_turn(*answers, page("abcd", None, 4)))
    assert read(server, connect) == ("abcd", Census(4))
    assert len(server.asked) == 4


def test_the_next_page_is_asked_for_before_the_rows_of_the_last_are_read(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 3), page("c", None, 3)))

    class Slow(Letters):
        def add(self, row: JSON) -> bool:
            while len(server.asked) < 2:
                pass
            return super().add(row)

    lists = ListReader(connect(server.url))
    rows, _ = lists.read(lists.open(("things",), {}), Slow, ignore_progress)
    assert rows.seen == ["a", "b", "c"]


def test_progress_tells_rows_and_total_page_by_page(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 3), page("c", None, 3)))
    lists = ListReader(connect(server.url))
    told: list[tuple[int, int | None]] = []
    lists.read(lists.open(("things",), {}), Letters, lambda *step: told.append(step))
    assert told == [(2, 3), (3, 3)]


@pytest.mark.parametrize("bookmark", [None, ""])
def test_a_bookmark_that_is_null_or_empty_is_none(bookmark: JSON) -> None:
    body: JSON = {"results": [1], "bookmark": bookmark, "meta": {"total_rows": 1}}
    assert parse_page(body, "x") == Page([1], None, 1)


@pytest.mark.parametrize("meta", [None, {}])
def test_meta_may_be_missing(meta: JSON) -> None:
    assert parse_page({"results": [], "meta": meta}, "x") == Page([], None, None)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (None, ApiError, "the list x: it is no object but null"),
        ([], ApiError, "the list x: it is no object but a list"),
        ({}, ApiError, "the list x: it is no list but null"),
        ({"results": {}}, ApiError, "the list x: it is no list but an object"),
        ({"results": [], "meta": 5}, ApiError, "the list x: it is no object but a number"),
        ({"results": [], "meta": {"total_rows": "5"}}, ListingError, "total_rows is no count"),
        ({"results": [], "meta": {"total_rows": True}}, ListingError, "total_rows is no count"),
        ({"results": [], "meta": {"total_rows": -1}}, ListingError, "total_rows is no count"),
        ({"results": [], "bookmark": 5}, ListingError, "its bookmark cannot be sent back"),
        ({"results": [], "bookmark": "\ud800"}, ListingError, "its bookmark cannot be sent back"),
        ({"results": [], "bookmark": "x" * 9000}, ListingError, "its bookmark cannot be sent back"),
    ],
)
def test_a_page_that_is_none_is_an_error_in_words(
    body: JSON, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        parse_page(body, "x")
