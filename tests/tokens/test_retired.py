"""Tokens of devices that a run deleted: no longer valid, kept for undoing the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetsync.model.token import Token
from fleetsync.tokens import TokenFile, read_tokens
from fleetsync.tokens.line import Stamp, render_retired
from tests.tokens.faulty import Fault
from tests.tokens.sample import (
    DATE,
    OLD_RUN,
    OLDER_RUN,
    RUN,
    entry,
    line,
    open_faulty,
    retired,
    write,
)

A, B = entry("a", "token-a"), entry("b", "token-b")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A secrets file with the tokens of a and b."""
    return write(tmp_path / "tokens.jsonl", line("a", "token-a") + line("b", "token-b"))


def retire(path: Path, *names: str, run: str = RUN) -> None:
    with TokenFile.open(path, org="abc123") as tokens:
        tokens.retire(names, run=run, at=DATE)
        tokens.settle()


def test_a_retired_token_is_not_valid_at_once_and_in_the_file_after_settling(old: Path) -> None:
    before = old.read_bytes()
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.retire([A.client_id, "d:abc123:pump:never-there"], run=RUN, at=DATE)
        assert (tokens.known(A.client_id), tokens.retired(A.client_id, RUN)) == (None, A.token)
        assert old.read_bytes() == before
        tokens.settle()
        assert (tokens.known(A.client_id), tokens.retired(A.client_id, RUN)) == (None, A.token)
        assert tokens.damage == ()
    assert old.read_bytes() == retired("a", "token-a") + line("b", "token-b")
    assert read_tokens(old) == {B.client_id: B}


def test_a_retired_token_is_found_by_device_and_run(old: Path) -> None:
    write(old, retired("a", "older", run=OLDER_RUN) + retired("a", "old", run=OLD_RUN))
    with TokenFile.open(old, org="abc123") as tokens:
        found = [tokens.retired(A.client_id, run) for run in (OLDER_RUN, OLD_RUN, RUN)]
        assert found == [Token("older"), Token("old"), None]
        assert tokens.retired(B.client_id, OLD_RUN) is None
        assert tokens.known(A.client_id) is None


def test_one_device_may_have_tokens_that_several_runs_retired(old: Path) -> None:
    retire(old, A.client_id, run=OLD_RUN)
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([entry("a", "newer")])
        tokens.settle()
    retire(old, A.client_id)
    assert old.read_bytes() == (
        retired("a", "token-a", run=OLD_RUN) + line("b", "token-b") + retired("a", "newer")
    )


def test_a_retired_token_that_is_promised_again_is_valid_and_no_longer_retired(old: Path) -> None:
    retire(old, A.client_id, run=OLD_RUN)
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([A])
        assert tokens.known(A.client_id) == A.token
        tokens.settle()
        assert tokens.retired(A.client_id, OLD_RUN) is None
    assert old.read_bytes() == line("b", "token-b") + line("a", "token-a")


def test_a_retired_token_stays_when_the_promise_of_it_came_to_nothing(old: Path) -> None:
    retire(old, A.client_id, run=OLD_RUN)
    before = old.read_bytes()
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([A])
        tokens.drop([A.client_id])
        tokens.settle()
    assert old.read_bytes() == before


def test_another_token_of_the_device_leaves_the_retired_one_alone(old: Path) -> None:
    retire(old, A.client_id)
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([entry("a", "newer")])
        tokens.settle()
        assert tokens.retired(A.client_id, RUN) == A.token
        assert tokens.known(A.client_id) == Token("newer")


def test_a_device_that_is_deleted_and_registered_in_one_run_has_both_tokens(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.retire([A.client_id], run=RUN, at=DATE)
        tokens.promise([entry("a", "newer")])
        tokens.settle()
    assert old.read_bytes() == (retired("a", "token-a") + line("b", "token-b") + line("a", "newer"))


def test_a_device_that_gets_its_token_back_in_the_same_run_keeps_its_line(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.retire([A.client_id], run=RUN, at=DATE)
        tokens.promise([A])
        tokens.settle()
    assert old.read_bytes() == line("b", "token-b") + line("a", "token-a")


@pytest.mark.parametrize("settles_between", [True, False])
def test_of_two_tokens_that_one_run_retires_for_a_device_the_first_is_kept(
    old: Path, settles_between: bool
) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.retire([A.client_id], run=RUN, at=DATE)
        if settles_between:
            tokens.settle()
        tokens.promise([entry("a", "newer")])
        tokens.retire([A.client_id], run=RUN, at=DATE)
        assert tokens.retired(A.client_id, RUN) == A.token
        tokens.settle()
    assert old.read_bytes() == retired("a", "token-a") + line("b", "token-b")


def test_what_was_dropped_is_not_retired(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.drop([A.client_id])
        tokens.retire([A.client_id], run=RUN, at=DATE)
        tokens.settle()
    assert old.read_bytes() == line("b", "token-b")


def test_what_other_runs_retired_is_forgotten_at_settling_and_only_then(old: Path) -> None:
    lines = [retired("x", "tx", run=run) for run in (OLDER_RUN, OLD_RUN)]
    elsewhere = retired("x", "tz", run=OLDER_RUN, org="other")
    before = b"".join([*lines, line("a", "token-a"), elsewhere])
    write(old, before)
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.forget_retired([OLD_RUN])
        assert old.read_bytes() == before
        tokens.retire([A.client_id], run=RUN, at=DATE)
        tokens.settle()
    assert old.read_bytes() == lines[1] + retired("a", "token-a") + elsewhere


def test_without_a_word_about_runs_none_is_forgotten(old: Path) -> None:
    write(old, retired("x", "tx", run=OLDER_RUN))
    fault = Fault()
    with open_faulty(old, fault) as tokens:
        tokens.settle()
    assert fault.calls == []


def test_what_a_line_says_besides_stays_when_it_is_retired(old: Path) -> None:
    noted = line("a", "token-a").replace(b"}", b', "note": "\xc3\xa9"}')
    write(old, noted)
    retire(old, A.client_id)
    assert old.read_bytes() == render_retired(noted, A, Stamp(RUN, DATE))
    assert b'"note": "\xc3\xa9"' in old.read_bytes()


def test_dates_that_run_backwards_change_nothing(old: Path) -> None:
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.promise([entry("a", "newer")._replace(registered_at="1970-01-01T00:00:00Z")])
        tokens.retire([B.client_id], run=RUN, at="1970-01-01T00:00:00Z")
        tokens.settle()
        assert tokens.known(A.client_id) == Token("newer")
        assert tokens.retired(B.client_id, RUN) == B.token


def test_retired_tokens_of_a_file_of_nothing_else_are_readable(tmp_path: Path) -> None:
    path = write(tmp_path / "tokens.jsonl", b"rubbish\n" + retired("a", "token-a"))
    with TokenFile.open(path, org="abc123") as tokens:
        assert tokens.retired(A.client_id, RUN) == A.token
        assert len(tokens.damage) == 1


def test_retiring_many_takes_no_more_room_than_twice_the_new_content(tmp_path: Path) -> None:
    names = [f"d:abc123:pump:p-{number}" for number in range(5_000)]
    path = write(
        tmp_path / "tokens.jsonl", b"".join(line(f"p-{n}", "t" * 24) for n in range(5_000))
    )
    with open_faulty(path, fault := Fault()) as tokens:
        tokens.retire(names, run=RUN, at=DATE)
        tokens.settle()
    assert fault.largest <= 2 * path.stat().st_size + 1000
    assert path.read_bytes() == b"".join(retired(f"p-{n}", "t" * 24) for n in range(5_000))
