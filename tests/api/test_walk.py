from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from fleetsync.api import walk
from fleetsync.api.page import Page
from fleetsync.api.paging import ListReader, ignore_progress
from fleetsync.api.walk import CIRCLE, DISORDER, EMPTY_PAGE, Census, read_to_end
from tests.api.hostile import in_turn
from tests.api.letters import Letters, page, read

if TYPE_CHECKING:
    from fleetsync.model.value import JSON
    from tests.api.conftest import Connect, StartServer


def things(*doubts: str) -> tuple[str, ...]:
    return tuple(f"things: {doubt}" for doubt in doubts)


def test_a_bookmark_after_the_last_row_is_not_followed(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 4), page("cd", "g2", 4), page("", None, 4)))
    assert read(server, connect) == ("abcd", Census(4))
    assert len(server.asked) == 2


def test_an_empty_page_in_the_middle_is_not_the_end_but_a_doubt(
    start_server: StartServer, connect: Connect
) -> None:
    pages = page("ab", "g1", 3), page("", "g2", 3), page("c", None, 3)
    server = start_server(in_turn(*pages, *pages))
    assert read(server, connect) == ("abc", Census(3, things(EMPTY_PAGE)))
    assert len(server.asked) == 6


def test_an_empty_page_that_comes_once_is_forgotten(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("", "g1", 2), page("ab", None, 2), page("ab", None, 2)))
    assert read(server, connect) == ("ab", Census(2))
    assert len(server.asked) == 3


def test_pages_that_bring_nothing_new_are_not_followed_for_ever(
    start_server: StartServer, connect: Connect
) -> None:
    number = count()
    server = start_server(lambda _: page("a", f"g{next(number)}", 9))
    assert read(server, connect) == (
        "a",
        Census(1, things("it counts 9 but lists 1", "3 came twice while it was read")),
    )
    assert len(server.asked) <= 2 * 5  # twice four pages, each with one ahead at the end


def test_a_bookmark_that_comes_twice_ends_the_list_with_what_it_had(
    start_server: StartServer, connect: Connect
) -> None:
    circle = page("a", "g1", 9), page("b", "g2", 9), page("c", "g1", 9)
    server = start_server(in_turn(*circle, *circle))
    assert read(server, connect) == ("abc", Census(3, things(CIRCLE, "it counts 9 but lists 3")))
    assert len(server.asked) == 6


def test_a_bookmark_that_comes_twice_is_a_doubt_though_the_counts_agree(
    start_server: StartServer, connect: Connect
) -> None:
    circle = page("a", "g1", 2), page("b", "g1", 2)
    server = start_server(in_turn(*circle, *circle))
    assert read(server, connect) == ("ab", Census(2, things(CIRCLE)))


def test_an_empty_page_that_leads_back_to_itself_is_no_end_while_rows_are_missing(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(
        lambda asked: page("", "g1", 2) if "_bookmark" in asked.params else page("a", "g1", 2)
    )
    assert read(server, connect) == ("a", Census(1, things(CIRCLE, "it counts 2 but lists 1")))
    assert len(server.asked) == 4


NO_TOTAL = things("the org told no total, so no count proves it whole")


def test_a_list_that_tells_no_total_ends_with_its_bookmarks_and_a_note(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1"), page("c")))
    assert read(server, connect) == ("abc", Census(3, (), NO_TOTAL))


@pytest.mark.parametrize("bookmark", ["g1", "g2"])
def test_a_list_that_tells_no_total_ends_with_an_empty_page(
    start_server: StartServer, connect: Connect, bookmark: str
) -> None:
    server = start_server(in_turn(page("ab", "g1"), page("", bookmark), page("z")))
    assert read(server, connect) == ("ab", Census(2, (), NO_TOTAL))
    assert len(server.asked) == 2


def test_a_row_that_shifted_away_is_noticed_though_the_counts_agree(
    start_server: StartServer, connect: Connect
) -> None:
    # a goes, c moves to the first page unseen: three rows were read, and three there are
    server = start_server(in_turn(page("ab", "g1", 4), page("d", None, 3)))
    _, census = read(server, connect)
    assert census.doubts


@pytest.mark.parametrize("pages", [["acbd"], ["ac", "bd"], ["cd", "ab"]])
def test_rows_out_of_order_are_a_doubt_within_a_page_and_across_pages(
    start_server: StartServer, connect: Connect, pages: list[str]
) -> None:
    last = len(pages) - 1
    answers = [page(rows, f"g{n}" if n < last else None, 4) for n, rows in enumerate(pages)]
    server = start_server(in_turn(*answers, *answers))
    assert read(server, connect) == ("".join(pages), Census(4, things(DISORDER)))


def test_what_the_rows_say_against_the_list_is_a_doubt(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("?a", None, 2)))
    assert read(server, connect) == ("?a", Census(2, things("a question mark")))
    assert len(server.asked) == 2


def test_the_next_page_is_asked_for_before_the_rows_of_the_last_are_read(
    start_server: StartServer, connect: Connect
) -> None:
    server = start_server(in_turn(page("ab", "g1", 3), page("c", None, 3)))

    class Slow(Letters):
        def add(self, row: JSON) -> tuple[str, ...]:
            while len(server.asked) < 2:
                pass
            return super().add(row)

    lists = ListReader(connect(server.url))
    rows, _ = lists.read(lists.open(("things",), {}), Slow, ignore_progress)
    assert rows.seen == ["a", "b", "c"]


class Endless:
    """A list that always has one more page with one more row; its total may run along."""

    def __init__(self, ahead: int | None) -> None:
        self.what = "things"
        self.asked = 0
        self._ahead = ahead

    def page_at(self, bookmark: str) -> Page:
        self.asked += 1
        number = int(bookmark.rstrip("."))
        total = None if self._ahead is None else number + self._ahead
        return Page([f"{number:09}"], str(number + 1) + "." * 5000, total)


class Numbers(Letters):
    """Letters in great number."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: set[object] = set()

    def add(self, row: JSON) -> tuple[str, ...]:
        self._keys.add(row)
        return (str(row),)

    def __len__(self) -> int:
        return len(self._keys)


@pytest.mark.parametrize(
    ("ahead", "most", "rows"), [(5, 2_000_000, 1_013), (None, 300, 301), (10**12, 300, 301)]
)
def test_a_list_without_end_is_left_after_a_sensible_number_of_rows(
    monkeypatch: pytest.MonkeyPatch, ahead: int | None, most: int, rows: int
) -> None:
    monkeypatch.setattr(walk, "MOST_ROWS", most)
    pages = Endless(ahead)
    first = pages.page_at("1")
    census = read_to_end(pages, Numbers(), first=first, on_page=ignore_progress)
    assert census.doubts[0] == f"things: it goes on after {rows} rows, and was left there"
    assert census.rows == rows
    assert pages.asked <= rows + 1  # one ahead at the end
