"""What a full disk, a broken one or a killed process does to the secrets file."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetsync.errors import SecretsError
from fleetsync.tokens import TokenFile, read_tokens
from fleetsync.tokens.line import Entry
from tests.tokens.faulty import Fault, Stopped
from tests.tokens.sample import DATE, RUN, entry, line, open_faulty, retired, write

A, B, C = entry("a", "token-a"), entry("b", "token-b"), entry("c", "token-c")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A secrets file with the tokens of a and b."""
    return write(tmp_path / "tokens.jsonl", line("a", "token-a") + line("b", "token-b"))


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)


def test_a_full_disk_fails_the_promise_and_leaves_the_file_as_it_was(old: Path) -> None:
    before = old.read_bytes()
    with TokenFile.open(old, org="abc123") as tokens:
        with (
            files_no_larger_than(len(before) + 50),
            pytest.raises(SecretsError) as caught,
        ):
            tokens.promise([C])
        assert str(caught.value) == (
            f"{old}: the tokens cannot be written down: no space is left for it; "
            "no token in it was lost; free some space or mend the disk, and run again"
        )
        assert old.read_bytes() == before
        assert tokens.known(C.client_id) is None
        tokens.promise([C])
    assert read_tokens(old) == {one.client_id: one for one in (A, B, C)}


def test_a_full_disk_fails_the_settling_and_leaves_the_file_as_it_was(old: Path) -> None:
    before = old.read_bytes()
    with TokenFile.open(old, org="abc123") as tokens:
        tokens.drop([A.client_id])
        with (
            files_no_larger_than(len(before) + 50),
            pytest.raises(SecretsError) as caught,
        ):
            tokens.settle()
        assert str(caught.value) == (
            f"{old}: the tokens of deleted devices cannot be taken out: no space is left for it; "
            "no token in it was lost; free some space or mend the disk, and run again"
        )
        assert old.read_bytes() == before
        tokens.settle()
    assert old.read_bytes() == line("b", "token-b")


def test_room_is_looked_for_before_it_is_needed_and_nothing_stays_of_the_look(old: Path) -> None:
    before = old.read_bytes()
    with TokenFile.open(old, org="abc123") as tokens:
        with files_no_larger_than(100_000), pytest.raises(SecretsError) as caught:
            tokens.check_room(500)
        assert str(caught.value) == (
            f"{old}: there is no room for the tokens of the new devices: no space is left for it; "
            "no token in it was lost; free some space or mend the disk, and run again"
        )
        assert old.read_bytes() == before
        tokens.check_room(10_000)
        tokens.check_room(0)
        assert old.read_bytes() == before


@pytest.mark.parametrize("cut", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("step", range(4))
def test_a_look_for_room_that_is_killed_at_any_step_loses_nothing(
    old: Path, step: int, cut: float
) -> None:
    fault = Fault(step=step, cut=cut)
    with open_faulty(old, fault) as tokens, pytest.raises(Stopped):
        tokens.check_room(50)
    assert fault.calls == ["write", "sync", "truncate", "sync"][: step + 1]
    with TokenFile.open(old, org="abc123") as tokens:
        assert tokens.damage == ()
        tokens.promise([C])
    assert read_tokens(old) == {one.client_id: one for one in (A, B, C)}


def no_space() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


CUTS = [0.0, 0.5, 1.0]
ERRORS = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS]


def refusing(number: int) -> Callable[[], OSError]:
    return lambda: OSError(number, os.strerror(number))


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("step", range(7))
def test_an_error_at_any_step_of_settling_loses_nothing_and_settling_again_mends_it(
    old: Path, step: int, cut: float
) -> None:
    fault = Fault(step=step, cut=cut, error=no_space)
    with open_faulty(old, fault) as tokens:
        tokens.drop([A.client_id])
        with pytest.raises(SecretsError, match="no space is left for it"):
            tokens.settle()
        assert tokens.known(B.client_id) == B.token
        tokens.settle()
    assert fault.calls.count("write") >= 3
    assert old.read_bytes() == line("b", "token-b")


def test_a_settling_takes_the_seven_steps_that_the_test_above_breaks(old: Path) -> None:
    fault = Fault()
    with open_faulty(old, fault) as tokens:
        tokens.drop([A.client_id])
        tokens.settle()
    steps = ["write", "write", "sync", "write", "sync", "truncate", "sync"]
    assert fault.calls == steps


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("step", range(9))
def test_an_error_at_any_step_of_retiring_loses_nothing_and_settling_again_mends_it(
    old: Path, step: int, cut: float
) -> None:
    fault = Fault(step=step, cut=cut, error=no_space)
    with open_faulty(old, fault) as tokens:
        tokens.retire([A.client_id], run=RUN, at=DATE)
        with pytest.raises(SecretsError, match="no space is left for it"):
            tokens.settle()
        assert tokens.known(B.client_id) == B.token
        assert tokens.retired(A.client_id, RUN) == A.token
        tokens.settle()
    assert old.read_bytes() == retired("a", "token-a") + line("b", "token-b")


def test_a_retiring_takes_the_nine_steps_that_the_test_above_breaks(old: Path) -> None:
    fault = Fault()
    with open_faulty(old, fault) as tokens:
        tokens.retire([A.client_id], run=RUN, at=DATE)
        tokens.settle()
    room = ["write", "write"]
    steps = [*room, "write", "write", "sync", "write", "sync", "truncate", "sync"]
    assert fault.calls == steps


@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("step", range(11))
def test_a_disk_that_dies_at_any_step_and_stays_dead_loses_nothing(
    old: Path, step: int, number: int
) -> None:
    """Also the clean-up fails then: the next run, on a sound disk, finds everything."""
    fault = Fault(step=step, cut=0.5, error=refusing(number), lasting=True)
    with open_faulty(old, fault) as tokens:
        with pytest.raises(SecretsError) as caught:
            promise_and_retire(tokens)
        assert "token-" not in str(caught.value)
        if step < 2:
            with pytest.raises(SecretsError):
                tokens.promise([C])
        with suppress(SecretsError):
            tokens.settle()
    found = read_tokens(old)
    assert found[B.client_id] == B
    with TokenFile.open(old, org="abc123") as tokens:
        assert A.token in (tokens.known(A.client_id), tokens.retired(A.client_id, RUN))
        assert tokens.known(C.client_id) in (None, C.token)
        promise_and_retire(tokens)
        assert tokens.damage == ()
    assert read_tokens(old) == {one.client_id: one for one in (B, C)}
    assert sorted(old.read_bytes().splitlines(keepends=True)) == sorted(
        [line("b", "token-b"), line("c", "token-c"), retired("a", "token-a")]
    )


def promise_and_retire(tokens: TokenFile) -> None:
    tokens.promise([C])
    tokens.retire([A.client_id], run=RUN, at=DATE)
    tokens.settle()


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("step", range(3))
def test_an_error_at_any_step_of_a_promise_adds_no_line_and_ends_no_token(
    old: Path, step: int, cut: float
) -> None:
    without_end = write(old, old.read_bytes().removesuffix(b"\n"))
    fault = Fault(step=step if step < 2 else 3, cut=cut, error=no_space)
    with open_faulty(without_end, fault) as tokens:
        with pytest.raises(SecretsError, match="no space is left for it"):
            tokens.promise([C])
        assert [tokens.known(one.client_id) for one in (A, B, C)] == [A.token, B.token, None]
        tokens.promise([C])
    assert read_tokens(old) == {one.client_id: one for one in (A, B, C)}


entries = st.lists(
    st.builds(entry, st.sampled_from("abcd"), st.text("xyz", min_size=1, max_size=3)), max_size=4
)


@settings(max_examples=60, deadline=None)
@given(st.lists(entries, max_size=3), entries, st.floats(0, 1))
def test_a_promise_that_is_killed_at_any_step_loses_no_older_one(
    tmp_path_factory: pytest.TempPathFactory,
    kept: list[list[Entry]],
    last: list[Entry],
    cut: float,
) -> None:
    path = tmp_path_factory.mktemp("fleet") / "tokens.jsonl"
    for step in range(100):
        write(path, b"")
        fault = Fault(short=50)
        tokens = open_faulty(path, fault)
        promised = {}
        for batch in kept:
            tokens.promise(batch)
            promised.update({one.client_id: one for one in batch})
        fault.step, fault.cut = len(fault.calls) + step, cut
        try:
            tokens.promise(last)
        except Stopped:
            assert_kept(path, promised, last)
        else:
            assert read_tokens_of_a_dead_process(path, tokens) == {
                **promised,
                **{one.client_id: one for one in last},
            }
            return
        finally:
            tokens.close()


def assert_kept(path: Path, promised: dict[str, Entry], last: list[Entry]) -> None:
    found = read_tokens(path)
    fresh = {one.client_id for one in last}
    old = {name: one for name, one in promised.items() if name not in fresh}
    assert {name: found.get(name) for name in old} == old
    assert all(one in last or one == promised.get(name) for name, one in found.items())
    assert promised.keys() <= found.keys()


def read_tokens_of_a_dead_process(path: Path, tokens: TokenFile) -> dict[str, Entry]:
    tokens.close()
    return dict(read_tokens(path))
